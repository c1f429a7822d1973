"""Find what a path and a method lead to, by the framework's own routing; no path is matched here.

How Starlette and FastAPI resolve an endpoint:

- A `Router` asks each of its `routes`, in order, `matches(scope)`, which answers with a match and what it adds to the
  scope. The first full match serves. Without one the first partial match does (the path fits, the method does not),
  and answers 405. Without that, the path with a slash more or less is tried, and redirected to if anything matches.
- A `Route` adds `endpoint`: the function or the class that was given. A `Mount` and a `Host` match whatever lies
  below, add `endpoint`, which is their `app`, and `root_path`; and the router in there goes on. What that does not find
  is not looked for elsewhere.
- FastAPI 0.115.7, the oldest that is supported: `include_router` copies the routes into the router around. Of the
  included one nothing is left but its dependencies, which each copy carries, the outermost router's first.
- FastAPI 0.165, the newest: an included router is one route, `_IncludedRouter`. Its `matches` tells whether something
  matches, and adds nothing; `_match` tells what. It serves the original routes, and rebuilds those of Starlette.
- What both set in the scope of a request under way is what `matches` added: `scope["endpoint"]`, also for a partial
  match; and where nothing below a mount is found, the mount's app.

A mount's `app` may have middleware around it, which holds what it stands around in `.app`. Without that, the mount's
own `routes` still tell what is in there. FastAPI's app replaces the `root_path` of the scope by its own, if it has one.
Frontends of FastAPI have no endpoint, and are not looked for.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass

from crossorigin.adapters.starlette.middleware_stack import chain
from crossorigin.adapters.starlette.route_policy import Carrier, RoutePolicy, handler_of, own_policy, policy_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    # By the router and the path: the routes that the path may fit, of those that were asked, and the others.
    Fitting = dict[tuple[int, str | None, str], tuple[list[Any], Iterator[Any]]]

# Starlette's `Match`, by the names of its members.
_FULL = "FULL"
_NONE = "NONE"
_FRAMEWORKS = frozenset({"starlette.routing", "fastapi.routing"})
# What a router sets. Asked anew, it starts anew.
_ROUTED = ("endpoint", "fastapi", "path_params", "route", "router")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hold what a path and a method lead to.

    `nearest` is the policy that stands nearest to the endpoint, and `own` whether it is the endpoint's, or that of its
    route. `served` tells whether there is an endpoint, and it takes the method; not so where a mount was found, and
    nothing in it.
    """

    endpoint: object
    nearest: RoutePolicy | None
    own: bool
    served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """Hold a route that matches in full, what it adds to the scope, the policies from the router to it, and its own."""

    route: Any
    added: dict[str, Any]
    policies: list[RoutePolicy | None]
    own: RoutePolicy | None


def find(app: object, scope: Mapping[str, Any], fitting: Fitting | None = None) -> Found | None:
    """Return what the path and the method of an ASGI scope lead to; None if there is nothing, or nobody can tell.

    The scope is that of a request or of a WebSocket handshake as it came to `app`, which is not called. One `fitting`,
    empty at first, goes with all look-ups of a scope that differ in their method alone: they walk the routes once.
    """
    fresh = dict(scope)
    for key in _ROUTED:
        fresh.pop(key, None)
    found = None
    # A convertor or a route that somebody wrote may raise, in any way: it will again when the router asks.
    with suppress(Exception):
        for found in _descend(app, fresh, {} if fitting is None else fitting):  # noqa: B007  # the last one
            pass
    return found


def carry(router: Any, policy: RoutePolicy) -> None:
    """Let a router's policy go along where `include_router` copies its routes: by a dependency that does nothing."""
    routing = sys.modules.get("fastapi.routing")
    if routing is None or hasattr(routing, "_IncludedRouter") or not isinstance(router, routing.APIRouter):
        return
    carrier = sys.modules["fastapi"].Depends(Carrier(policy))
    router.dependencies.insert(0, carrier)
    for route in router.routes:
        if hasattr(route, "dependencies"):
            route.dependencies.insert(0, carrier)


def _descend(app: object, came: Mapping[str, Any], fitting: Fitting, *, may_redirect: bool = True) -> Iterator[Found]:
    """Yield what is found on the way, the mounts first: what raises further in leaves what was found before it."""
    scope = dict(came)
    policies: list[RoutePolicy | None] = []
    router = _enter(app, scope)
    while router is not None:
        matched, is_partial = _first(router, scope, fitting)
        if matched is None:
            elsewhere = "" if is_partial or not may_redirect else _redirected(router, scope, fitting)
            if elsewhere:
                # The page asks the whole app again, which may have another route there.
                yield from _descend(app, {**came, "path": elsewhere}, fitting, may_redirect=False)
            return
        route = matched.route
        policies += matched.policies
        scope.update(matched.added)
        endpoint = matched.added.get("endpoint", route)
        # What leads on has routes of its own.
        if not hasattr(route, "routes"):
            yield _found(policies, endpoint, matched.own, scope)
            return
        router = _enter(route.app, scope)
        policies += (matched.own, *map(policy_of, (*chain(route.app), router)))
        # Behind a layer that does not tell what it holds, the routes themselves are told of nevertheless.
        router = router or (route if route.routes else None)
        # What is mounted there without routes that are known serves all by itself.
        yield _found(policies, endpoint if router is None else None, None, scope)


