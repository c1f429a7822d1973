"""Look-up of the endpoint for a path and a method by the framework's own routing. This module matches no paths itself.

How Starlette and FastAPI resolve an endpoint:

- A `Router` calls `matches(scope)` of each of its `routes`, in order. It returns a match and the values to add to the
  scope. The first full match serves the request. If there is none, the first partial match (the path matches, the
  method does not) answers 405. If there is none either, the router tries the path with one slash more or less, and
  redirects if that matches.
- A `Route` adds `endpoint`, its function or class. A `Mount` and a `Host` match everything below them, and add
  `root_path` and their `app` as `endpoint`. The router inside continues. If it finds nothing, the routes outside are
  not tried.
- FastAPI 0.115.7, the oldest supported release: `include_router` copies the routes into the outer router. Only the
  dependencies of the included router remain. Each copy has them, those of the outermost router first.
- FastAPI 0.165, the newest release: an included router is one route, `_IncludedRouter`. Its `matches` returns whether
  something matches and adds nothing. Its `_match` returns what matches. It serves the original routes of FastAPI, and
  rebuilds those of Starlette.
- During a request, both frameworks write what `matches` adds into the scope. `scope["endpoint"]` is therefore set for a
  partial match too, and it is the app of a mount if nothing is found below that mount.

The `app` of a mount may be wrapped in middleware, which has the inner app in `.app`. If it lacks this attribute, the
`routes` of the mount still show the inner routes. A FastAPI app that has its own `root_path` writes it into the
scope. FastAPI frontends have no endpoint, so they are not looked up.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.route_policy import (
    CONNECT_METHOD,
    PolicyCarrier,
    RoutePolicy,
    endpoint_policy,
    handler_of,
    policy_of,
)
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    # For a router and a path: the walk through its routes.
    MatchCache = dict[tuple[int, str | None, str], "_Walk"]

# Starlette's `Match`, by the names of its members.
_FULL = "FULL"
_NONE = "NONE"
_FRAMEWORKS = frozenset({"starlette.routing", "fastapi.routing"})
# The methods of routes that match by a regular expression for the path and a set of methods.
_PLAIN = frozenset({"Route.matches", "APIRoute.matches"})
# More mounts inside each other than apps have. Only an app that is mounted in itself lets a client choose the depth.
# The look-up must not cost much more than the routing of such a request.
_MAX_MOUNTS = 32
# The keys that a router sets in a scope. They are removed before the router is asked again.
_ROUTED = ("endpoint", "fastapi", "path_params", "route", "router")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a look-up by path and method.

    `nearest` is the policy nearest to the endpoint. `is_endpoint_policy` is whether it is attached to the endpoint or
    its route. `has_endpoint` is whether there is an endpoint that accepts the method. It is False if a mount matches
    and nothing inside it does.
    """

    endpoint: object
    nearest: RoutePolicy | None
    is_endpoint_policy: bool
    has_endpoint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """A route that matches in full, the values it adds to the scope, its policy, and the policies around it."""

    route: Any
    added: dict[str, Any]
    policies: list[RoutePolicy | None]
    route_policy: RoutePolicy | None


def find(app: object, scope: Mapping[str, Any], match_cache: MatchCache | None = None) -> Found | None:
    """Return what the app's routing finds for the path and method of an ASGI scope, or None if it finds nothing.

    The scope is that of a request or a WebSocket handshake as it arrived at `app`, which is not called. Look-ups of one
    path with different methods can share a `match_cache`, which is empty at first, so that the routes are walked once.
    """
    fresh = dict(scope)
    for key in _ROUTED:
        fresh.pop(key, None)
    found = None
    # A user's convertor or route may raise anything. The exception is ignored, because it will be raised again when
    # the router asks the route.
    with suppress(Exception):
        for found in _descend(app, fresh, {} if match_cache is None else match_cache):  # noqa: B007  # the last one
            pass
    return found


def add_policy_to_routes(router: Any, policy: RoutePolicy) -> None:
    """Add a router's policy to its routes as a dependency that does nothing, if `include_router` copies the routes."""
    routing = sys.modules.get("fastapi.routing")
    if routing is None or hasattr(routing, "_IncludedRouter") or not isinstance(router, routing.APIRouter):
        return
    carrier = sys.modules["fastapi"].Depends(PolicyCarrier(policy))
    router.dependencies.insert(0, carrier)
    for route in router.routes:
        if hasattr(route, "dependencies"):
            route.dependencies.insert(0, carrier)


