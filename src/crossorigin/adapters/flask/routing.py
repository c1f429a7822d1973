"""Selection of the policy that applies to a request of a Flask app, by Flask's own routing.

The policy nearest to the view applies; policies are never merged: that of the view (or of the method of a
`MethodView`), of its blueprint or a blueprint around it, of its path in `resources`, or of the app. A 404 or a 405 has
no view, so the policy of its path or of the app applies.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from crossorigin.adapters.flask.registry import REGISTRY
from crossorigin.adapters.wsgi.environ import REQUEST_METHOD, decode_path
from crossorigin.fetch.methods import STANDARD_METHODS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flask import Flask, Request

    from crossorigin.adapters.common.route_policies import AttachedPolicy, RoutePlans, Selection
    from crossorigin.adapters.common.text_plan import TextPlan
    from crossorigin.adapters.common.wsgi_types import Environ
    from crossorigin.adapters.flask.resources import Resources

# The part of a requested method that the router sees. Methods that a policy allows are shorter.
_LONGEST_METHOD = 4096


class FlaskRoutes:
    """The selector of one app."""

    __slots__ = ("_app", "_by_endpoint", "_current_request", "_plans", "_resources")
    is_known_ahead = False

    def __init__(self, app: Flask, plans: RoutePlans, resources: Resources) -> None:
        """Start without a look-up."""
        from flask import request

        proxy: Any = request
        # The object behind the proxy: each attribute of the proxy would look it up again.
        self._current_request: Callable[[], Request] = proxy._get_current_object  # noqa: SLF001
        self._app = app
        self._plans = plans
        self._resources = resources
        # Only the standard methods are kept, so the app bounds its size.
        self._by_endpoint: dict[tuple[str, str], Selection | None] = {}

    def has_policies(self) -> bool:
        """Return whether any view, blueprint or path has its own policy."""
        app = self._app
        owners = [*app.view_functions.values(), *app.blueprints.values()]
        return bool(self._resources) or any(map(_may_have_policy, owners))

    def forget(self) -> None:
        """Forget the policies of views, because views were added."""
        self._by_endpoint.clear()

    def ahead(self, environ: Environ) -> Selection:
        """Select for a request before Flask has routed it."""
        # Flask routes methods in upper case.
        method = environ["REQUEST_METHOD"].upper()
        path, endpoint = self._route(self._adapter(environ), environ, method)
        return self._select(endpoint, method, path)

    def preflight(self, environ: Environ) -> tuple[Selection, TextPlan]:
        """Select for a preflight, by the method that it requests."""
        adapter = self._adapter(environ)
        method = environ[REQUEST_METHOD][:_LONGEST_METHOD].upper()
        path, endpoint = self._route(adapter, environ, method)
        selection = self._select(endpoint, method, path)
        served: dict[str, Selection] = {}
        for name in () if adapter is None else adapter.allowed_methods(path):
            _, found = self._route(adapter, environ, name, path)
            served[name] = self._select(found, name, path)
        return selection, self._plans.plan_for_preflight(selection, served)

    def afterward(self, environ: Environ) -> Selection:
        """Select for a response when it starts. Flask's context is still active, so the request is routed already."""
        try:
            request = self._current_request()
        except RuntimeError:
            # A WSGI app around Flask's own answers by itself.
            return self.ahead(environ)
        rule = request.url_rule
        # A view may call another app, and a response without a rule is a 404, a 405 or a redirect.
        if rule is None or request.environ is not environ:
            return self.ahead(environ)
        return self._select(rule.endpoint, request.method, environ.get("PATH_INFO", ""), is_decoded=False)

    def _adapter(self, environ: Environ) -> Any | None:
        try:
            request = self._app.request_class(environ, populate_request=False, shallow=True)
            return self._app.create_url_adapter(request)
        except Exception:  # noqa: BLE001  # Flask answers a request for a wrong host; there is no route for it
            return None

    def _route(
        self, adapter: Any | None, environ: Environ, method: str, path: str | None = None
    ) -> tuple[str, str | None]:
        """Return the path of the route for a method, and its endpoint, or None if no route serves it."""
        found = _routed_path(environ.get("PATH_INFO", "")) if path is None else path
        if adapter is None:
            return found, None
        from werkzeug.routing import RequestRedirect

        try:
            return found, adapter.match(found, method)[0]
        except RequestRedirect as redirect:
            # The redirect to a path with a slash belongs to the route at that path.
            url = urlsplit(redirect.new_url)
            if url.netloc != adapter.get_host(None):
                return found, None
            target = _routed_path(unquote(url.path).removeprefix(adapter.script_name.rstrip("/")))
            return self._route(adapter, environ, method, target) if path is None else (target, None)
        except Exception:  # noqa: BLE001  # a 404, a 405, or a converter that fails: no endpoint serves it
            return found, None

    def _select(self, endpoint: str | None, method: str, path: str, *, is_decoded: bool = True) -> Selection:
        selection = None
        if endpoint is not None:
            key = endpoint, method
            try:
                selection = self._by_endpoint[key]
            except KeyError:
                attached = self._policy_of_endpoint(endpoint, method)
                selection = None if attached is None else self._plans.select(attached)
                # A rule may serve any method, and clients choose it.
                if method in STANDARD_METHODS:
                    self._by_endpoint[key] = selection
        if selection is not None:
            return selection
        if not self._resources:
            return self._plans.app
        return self._plans.select(self._resources.find(path if is_decoded else _routed_path(path)))

    def _policy_of_endpoint(self, endpoint: str, method: str) -> AttachedPolicy | None:
        view = self._app.view_functions.get(endpoint)
        attached = _policy_of_view(view, method)
        name = endpoint
        while attached is None and "." in name:
            name = name.rpartition(".")[0]
            attached = REGISTRY.policy_of(self._app.blueprints.get(name))
        return attached


def _policy_of_view(view: Any, method: str) -> AttachedPolicy | None:
    """Return the policy of the function that serves a method, or else of its view, or None."""
    view_class = getattr(view, "view_class", None)
    handler = getattr(view_class, method.lower(), None)
    if handler is None and method == "HEAD":
        handler = getattr(view_class, "get", None)
    return REGISTRY.policy_of(handler) or REGISTRY.policy_of(view) or REGISTRY.policy_of(view_class)


def _may_have_policy(owner: Any) -> bool:
    """Return whether a view or blueprint, or a method of a view, has a policy."""
    view_class = getattr(owner, "view_class", None)
    members = (
        [] if view_class is None else [getattr(view_class, name.lower(), None) for name in view_class.methods or ()]
    )
    return any(REGISTRY.policy_of(thing) is not None for thing in (owner, view_class, *members))


def _routed_path(text: str) -> str:
    """Return a path as Werkzeug routes it: decoded, with one leading slash."""
    return f"/{decode_path(text).lstrip('/')}"
