"""A scan of one app's routes: whether any of them has a policy.

Most apps have no policies by route, and pay nothing for those of other apps in the process: their routes are walked
once after a policy was attached anywhere, and again when a list of routes has changed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.route_policy import (
    ATTACHED,
    PolicyCarrier,
    has_handlers,
    may_hold_endpoints,
    policy_of,
)
from crossorigin.adapters.starlette.routes import is_framework_route, router_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteScan:
    """What a walk through the routes of `root`, an app, found.

    `may_have_policies` is whether a route has a policy, or only routing can tell. `may_have_groups` is whether one may
    be attached to a router, a mount or an app around the endpoint. `hides_endpoints` is whether something serves that
    shows no routes: its endpoint is known only afterward, from the scope. `root_owner` names the app if a policy is
    attached to `root` itself, where it decides nothing.

    `watched` are the lists that may change, those of the routes that were walked and that of what was attached, and
    `seen` is what they held. While `watched == seen`, the scan is current. Lists are compared by identity first, in C:
    that is a small part of what routing a request through them costs.
    """

    root: object = None
    root_owner: str = ""
    may_have_policies: bool = False
    may_have_groups: bool = False
    hides_endpoints: bool = False
    watched: list[Any] = field(default_factory=lambda: ATTACHED.revision)
    seen: list[Any] = field(default_factory=list[object])


# A scan that is never current: the routes were not walked yet.
UNSCANNED = RouteScan(seen=[None])


def scan_routes(root: object) -> RouteScan:
    """Walk the routes of an app, if a policy was attached anywhere in the process."""
    revision = [*ATTACHED.revision]
    if not revision:
        return RouteScan(root=root, seen=revision)
    walk = _Walk()
    with suppress(Exception):
        walk.start(root)
        attached = policy_of(root)
        return RouteScan(
            root=root,
            root_owner="" if attached is None else attached.owner,
            may_have_policies=walk.has_policies,
            may_have_groups=walk.has_groups,
            hides_endpoints=walk.hides_endpoints,
            watched=[ATTACHED.revision, *walk.routes],
            seen=[revision, *map(list, walk.routes)],
        )
    # A route that somebody wrote may raise in any way. Only routing can tell then.
    return RouteScan(root=root, seen=revision, may_have_policies=True, may_have_groups=True)


class _Walk:
    """One walk, and what it has found so far."""

    def __init__(self) -> None:
        self.has_policies = False
        self.has_groups = False
        self.hides_endpoints = False
        self.routes: list[list[Any]] = []
        self._seen: set[int] = set()

    def start(self, root: object) -> None:
        """Walk the outermost app, whose own policy is that of its middleware."""
        self._walk_router(router_in(root))

    def _walk_router(self, router: Any | None) -> None:
        if router is None:
            self.hides_endpoints = True
        # An app may be mounted in itself.
        elif id(router) not in self._seen:
            self._seen.add(id(router))
            self.routes.append(router.routes)
            for route in router.routes:
                self._walk_route(route)

    def _walk_route(self, route: Any) -> None:
        self._look_at(route, *_carried_by(route))
        if not is_framework_route(route):
            # It may lead to an endpoint that only its `matches` knows.
            self.has_policies = self.has_groups = True
        elif hasattr(route, "original_router"):
            self._look_at(route.original_router)
            self._walk_router(route.original_router)
        elif hasattr(route, "routes"):
            # A layer may hide the app inside it, and the mount still show its routes.
            router = router_in(route.app) or (route if route.routes else None)
            self._look_at(router, *chain(route.app))
            self._walk_router(router)
        else:
            endpoint = getattr(route, "endpoint", None)
            self._look_at(endpoint)
            if has_handlers(endpoint):
                self._look_at(*(getattr(endpoint, name, None) for name in dir(endpoint)))

    def _look_at(self, *things: object) -> None:
        for thing in things:
            if isinstance(thing, PolicyCarrier) or policy_of(thing) is not None:
                self.has_policies = True
                self.has_groups = self.has_groups or may_hold_endpoints(thing)


def _carried_by(route: Any) -> Iterator[object]:
    return (dependency.dependency for dependency in getattr(route, "dependencies", ()))