def _descend(
    app: object, arrived: Mapping[str, Any], match_cache: MatchCache, *, may_redirect: bool = True
) -> Iterator[Found]:
    """Yield each mount and then the endpoint, so that the mounts are known even if something further in raises."""
    scope = dict(arrived)
    policies: list[RoutePolicy | None] = []
    router = _enter(app, scope)
    for _ in range(_MAX_MOUNTS):
        if router is None:
            return
        matched, is_partial = _first(router, scope, match_cache)
        if matched is None:
            elsewhere = "" if is_partial or not may_redirect else _redirected(router, scope, match_cache)
            if elsewhere:
                # The browser sends the request to the whole app again, which may have another route at that path.
                yield from _descend(app, {**arrived, "path": elsewhere}, match_cache, may_redirect=False)
            return
        route = matched.route
        policies += matched.policies
        scope.update(matched.added)
        endpoint = matched.added.get("endpoint", route)
        if not hasattr(route, "routes"):
            yield _found(policies, endpoint, matched.route_policy, scope)
            return
        router = _enter(route.app, scope)
        policies += (matched.route_policy, *map(policy_of, (*chain(route.app), router)))
        # A layer may hide the app inside it, while the mount still shows the routes of that app.
        router = router or (route if route.routes else None)
        # A mounted app without known routes serves everything itself.
        yield _found(policies, endpoint if router is None else None, None, scope)
    # The policy further in is unknown, and may allow fewer origins than all those around it.
    yield Found(endpoint=None, nearest=_policy_of_the_deepest(), is_endpoint_policy=False, has_endpoint=False)


@cache
def _policy_of_the_deepest() -> RoutePolicy:
    """Return the policy for requests that go through too many mounts. It allows no origin."""
    return RoutePolicy(Policy(), f"a path through more than {_MAX_MOUNTS} mounts")


def _found(
    policies: list[RoutePolicy | None],
    endpoint: object | None,
    of_route: RoutePolicy | None,
    scope: Mapping[str, Any],
) -> Found:
    method = scope.get("method", "GET")
    connects = getattr(endpoint, CONNECT_METHOD, None) if scope["type"] == "websocket" else None
    innermost = policy_of(connects) or endpoint_policy(endpoint, method) or of_route
    nearest = next((policy for policy in (innermost, *reversed(policies)) if policy is not None), None)
    has_endpoint = handler_of(endpoint, method) is not None
    return Found(
        endpoint=endpoint, nearest=nearest, is_endpoint_policy=innermost is not None, has_endpoint=has_endpoint
    )


def router_in(app: object) -> Any | None:
    """Return the router in an app, which may be wrapped in middleware, or None if no routes are visible."""
    routers = (getattr(node, "router", node) for node in chain(app))
    return next((router for router in routers if _has_routes(router)), None)


def _enter(app: object, scope: dict[str, Any]) -> Any | None:
    """Return the router in an app, and change the scope as the app does before it calls its router."""
    for node in chain(app):
        router = getattr(node, "router", node)
        # A FastAPI app uses its own `root_path` instead of the one from the server or a mount.
        if router is not node and getattr(node, "root_path", None):
            scope["root_path"] = node.root_path
        if _has_routes(router):
            return router
    return None


def _has_routes(router: object) -> bool:
    return isinstance(getattr(router, "routes", None), list)


def _redirected(router: Any, scope: dict[str, Any], match_cache: MatchCache) -> str:
    """Return the path, with one slash more or less, that a router redirects to, or "" if it does not redirect."""
    if scope["type"] != "http" or not getattr(router, "redirect_slashes", False):
        return ""
    path = scope["path"]
    path = path.rstrip("/") if path.endswith("/") else f"{path}/"
    return path if path and any(_first(router, {**scope, "path": path}, match_cache)) else ""


