"""The benchmark cases with per-route policies: apps whose routes have policies, and the requests to them.

Each case runs in its own process because an attached policy affects every request in the process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.contenders import ours
from bench.traffic import ORIGIN, App, Headers, Receive, Scope, Send, from_origin, preflight, unused_app
from bench.worker import answer

_OPTIONS = {"allow_origins": [ORIGIN.decode()]}
_GET = from_origin(ORIGIN)
_PREFLIGHT = preflight(ORIGIN, b"content-type", b"GET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An app and a request to it; `allow_origin` is the expected Access-Control-Allow-Origin."""

    app: App
    method: str = "GET"
    headers: Headers
    allow_origin: bytes | None = None

    def check(self, scope: Scope) -> None:
        """Raise an error if the response differs from the expected one, so that no other behavior is measured."""
        messages = answer(self.app, scope)
        headers = dict(messages[0]["headers"]) if messages else {}
        if headers.get(b"access-control-allow-origin") != self.allow_origin:
            raise RuntimeError(f"Unexpected response to {scope['method']} {scope['path']}: {messages!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCase:
    """The targets of one process, the requested path, and the number of requests."""

    name: str
    path: str
    requests: int
    build: Callable[[], dict[str, Target]]


@dataclass(frozen=True, slots=True)
class RoutedApp:
    """An app and its routes."""

    app: Any
    routes: list[Any]


AppBuilder = Callable[[], RoutedApp]


def path_of(index: int, item: str = "7") -> str:
    """Return the path of one route; all paths have a common prefix, as in a real API."""
    return f"/api/resource-{index:04}/{item}"


def _endpoint(*, own: bool) -> Callable[..., Any]:
    from crossorigin.adapters.starlette.decorator import cors

    async def items(item: str) -> dict[str, str]:
        return {"item": item}

    return cors(allow_origins=["*"])(items) if own else items


def starlette(count: int, own: int | None) -> RoutedApp:
    """Return a Starlette app with `count` routes; the one with the index `own` has its own policy."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    app = Starlette(routes=[Route(path_of(i, "{item}"), _endpoint(own=i == own)) for i in range(count)])
    return RoutedApp(app, app.router.routes)


def fastapi(count: int, own: int | None) -> RoutedApp:
    """Return the same app for FastAPI, without the routes of its documentation."""
    from fastapi import FastAPI

    app = FastAPI(openapi_url=None)
    for i in range(count):
        app.get(path_of(i, "{item}"))(_endpoint(own=i == own))
    return RoutedApp(app, app.router.routes)


def included(count: int, own: int | None, routers: int = 1, around: int | None = None) -> RoutedApp:
    """Return the same FastAPI app with included routers; the router of the route `around` has a policy."""
    from fastapi import APIRouter, FastAPI

    from crossorigin.adapters.starlette.decorator import cors

    app = FastAPI(openapi_url=None)
    parts = [APIRouter(prefix="/api") for _ in range(routers)]
    for i in range(count):
        part = parts[i * routers // count]
        part.get(path_of(i, "{item}").removeprefix("/api"))(_endpoint(own=i == own))
        if i == around:
            cors(allow_origins=["*"])(part)
    for part in parts:
        app.include_router(part)
    return RoutedApp(app, [route for part in parts for route in part.routes])


def _look_up_targets(make: Callable[[int, int], RoutedApp], count: int, at: int) -> dict[str, Target]:
    """Return a preflight for one route, a look-up of its policy, and the framework's own routing to its endpoint."""
    from crossorigin.adapters.starlette.routes import find

    routed = make(count, at)
    routed.routes[at].handle = unused_app

    async def look_up(scope: Scope, _receive: Receive, _send: Send) -> None:
        found = find(routed.app, scope)
        if found is None or not found.is_endpoint_policy:
            raise RuntimeError(f"Unexpected route for {scope['path']}: {found}")

    return {
        "routing": Target(app=routed.app.router, headers=_GET),
        "look-up": Target(app=look_up, headers=_GET),
        "preflight": Target(app=ours(routed.app, _OPTIONS), method="OPTIONS", headers=_PREFLIGHT, allow_origin=b"*"),
    }


def _response_targets(
    bare: Callable[[], RoutedApp], **apps: tuple[Callable[[], RoutedApp], bytes]
) -> dict[str, Target]:
    """Return requests to apps with CORS, and the same request to an app without CORS for comparison."""
    return {
        "bare": Target(app=bare().app, headers=_GET),
        **{
            name: Target(app=ours(make().app, _OPTIONS), headers=_GET, allow_origin=allowed)
            for name, (make, allowed) in apps.items()
        },
    }


_SIZES = {1: 200, 10: 200, 100: 50, 1000: 5}
_SHAPES: dict[str, Callable[[int, int], RoutedApp]] = {"starlette": starlette, "fastapi": fastapi}
_ROUTED_APPS: list[tuple[str, Callable[[int, int], RoutedApp], int]] = [
    *((f"{shape}-{count}", make, count) for shape, make in _SHAPES.items() for count in _SIZES),
    ("included-100", included, 100),
    ("included-10x10", partial(included, routers=10), 100),
]
LOOK_UPS = [
    RouteCase(
        name=f"{name}-{place}",
        path=path_of(at),
        requests=_SIZES[count],
        build=partial(_look_up_targets, make, count, at),
    )
    for name, make, count in _ROUTED_APPS
    for place, at in (("first", 0), ("last", count - 1))
    if place == "last" or count > 1
]

_COUNT = 100
_LAST = _COUNT - 1
_plain = partial(fastapi, _COUNT, None)
_parts = partial(included, _COUNT, None, routers=10)
_RESPONSE_BUILDERS: dict[str, Callable[[], dict[str, Target]]] = {
    "no-policy": partial(_response_targets, _plain, plain=(_plain, ORIGIN)),
    # The keyword says where the policy is attached: to the requested endpoint or router, or to another one.
    "endpoint": partial(
        _response_targets,
        _plain,
        here=(partial(fastapi, _COUNT, _LAST), b"*"),
        elsewhere=(partial(fastapi, _COUNT, 0), ORIGIN),
    ),
    "router": partial(_response_targets, _parts, here=(partial(_parts, around=_LAST), b"*")),
    "other-router": partial(_response_targets, _parts, elsewhere=(partial(_parts, around=0), ORIGIN)),
}
RESPONSES = [
    RouteCase(name=name, path=path_of(_LAST), requests=50, build=build) for name, build in _RESPONSE_BUILDERS.items()
]

ROUTE_CASES = {case.name: case for case in (*LOOK_UPS, *RESPONSES)}
