"""The WSGI middleware around a Flask app's `wsgi_app`, which knows the policies of the app's routes."""

from __future__ import annotations

from crossorigin.adapters.common.notices import log_notice
from crossorigin.adapters.common.route_policies import RoutePlans
from crossorigin.adapters.flask.decorator import views_without_their_policy
from crossorigin.adapters.flask.registry import owner_of
from crossorigin.adapters.flask.routing import FlaskRoutes
from crossorigin.adapters.wsgi.environ import ORIGIN
from crossorigin.adapters.wsgi.middleware import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from flask import Flask

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.text_headers import TextHeaders
    from crossorigin.adapters.common.wsgi_types import Environ, StartResponse, WSGIApp
    from crossorigin.adapters.flask.resources import Resources
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.policy.policy import Policy

_ASGI_ATTRIBUTE = "__crossorigin__"
_UNKNOWN = -1
# What the log says about the policy of the app, whose owner is empty, if only paths have policies.
_OUTSIDE = {"": "No path in resources matches, and CORS(...) allows no origin for other paths."}


def _has_paths_only(policy: Policy, options: MiddlewareOptions, resources: Resources) -> bool:
    allows_none = not policy.allow_origins and policy.allow_origin_regex is None
    return bool(resources) and allows_none and options.origins is None and options.live_policy is None


class FlaskLayer:
    """The middleware of one app. `routes` selects the policy of a request."""

    __slots__ = (
        "__weakref__",
        "_flask",
        "_layer",
        "_options",
        "_resources",
        "_scanned",
        "_serve",
        "_served_methods_only",
        "_views",
        "routes",
    )

    def __init__(
        self, app: Flask, policy: Policy, options: MiddlewareOptions, resources: Resources, names: Mapping[str, str]
    ) -> None:
        """Compile the policy. The routes are scanned when the first request arrives.

        `names` has the keys of the app's configuration by option, if the policy is written there.
        """
        self._flask = app
        self._options = options
        self._resources = resources
        self._layer = layer = Layer(
            app.wsgi_app,
            policy,
            options,
            names=names,
            by_owner=_OUTSIDE if _has_paths_only(policy, options, resources) else None,
        )
        self.routes = self._routes_of(layer)
        self._views = app.view_functions
        self._served_methods_only = options.served_methods_only
        # Flask refuses new routes after the first request, but views can be added to the dict.
        self._scanned = _UNKNOWN
        self._serve = layer.serve
        if options.live_policy is not None:
            options.live_policy.subscribe(self)

    def _routes_of(self, layer: Layer) -> FlaskRoutes:
        options = self._options
        plans = RoutePlans(
            layer.policy, layer.plan, debug=options.debug, served_methods_only=options.served_methods_only
        )
        return FlaskRoutes(self._flask, plans, self._resources)

    def prepare_policy(self, policy: Policy) -> Callable[[], None]:
        """Compile another policy, and return the function that starts to use it. `LivePolicy` calls it.

        Raises:
            InvalidPolicyError: The policy cannot be combined with the other arguments.
        """
        layer = self._layer.with_policy(policy)
        routes = self._routes_of(layer)
        self._select_by_route(layer, routes)

        def use() -> None:
            layer.describe_by_policy()
            self.routes, self._layer = routes, layer
            self._serve = layer.serve

        return use

    def _select_by_route(self, layer: Layer, routes: FlaskRoutes) -> None:
        if self._served_methods_only or routes.has_policies():
            layer.selector = routes
            layer.is_fast = False

    @property
    def app(self) -> WSGIApp:
        """The wrapped WSGI app."""
        return self._layer.app

    @property
    def policy(self) -> Policy:
        """The policy of the app."""
        return self._layer.policy

    @property
    def origins(self) -> LiveOrigins | None:
        """The live origins of the app, or None."""
        return self._options.origins

    def serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request. This method is the app's `wsgi_app`: calling an object costs more."""
        if len(self._views) != self._scanned:
            self._scan()
        return self._serve(environ, start_response)

    def decide_ahead(self, environ: Environ) -> TextHeaders:
        """Decide an actual request before Flask has routed it."""
        return self.routes.ahead(environ).plan.decide_actual(environ.get(ORIGIN))

    def _scan(self) -> None:
        """Find out whether the routes have policies, and wait for the live origins.

        Raises:
            RuntimeError: The live origins are not loaded, and nothing is served without them.
            TypeError: A view has a policy for Starlette, which would have no effect.
        """
        count = len(self._views)
        views = [*self._views.values()]
        for owner in views_without_their_policy(views):
            log_notice(
                f"{owner} is served without the policy that cross_origin(...) gave it. If cross_origin is above the "
                "decorator of the route, put it below, next to the function."
            )
        for view in views:
            foreign = getattr(view, _ASGI_ATTRIBUTE, None)
            if type(foreign).__module__.startswith("crossorigin."):
                raise TypeError(
                    f"cors(...) on {owner_of(view)} has no effect in Flask. Use @cross_origin(...) from "
                    "crossorigin.flask instead."
                )
        if self._options.origins is not None:
            from crossorigin.adapters.common.origin_start import start_origins

            start_origins(self._options.origins)
        self.routes.forget()
        self._select_by_route(self._layer, self.routes)
        self._scanned = count
