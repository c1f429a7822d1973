"""The middleware for Django, the decorator for views, the signal, and `explain`."""

from __future__ import annotations

from crossorigin.adapters.django.decorator import cors
from crossorigin.adapters.django.middleware import CORSMiddleware
from crossorigin.adapters.django.options import DEFAULT_HEADERS, DEFAULT_METHODS
from crossorigin.adapters.django.signals import check_request_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossorigin.policy.explain.explanation import Explanation

# The names are those of django-cors-headers.
default_headers = DEFAULT_HEADERS
"""The default of `CORS_ALLOW_HEADERS`, for a setting that adds to it."""
default_methods = DEFAULT_METHODS
"""The default of `CORS_ALLOW_METHODS`, for a setting that adds to it."""

__all__ = ["CORSMiddleware", "check_request_enabled", "cors", "default_headers", "default_methods", "explain"]


def explain(
    method: str, path: str, origin: str | None, request_headers: Iterable[str] = (), *, urlconf: str | None = None
) -> Explanation:
    """Explain the decision on a page's request, by the settings and the policy of the view that serves it.

    Args:
        method: The method that the page uses.
        path: The path of the URL, such as "/items/1".
        origin: The page's origin, or None for a request without an `Origin` header.
        request_headers: The names of the headers that the page sets.
        urlconf: The URLconf, if it is not that of the settings.

    Raises:
        InvalidPolicyError: A setting is invalid.

    No view is called, and the signal `check_request_enabled` is not sent. `Policy.explain` does the same for one
    policy, without looking up a view.
    """
    from crossorigin.adapters.django.handler import Handler
    from crossorigin.adapters.django.options import read_options
    from crossorigin.fetch.methods import normalize_method
    from crossorigin.policy.explain.explanation import explain as explain_by

    options = read_options()
    handler = Handler(options.policy, options.middleware, options.urls)
    view = handler.views.at_path(path, urlconf)
    selection, plan = handler.select_preflight(handler.select_default(path), view, normalize_method(method))
    return explain_by(selection.policy, plan.plan, method, origin, request_headers, route=selection.owner or None)
