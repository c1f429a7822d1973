"""What a path and a method lead to, found by the framework's own routing. No path is matched here.

How Starlette and FastAPI resolve an endpoint:

- A `Router` asks each of its `routes`, in order, `matches(scope)`, which answers with a match and what it adds to the
  scope. The first full match serves. Without one, the first partial match does (the path matches, the method does
  not), and answers 405. Without that, the path with a slash more or less is tried, and redirected to if it matches.
- A `Route` adds `endpoint`: the function or the class that was given. A `Mount` and a `Host` match everything below,
  and add `endpoint`, which is their `app`, and `root_path`; the router inside continues. What it does not find is not
  looked for elsewhere.
- FastAPI 0.115.7, the oldest supported release: `include_router` copies the routes into the outer router. Nothing is
  left of the included router but its dependencies, which each copy carries, the outermost router's first.
- FastAPI 0.165, the newest release: an included router is one route, `_IncludedRouter`. Its `matches` says whether
  something matches, and adds nothing; `_match` says what. It serves the original routes, and rebuilds Starlette's.
- During a request both set in the scope what `matches` added: `scope["endpoint"]`, also for a partial match; and where
  nothing below a mount is found, the mount's app.

A mount's `app` may have middleware around it, which holds the inner app in `.app`. Without that attribute, the mount's
own `routes` still show what is inside. FastAPI's app replaces the scope's `root_path` by its own, if it has one.
Frontends of FastAPI have no endpoint, and are not looked for.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass

from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.route_policy import (
    PolicyCarrier,
    RoutePolicy,
    endpoint_policy,
    handler_of,
    policy_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    # By the router and the path: the routes that may match the path, of those that were asked, and the others.
    MatchCache = dict[tuple[int, str | None, str], tuple[list[Any], Iterator[Any]]]

# Starlette's `Match`, by the names of its members.
_FULL = "FULL"
_NONE = "NONE"
_FRAMEWORKS = frozenset({"starlette.routing", "fastapi.routing"})
# What a router sets. It is removed before the router is asked again.
_ROUTED = ("endpoint", "fastapi", "path_params", "route", "router")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a path and a method lead to.

    `nearest` is the policy nearest to the endpoint, and `is_endpoint_policy` whether it is the endpoint's, or its
    route's. `has_endpoint` is whether there is an endpoint that takes the method, which is not so where a mount was
    found, and nothing in it.
    """

    endpoint: object
    nearest: RoutePolicy | None
    is_endpoint_policy: bool
    has_endpoint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """A route that matches in full, what it adds to the scope, the policies from the router to it, and its own."""

    route: Any
    added: dict[str, Any]
    policies: list[RoutePolicy | None]
    own: RoutePolicy | None


def find(app: object, scope: Mapping[str, Any], match_cache: MatchCache | None = None) -> Found | None:
    """Return what the path and the method of an ASGI scope lead to; None if that is nothing, or is not known.

    The scope is that of a request or of a WebSocket handshake as it came to `app`, which is not called. Look-ups of a
    scope that differ only in their method share one `match_cache`, empty at first: they walk the routes once.
    """
    fresh = dict(scope)
    for key in _ROUTED:
        fresh.pop(key, None)
    found = None
    # A user's convertor or route may raise anything. It will raise again when the router asks it.
    with suppress(Exception):
        for found in _descend(app, fresh, {} if match_cache is None else match_cache):  # noqa: B007  # the last one
            pass
    return found


def carry(router: Any, policy: RoutePolicy) -> None:
    """Add a router's policy to its routes, as a dependency that does nothing, where `include_router` copies them."""
    routing = sys.modules.get("fastapi.routing")
    if routing is None or hasattr(routing, "_IncludedRouter") or not isinstance(router, routing.APIRouter):
        return
    carrier = sys.modules["fastapi"].Depends(PolicyCarrier(policy))
    router.dependencies.insert(0, carrier)
    for route in router.routes:
        if hasattr(route, "dependencies"):
            route.dependencies.insert(0, carrier)


def _descend(
    app: object, came: Mapping[str, Any], match_cache: MatchCache, *, may_redirect: bool = True
) -> Iterator[Found]:
    """Yield what is found on the way, the mounts first: if something raises further in, that was found already."""
    scope = dict(came)
    policies: list[RoutePolicy | None] = []
    router = _enter(app, scope)
    while router is not None:
        matched, is_partial = _first(router, scope, match_cache)
        if matched is None:
            elsewhere = "" if is_partial or not may_redirect else _redirected(router, scope, match_cache)
            if elsewhere:
                # The page sends its request to the whole app again, which may have another route there.
                yield from _descend(app, {**came, "path": elsewhere}, match_cache, may_redirect=False)
            return
        route = matched.route
        policies += matched.policies
        scope.update(matched.added)
        endpoint = matched.added.get("endpoint", route)
        if not hasattr(route, "routes"):
            yield _found(policies, endpoint, matched.own, scope)
            return
        router = _enter(route.app, scope)
        policies += (matched.own, *map(policy_of, (*chain(route.app), router)))
        # A layer may hide the app inside it, and the mount still show its routes.
        router = router or (route if route.routes else None)
        # A mounted app without known routes serves everything itself.
        yield _found(policies, endpoint if router is None else None, None, scope)


