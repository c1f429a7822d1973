"""The WSGI middleware around a Flask app's `wsgi_app`, which knows the policies of the app's routes."""

from __future__ import annotations

from crossorigin.adapters.common.route_policies import RoutePlans
from crossorigin.adapters.flask.decorator import views_without_their_policy
from crossorigin.adapters.flask.registry import owner_of
from crossorigin.adapters.flask.routing import FlaskRoutes
from crossorigin.adapters.wsgi.environ import ORIGIN
from crossorigin.adapters.wsgi.middleware import Layer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.adapters.common.text_headers import TextHeaders
    from crossorigin.adapters.common.wsgi_types import Environ, StartResponse, WSGIApp
    from crossorigin.adapters.flask.resources import Resources
    from crossorigin.policy.policy import Policy

_ASGI_ATTRIBUTE = "__crossorigin__"
_UNKNOWN = -1


class FlaskLayer:
    """The middleware of one app. `routes` selects the policy of a request."""

    __slots__ = ("_layer", "_scanned", "_serve", "_served_methods_only", "_views", "routes")

    def __init__(self, app: Flask, policy: Policy, options: MiddlewareOptions, resources: Resources) -> None:
        """Compile the policy. The routes are scanned when the first request arrives."""
        self._layer = layer = Layer(app.wsgi_app, policy, options)
        plans = RoutePlans(policy, layer.plan, debug=options.debug, served_methods_only=options.served_methods_only)
        self.routes = FlaskRoutes(app, plans, resources)
        self._views = app.view_functions
        self._served_methods_only = options.served_methods_only
        # Flask refuses new routes after the first request, but views can be added to the dict.
        self._scanned = _UNKNOWN
        self._serve = layer.serve

    @property
    def app(self) -> WSGIApp:
        """The wrapped WSGI app."""
        return self._layer.app

    @property
    def policy(self) -> Policy:
        """The policy of the app."""
        return self._layer.policy

    def serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request. This method is the app's `wsgi_app`: calling an object costs more."""
        if len(self._views) != self._scanned:
            self._scan()
        return self._serve(environ, start_response)

    def decide_ahead(self, environ: Environ) -> TextHeaders:
        """Decide an actual request before Flask has routed it."""
        return self.routes.ahead(environ).plan.decide_actual(environ.get(ORIGIN))

    def _scan(self) -> None:
        """Find out whether the routes have policies.

        Raises:
            TypeError: A view has a policy for Starlette, which would have no effect.
        """
        count = len(self._views)
        views = [*self._views.values()]
        for owner in views_without_their_policy(views):
            _warn(
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
        self.routes.forget()
        layer = self._layer
        if self._served_methods_only or self.routes.has_policies():
            layer.selector = self.routes
            layer.is_fast = False
        self._scanned = count


def _warn(message: str) -> None:
    import contextlib
    import logging

    # A user's logging filter may raise, and that must not make the request fail.
    with contextlib.suppress(Exception):
        logging.getLogger("crossorigin").warning("%s", message)