def _found(
    policies: list[RoutePolicy | None],
    endpoint: object | None,
    of_route: RoutePolicy | None,
    scope: Mapping[str, Any],
) -> Found:
    method = scope.get("method", "GET")
    own = own_policy(endpoint, method) or of_route
    nearest = next((policy for policy in (own, *reversed(policies)) if policy is not None), None)
    served = handler_of(endpoint, method) is not None
    return Found(endpoint=endpoint, nearest=nearest, own=own is not None, served=served)


def _enter(app: object, scope: dict[str, Any]) -> Any | None:
    """Return the router in an app, and do to the scope what the app does on the way to it."""
    for node in chain(app):
        router = getattr(node, "router", node)
        # FastAPI's own, whatever the server or a mount said.
        if router is not node and getattr(node, "root_path", None):
            scope["root_path"] = node.root_path
        if isinstance(getattr(router, "routes", None), list):
            return router
    return None


def _redirected(router: Any, scope: dict[str, Any], fitting: Fitting) -> str:
    """Return the path, with a slash more or less, that a router redirects to; empty if it does not."""
    if scope["type"] != "http" or not getattr(router, "redirect_slashes", False):
        return ""
    path = scope["path"]
    path = path.rstrip("/") if path.endswith("/") else f"{path}/"
    return path if path and any(_first(router, {**scope, "path": path}, fitting)) else ""


def _first(router: Any, scope: dict[str, Any], fitting: Fitting) -> tuple[_Match | None, bool]:
    """Return the first full match, and whether there is a partial one."""
    key = (id(router), scope.get("root_path"), scope["path"])
    if key not in fitting:
        fitting[key] = [], iter(router.routes)
    is_partial = False
    for route, match, added in _fitting(*fitting[key], scope):
        if match.name == _FULL:
            return _inside(route, dict(added), scope), False
        is_partial = is_partial or match.name != _NONE
    return None, is_partial


def _fitting(known: list[Any], rest: Iterator[Any], scope: dict[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Go through the routes that the path may fit, with what they answer; those asked anew become known."""
    for route in known:
        yield route, *route.matches(scope)
    none = None
    plain: set[Any] = set()
    for route in rest:
        # Before it is asked, for it may raise, and must then raise for the next method too.
        known.append(route)
        match, added = route.matches(scope)
        # Asked for its name once: on Python 3.11 that costs a seventh of what the match did.
        if match is not none and match.name == _NONE:
            none = match
        # By its class, for to ask each route made the look-up a quarter slower.
        if match is none and (type(route) in plain or _is_partial_for_methods(route, plain)):
            known.pop()
            continue
        yield route, match, added


def _is_partial_for_methods(route: Any, plain: set[Any]) -> bool:
    """Tell whether a route that says no to one method has said that the path does not fit, and means all methods.

    The frameworks' own do: where the path fits and the method does not, their match is partial. Others may do as they
    like, and a router that FastAPI included asks those that are in it. A class that does goes into `plain`.
    """
    if route.matches.__module__ not in _FRAMEWORKS:
        return False
    inner = getattr(route, "original_router", None)
    if inner is None:
        plain.add(type(route))
        return True
    # By their classes, which are few: to ask each route made the look-up of a preflight nearly a third slower.
    kinds: set[Any] = {type(inner), *map(type, inner.routes)}
    deeper = (other for other in inner.routes if type(other) is type(route))
    return all(kind.matches.__module__ in _FRAMEWORKS for kind in kinds) and all(
        _is_partial_for_methods(other, plain) for other in deeper
    )


def _inside(route: Any, added: dict[str, Any], scope: dict[str, Any]) -> _Match:
    """Go on into the routers that FastAPI included: here alone are names that are private to it."""
    policies: list[RoutePolicy | None] = []
    original = None
    while hasattr(route, "original_router"):
        policies.append(policy_of(route.original_router))
        _, inner, route, context = route._match(scope)  # noqa: SLF001  # as said
        added |= inner
        if context is not None:
            original = context.original_route
    dependencies = (dependency.dependency for dependency in getattr(route, "dependencies", ()))
    policies += [carrier.policy for carrier in dependencies if isinstance(carrier, Carrier)]
    own = policy_of(route) or policy_of(original)
    return _Match(route=route, added=added, policies=policies, own=own)