def _found(
    policies: list[RoutePolicy | None],
    endpoint: object | None,
    of_route: RoutePolicy | None,
    scope: Mapping[str, Any],
) -> Found:
    method = scope.get("method", "GET")
    own = endpoint_policy(endpoint, method) or of_route
    nearest = next((policy for policy in (own, *reversed(policies)) if policy is not None), None)
    has_endpoint = handler_of(endpoint, method) is not None
    return Found(endpoint=endpoint, nearest=nearest, is_endpoint_policy=own is not None, has_endpoint=has_endpoint)


def router_in(app: object) -> Any | None:
    """Return the router in an app, inside the middleware around it; None if it shows no routes."""
    routers = (getattr(node, "router", node) for node in chain(app))
    return next((router for router in routers if _has_routes(router)), None)


def _enter(app: object, scope: dict[str, Any]) -> Any | None:
    """Return the router in an app, and change the scope as the app does before its router sees it."""
    for node in chain(app):
        router = getattr(node, "router", node)
        # FastAPI's own, whatever the server or a mount said.
        if router is not node and getattr(node, "root_path", None):
            scope["root_path"] = node.root_path
        if _has_routes(router):
            return router
    return None


def _has_routes(router: object) -> bool:
    return isinstance(getattr(router, "routes", None), list)


def _redirected(router: Any, scope: dict[str, Any], match_cache: MatchCache) -> str:
    """Return the path, with a slash more or less, that a router redirects to; empty if it does not."""
    if scope["type"] != "http" or not getattr(router, "redirect_slashes", False):
        return ""
    path = scope["path"]
    path = path.rstrip("/") if path.endswith("/") else f"{path}/"
    return path if path and any(_first(router, {**scope, "path": path}, match_cache)) else ""


def _first(router: Any, scope: dict[str, Any], match_cache: MatchCache) -> tuple[_Match | None, bool]:
    """Return the first full match, and whether there is a partial one."""
    key = (id(router), scope.get("root_path"), scope["path"])
    if key not in match_cache:
        match_cache[key] = [], iter(router.routes)
    is_partial = False
    for route, match, added in _possible_matches(*match_cache[key], scope):
        if match.name == _FULL:
            return _inside(route, dict(added), scope), False
        is_partial = is_partial or match.name != _NONE
    return None, is_partial


def _possible_matches(known: list[Any], rest: Iterator[Any], scope: dict[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the routes that may match the path, with their answers; those asked for the first time become known."""
    for route in known:
        yield route, *route.matches(scope)
    none = None
    plain: set[Any] = set()
    for route in rest:
        # Before it is asked, because it may raise, and must then raise for the next method too.
        known.append(route)
        match, added = route.matches(scope)
        # The name is read once: on Python 3.11 that costs a seventh of the match itself.
        if match is not none and match.name == _NONE:
            none = match
        # By its class, because asking each route made the look-up a quarter slower.
        if match is none and (type(route) in plain or _is_partial_for_methods(route, plain)):
            known.pop()
            continue
        yield route, match, added


def is_framework_route(route: Any) -> bool:
    """Return whether a route matches as the frameworks' own routes do, which show their endpoint."""
    return route.matches.__module__ in _FRAMEWORKS


def _is_partial_for_methods(route: Any, plain: set[Any]) -> bool:
    """Return whether "no match" for one method means that the path does not match, whatever the method.

    It does for the frameworks' own routes: where the path matches and the method does not, their match is partial.
    Other classes may do as they like, and a router that FastAPI included asks the routes in it. A class of which it is
    true is added to `plain`.
    """
    if not is_framework_route(route):
        return False
    inner = getattr(route, "original_router", None)
    if inner is None:
        plain.add(type(route))
        return True
    # By their classes, which are few: asking each route made the look-up of a preflight nearly a third slower.
    kinds: set[Any] = {type(inner), *map(type, inner.routes)}
    deeper = (other for other in inner.routes if type(other) is type(route))
    return all(map(is_framework_route, kinds)) and all(_is_partial_for_methods(other, plain) for other in deeper)


def _inside(route: Any, added: dict[str, Any], scope: dict[str, Any]) -> _Match:
    """Continue into the routers that FastAPI included. Only here are names that are private to it."""
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
    own = policy_of(route) or policy_of(original)
    return _Match(route=route, added=added, policies=policies, own=own)
