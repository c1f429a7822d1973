"""The view that serves a request, by Django's own routing, and its policies."""

from __future__ import annotations

from django.conf import settings
from django.urls import Resolver404, resolve

from crossorigin.adapters.django.views import policies_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from django.http import HttpRequest

    from crossorigin.adapters.django.views import ViewPolicies

    View = Callable[..., Any]

# A project has fewer views. The limit is for those that create views while they serve requests.
_MAX_VIEWS = 4096


class ViewFinder:
    """The policies of the views of one project, read when a view is first needed.

    - `by_view`: the policies that were read, by the identity of the view, because a view need not be hashable.
    """

    __slots__ = ("by_view",)

    def __init__(self) -> None:
        """Start without a view."""
        self.by_view: dict[int, ViewPolicies] = {}

    def find(self, request: HttpRequest) -> ViewPolicies | None:
        """Return the policies of the view that served a request, or that would serve it, or None."""
        match = request.resolver_match
        # Nothing was routed for a 404, a redirect to a slash, or an answer of a middleware.
        return self.find_ahead(request) if match is None else self.of_view(match.func)

    def find_ahead(self, request: HttpRequest) -> ViewPolicies | None:
        """Return the policies of the view that would serve a request, or None."""
        return self.at_path(request.path_info, getattr(request, "urlconf", None))

    def at_path(self, path: str, urlconf: Any = None) -> ViewPolicies | None:
        """Return the policies of the view at a path, or None. `path` is below the prefix of the project."""
        view = _resolve(path, urlconf)
        if view is None and settings.APPEND_SLASH and not path.endswith("/"):
            # The redirect to a path with a slash belongs to the view at that path.
            view = _resolve(f"{path}/", urlconf)
        return None if view is None else self.of_view(view)

    def of_view(self, view: View) -> ViewPolicies:
        """Return the policies of a view."""
        known = self.by_view.get(id(view))
        if known is None:
            if len(self.by_view) >= _MAX_VIEWS:
                self.by_view.clear()
            known = self.by_view[id(view)] = policies_of(view)
        return known


def _resolve(path: str, urlconf: Any) -> View | None:
    try:
        return resolve(path, urlconf).func
    except Resolver404:
        return _resolve_in_language(path, urlconf) if settings.USE_I18N else None
    except Exception:  # noqa: BLE001  # a URLconf or a converter that fails: Django answers the request with 500
        return None


def _resolve_in_language(path: str, urlconf: Any) -> View | None:
    """Resolve a path below `i18n_patterns`, whose prefix matches only while its language is active."""
    from django.utils import translation

    language = translation.get_language_from_path(path)
    if language is None:
        return None
    with translation.override(language):
        try:
            return resolve(path, urlconf).func
        except Exception:  # noqa: BLE001  # a 404, or a URLconf that fails
            return None
