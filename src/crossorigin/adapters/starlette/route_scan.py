"""Scan of the routes of one app for policies.

Most apps have no per-route policies. Policies of other apps in the process cost them almost nothing: their routes are
scanned once after a policy was attached anywhere, and again after a list of routes has changed.
"""

from __future__ import annotations

from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.route_policy import (
    CONNECT_METHOD,
    PolicyCarrier,
    has_handlers,
    may_hold_endpoints,
    policy_of,
)
from crossorigin.adapters.starlette.route_state import REVISION, RouteState
from crossorigin.adapters.starlette.routes import is_framework_route, router_in
from crossorigin.policy.fields import allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def scan_routes(root: object) -> RouteState:
    """Scan the routes of an app."""
    revision = [*REVISION]
    walk = _Walk()
    try:
        walk.start(root)
        attached = policy_of(root)
        return RouteState(
            root,
            root_owner="" if attached is None else attached.owner,
            may_have_policies=walk.has_policies,
            may_have_groups=walk.has_groups,
            hides_endpoints=walk.hides_endpoints,
            methods=frozenset(walk.methods) if walk.is_complete else None,
            revision=revision,
            routers=walk.routers,
            seen=walk.seen,
        )
    except Exception:  # a user's own route class may raise anything, and then each request is looked up
        import logging

        logging.getLogger("crossorigin").debug("The routes of the app could not be scanned", exc_info=True)
        return RouteState(root, revision=revision, may_have_policies=True, may_have_groups=True)


class _Walk:
    """One walk through the routes, with its result so far."""

    def __init__(self) -> None:
        self.has_policies = False
        self.has_groups = False
        self.hides_endpoints = False
        self.is_complete = True
        self.methods: set[str] = set()
        self.routers: list[Any] = []
        self.seen: list[list[Any]] = []
        self._ids: set[int] = set()

    def start(self, root: object) -> None:
        """Walk the outermost app. A policy attached to this app itself is ignored, because its middleware has one."""
        self._walk_router(router_in(root))

    def _walk_router(self, router: Any | None) -> None:
        if router is None:
            self.hides_endpoints = True
        # An app may be mounted inside itself.
        elif id(router) not in self._ids:
            self._ids.add(id(router))
            # The list is copied first. A route that another thread adds during the walk then counts as a change.
            routes = [*router.routes]
            self.routers.append(router)
            self.seen.append(routes)
            for route in routes:
                self._walk_route(route)

    def _walk_route(self, route: Any) -> None:
        self._check(route, *_dependencies_of(route))
        if not is_framework_route(route):
            # Such a route may lead to an endpoint that only its `matches` knows.
            self.has_policies = self.has_groups = True
            self.is_complete = False
        elif hasattr(route, "original_router"):
            self._check(route.original_router)
            self._walk_router(route.original_router)
        elif hasattr(route, "routes"):
            # A layer may hide the app inside it, while the mount still shows the routes of that app.
            router = router_in(route.app) or (route if route.routes else None)
            self._check(router, *chain(route.app))
            if router is not None or not _serves_files(route.app):
                self._walk_router(router)
        else:
            endpoint = getattr(route, "endpoint", None)
            self._check(endpoint)
            if has_handlers(endpoint):
                self._check(*_members_of(endpoint))
            else:
                self._check(getattr(endpoint, CONNECT_METHOD, None))

    def _check(self, *things: object) -> None:
        for thing in things:
            attached = thing.policy if isinstance(thing, PolicyCarrier) else policy_of(thing)
            if attached is not None:
                self.has_policies = True
                self.methods.update(allowed_methods(attached.policy.allow_methods))
                self.has_groups = self.has_groups or may_hold_endpoints(thing)


def _members_of(endpoint: Any) -> Iterator[object]:
    """Yield the attributes that may handle a method. This is much cheaper than `dir`."""
    kind = endpoint if isinstance(endpoint, type) else type(endpoint)
    for owner in (*kind.__mro__, endpoint):
        yield from getattr(owner, "__dict__", {}).values()


def _serves_files(app: object) -> bool:
    """Return whether an app serves static files itself, as Starlette's does, so that it hides no endpoint."""
    return getattr(type(chain(app)[-1]).__call__, "__module__", None) == "starlette.staticfiles"


def _dependencies_of(route: Any) -> Iterator[object]:
    return (dependency.dependency for dependency in getattr(route, "dependencies", ()))