def _first(router: Any, scope: dict[str, Any], match_cache: MatchCache) -> tuple[_Match | None, bool]:
    """Return the first full match, and whether there is a partial one."""
    key = (id(router), scope.get("root_path"), scope["path"])
    if key not in match_cache:
        match_cache[key] = _Walk(router.routes)
    walk = match_cache[key]
    method = scope.get("method")
    is_partial = False
    for route, methods in walk.known:
        if methods and method not in methods:
            is_partial = True
            continue
        match, added = route.matches(scope)
        if match.name == _FULL:
            return _inside(route, dict(added), scope), False
        is_partial = is_partial or match.name != _NONE
    for route, match, added in walk.ask_rest(scope):
        if match is None:
            is_partial = True
        elif match.name == _FULL:
            return _inside(route, dict(added), scope), False
        else:
            is_partial = is_partial or match.name != _NONE
    return None, is_partial


class _Walk:
    """One walk through the routes of a router for one path, shared by look-ups with different methods.

    - `known`: the routes asked so far that may match the path. Each has the methods that alone decide whether it
      matches in full, or None if it must be asked.
    """

    __slots__ = ("_fits", "_plain", "_rest", "known")

    def __init__(self, routes: list[Any]) -> None:
        """Start before the first route."""
        self.known: list[tuple[Any, Any]] = []
        self._rest = iter(routes)
        # By the identity of a regular expression: whether it matches the path. Routes of one path share theirs.
        self._fits: dict[int, bool] = {}
        # By class: whether its routes decide by the regular expression and the methods alone. The classes are
        # remembered, because checking each route made the look-up a quarter slower.
        self._plain: dict[type[Any], bool] = {}

    def ask_rest(self, scope: dict[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
        """Yield the routes that were not asked before and may match, with their results, or None for "partial"."""
        known, fits, plain, method = self.known, self._fits, self._plain, scope.get("method")
        none = None
        for route in self._rest:
            kind = route.__class__
            is_plain = plain.get(kind)
            if is_plain is None:
                is_plain = plain[kind] = kind.matches.__qualname__ in _PLAIN and is_framework_route(route)
            methods, fit = None, None
            if is_plain:
                methods, fit = route.methods, fits.get(id(route.path_regex))
                if fit is False:
                    continue
                if fit and methods and method not in methods:
                    known.append((route, methods))
                    yield route, None, None
                    continue
            # The route is added before it is asked, because it may raise, and must then raise for the next method too.
            known.append((route, None))
            match, added = route.matches(scope)
            # The name is read only once, because on Python 3.11 reading it costs a seventh of the match itself.
            is_none = match is none or match.name == _NONE
            if is_none:
                none = match
            if is_plain:
                fits[id(route.path_regex)] = not is_none
                known[-1] = (route, methods)
            if is_none and (is_plain or _is_partial_for_methods(route)):
                known.pop()
                continue
            yield route, match, added


def is_framework_route(route: Any) -> bool:
    """Return whether a route uses the `matches` of the frameworks' own routes, which have a visible endpoint."""
    return route.matches.__module__ in _FRAMEWORKS


def _is_partial_for_methods(route: Any) -> bool:
    """Return whether "no match" for one method means that no method matches, because the path does not.

    This is true for the frameworks' own routes: if only the method differs, their match is partial. Other classes may
    behave differently. An included router of FastAPI asks the routes in it, so these are checked.
    """
    if not is_framework_route(route):
        return False
    inner = getattr(route, "original_router", None)
    if inner is None:
        return True
    # The classes are checked, because there are few: checking each route made the look-up of a preflight nearly a third
    # slower.
    kinds: set[Any] = {type(inner), *map(type, inner.routes)}
    deeper = (other for other in inner.routes if type(other) is type(route))
    return all(map(is_framework_route, kinds)) and all(map(_is_partial_for_methods, deeper))


def _inside(route: Any, added: dict[str, Any], scope: dict[str, Any]) -> _Match:
    """Continue into included routers of FastAPI. Only this function uses names that are private to FastAPI."""
    policies: list[RoutePolicy | None] = []
    original = None
    while hasattr(route, "original_router"):
        policies.append(policy_of(route.original_router))
        _, inner, route, context = route._match(scope)  # noqa: SLF001  # the one way to learn what an included router matches
        added |= inner
        if context is not None:
            original = context.original_route
    dependencies = (dependency.dependency for dependency in getattr(route, "dependencies", ()))
    policies += [carrier.policy for carrier in dependencies if isinstance(carrier, PolicyCarrier)]
    route_policy = policy_of(route) or policy_of(original)
    return _Match(route=route, added=added, policies=policies, route_policy=route_policy)
