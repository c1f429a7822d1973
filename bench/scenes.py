"""Hold the apps whose routes have policies, and what is asked of them.

A policy that is attached changes the way of every request in the process, so each scene has a process of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.contenders import ours
from bench.traffic import ORIGIN, App, Headers, Receive, Scope, Send, from_origin, preflight, silent
from bench.worker import answer

_OPTIONS = {"allow_origins": [ORIGIN.decode()]}
_GET = from_origin(ORIGIN)
_PREFLIGHT = preflight(ORIGIN, b"content-type", b"GET")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold who is asked, and what; `allow_origin` is what must come back, if anything."""

    app: App
    method: str = "GET"
    headers: Headers
    allow_origin: bytes | None = None

    def check(self, scope: Scope) -> None:
        """Hold that it is what it is called: another answer was never measured."""
        messages = answer(self.app, scope)
        headers = dict(messages[0]["headers"]) if messages else {}
        if headers.get(b"access-control-allow-origin") != self.allow_origin:
            raise RuntimeError(f"{scope['method']} {scope['path']} is answered with {messages!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Hold what is built in one process, and which path is asked for how often."""

    name: str
    path: str
    requests: int
    build: Callable[[], dict[str, Asked]]


@dataclass(frozen=True, slots=True)
class Table:
    """Hold an app, and the routes that its requests are for."""

    app: Any
    routes: list[Any]


def path_of(index: int, item: str = "7") -> str:
    """Return a path of one route: they begin alike, as those of an API do."""
    return f"/api/resource-{index:04}/{item}"


def _endpoint(*, own: bool) -> Callable[..., Any]:
    from crossorigin.adapters.starlette.decorator import cors

    async def items(item: str) -> dict[str, str]:
        return {"item": item}

    return cors(allow_origins=["*"])(items) if own else items


def starlette(count: int, own: int | None) -> Table:
    """Return an app of Starlette's with as many routes, one of which has a policy of its own."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    app = Starlette(routes=[Route(path_of(i, "{item}"), _endpoint(own=i == own)) for i in range(count)])
    return Table(app, app.router.routes)


def fastapi(count: int, own: int | None) -> Table:
    """Return the same of FastAPI's, without the routes of its documents."""
    from fastapi import FastAPI

    app = FastAPI(openapi_url=None)
    for i in range(count):
        app.get(path_of(i, "{item}"))(_endpoint(own=i == own))
    return Table(app, app.router.routes)


def included(count: int, own: int | None, routers: int = 1, around: int | None = None) -> Table:
    """Return the same with its routes in included routers; `around` gives the router of one route a policy."""
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
    return Table(app, [route for part in parts for route in part.routes])


def _look_up(make: Callable[[int, int], Table], count: int, at: int) -> dict[str, Asked]:
    """Return what a preflight for one route is compared with: the framework's way to its endpoint, and no further."""
    from crossorigin.adapters.starlette.routes import find

    table = make(count, at)
    table.routes[at].handle = silent

    async def look_up(scope: Scope, _receive: Receive, _send: Send) -> None:
        found = find(table.app, scope)
        if found is None or not found.is_endpoint_policy:
            raise RuntimeError(f"{scope['path']} leads to {found}")

    return {
        "routing": Asked(app=table.app.router, headers=_GET),
        "look-up": Asked(app=look_up, headers=_GET),
        "preflight": Asked(app=ours(table.app, _OPTIONS), method="OPTIONS", headers=_PREFLIGHT, allow_origin=b"*"),
    }


def _answers(bare: Callable[[], Table], **apps: tuple[Callable[[], Table], bytes]) -> dict[str, Asked]:
    """Return what a whole request is compared with: the same without any CORS."""
    return {
        "bare": Asked(app=bare().app, headers=_GET),
        **{
            name: Asked(app=ours(make().app, _OPTIONS), headers=_GET, allow_origin=allowed)
            for name, (make, allowed) in apps.items()
        },
    }


_SIZES = {1: 200, 10: 200, 100: 50, 1000: 5}
_SHAPES: dict[str, Callable[[int, int], Table]] = {"starlette": starlette, "fastapi": fastapi}
_TABLES: list[tuple[str, Callable[[int, int], Table], int]] = [
    *((f"{shape}-{count}", make, count) for shape, make in _SHAPES.items() for count in _SIZES),
    ("included-100", included, 100),
    ("included-10x10", partial(included, routers=10), 100),
]
LOOK_UPS = [
    Scene(name=f"{name}-{place}", path=path_of(at), requests=_SIZES[count], build=partial(_look_up, make, count, at))
    for name, make, count in _TABLES
    for place, at in (("first", 0), ("last", count - 1))
    if place == "last" or count > 1
]

_COUNT = 100
_LAST = _COUNT - 1
_plain = partial(fastapi, _COUNT, None)
_parts = partial(included, _COUNT, None, routers=10)
_RESPONSES: dict[str, Callable[[], dict[str, Asked]]] = {
    "no-policy": partial(_answers, _plain, plain=(_plain, ORIGIN)),
    "endpoint": partial(
        _answers, _plain, own=(partial(fastapi, _COUNT, _LAST), b"*"), beside=(partial(fastapi, _COUNT, 0), ORIGIN)
    ),
    "router": partial(_answers, _parts, inside=(partial(_parts, around=_LAST), b"*")),
    "beside-router": partial(_answers, _parts, beside=(partial(_parts, around=0), ORIGIN)),
}
ANSWERS = [Scene(name=name, path=path_of(_LAST), requests=50, build=build) for name, build in _RESPONSES.items()]

SCENES = {scene.name: scene for scene in (*LOOK_UPS, *ANSWERS)}
