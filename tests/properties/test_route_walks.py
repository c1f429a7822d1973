"""A preflight looks up several methods in one walk of the routes."""

import functools
import random
from collections.abc import MutableMapping
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Host, Match, Mount, Route

from crossorigin import Policy
from crossorigin.adapters.starlette.routes import find
from crossorigin.fastapi import CORSMiddleware, cors
from tests.unit.adapters.asgi.scopes import ORIGIN

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "BREW")
PATHS = ("/", "/a", "/a/", "/a/b", "/a/b/", "/a/7", "/in/a", "/in/a/", "/in/b/7", "/nowhere")


class Counted(Route):
    """A route that counts its matches and records the methods."""

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, MutableMapping[str, Any]]:
        """Match as the framework does."""
        self.asked = [*getattr(self, "asked", ()), scope["method"]]
        return super().matches(scope)


# Its module shows whether a `matches` is the framework's, and this one has the same behavior.
Counted.matches.__module__ = Route.__module__


class OneMethod(BaseRoute):
    """A custom route that does not report a match of the path for other methods."""

    def __init__(self, path: str, endpoint: Any, methods: list[str]) -> None:
        self.inner = Route(path, endpoint, methods=methods)

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, MutableMapping[str, Any]]:
        """Match in full or not at all."""
        match, added = self.inner.matches(scope)
        return (match, added) if match is Match.FULL else (Match.NONE, {})


class Exact(APIRoute):
    """A route of FastAPI's class with the same behavior."""

    def matches(self, scope: MutableMapping[str, Any]) -> tuple[Match, MutableMapping[str, Any]]:
        """Match in full or not at all."""
        match, added = super().matches(scope)
        return (match, added) if match is Match.FULL else (Match.NONE, {})


def endpoint(policy: Any = ...) -> Any:
    """Return a new endpoint, with its own policy if one is given."""

    async def items(request: Any) -> PlainTextResponse:
        return PlainTextResponse("")

    return items if policy is ... else cors(policy)(items)


class Classy(HTTPEndpoint):
    """An endpoint that is a class."""

    async def get(self, _request: Any) -> PlainTextResponse:
        """Serve a GET."""
        return PlainTextResponse("")


def routes(draw: random.Random, depth: int = 0) -> list[BaseRoute]:
    """Return a random table, whose paths and methods overlap."""
    table: list[BaseRoute] = []
    for _ in range(draw.randint(1, 5)):
        path = draw.choice(["/a", "/a/", "/{x}", "/a/b", "/a/{x:int}", "/{x}/b", "/{x:path}"])
        made = endpoint(draw.choice([..., None]))
        methods = draw.sample(METHODS, draw.randint(1, 3))
        kind = draw.choice(["route", "route", "own", "class", "mount", "host"])
        if kind == "own":
            table.append(OneMethod(path, made, methods))
        elif kind == "class":
            table.append(Route(path, Classy))
        elif kind == "mount" and depth < 2:
            table.append(Mount(draw.choice(["", "/a", "/in", "/{y}"]), routes=routes(draw, depth + 1)))
        elif kind == "host" and depth < 2:
            table.append(Host("{any}", Starlette(routes=routes(draw, depth + 1))))
        else:
            table.append(Route(path, made, methods=methods))
    return table


def scope_of(path: str, method: str) -> dict[str, Any]:
    """Return the scope of a request to the app."""
    headers = [(b"host", b"api.example")]
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": headers}


@pytest.mark.parametrize("seed", range(150))
def test_looked_up_together_methods_lead_where_they_lead_apart(seed: int) -> None:
    """This holds for any table and any order of the methods, also with custom routes."""
    draw = random.Random(seed)  # The seed is test data, not a secret.
    app = Starlette(routes=routes(draw))
    if seed % 2:
        app = FastAPI(routes=routes(draw))
        router = APIRouter(routes=[route for route in routes(draw, 2) if isinstance(route, Route)])
        app.include_router(router, prefix="/in")
    for path in PATHS:
        fitting: dict[Any, Any] = {}
        for method in draw.sample(METHODS, len(METHODS)):
            scope = scope_of(path, method)
            assert find(app, scope, fitting) == find(app, scope), (path, method)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_an_included_router_is_asked_for_each_method_where_its_routes_may_do_as_they_like(depth: int) -> None:
    """This holds at any depth. A path with a match for another method is not a 404."""
    app, router = FastAPI(), APIRouter(route_class=Exact)
    router.delete("/items")(endpoint())
    for _ in range(depth):
        outer = APIRouter()
        outer.include_router(router)
        router = outer
    app.include_router(router)
    app.put("/items")(endpoint(Policy(allow_origins=["*"], allow_methods=["PUT", "DELETE"])))
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    answer = TestClient(CORSMiddleware(app)).options("/items", headers=asks)
    assert answer.headers["access-control-allow-methods"] == "PUT"
    assert answer.headers["access-control-max-age"] == "0"


def test_a_preflight_asks_a_route_that_does_not_fit_once() -> None:
    """A long table is walked once, however many methods the policy allows."""
    others = [Counted(f"/{i}", endpoint()) for i in range(3)]
    app = Starlette(routes=[*others, Route("/items", endpoint(Policy(allow_origins=["*"])))])
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    wrapped = CORSMiddleware(app, allow_methods=["*"])
    answer = TestClient(wrapped).options("/items", headers=asks)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert [route.asked for route in others] == [["GET"]] * 3


def test_a_preflight_asks_no_route_behind_the_one_that_serves_all_methods() -> None:
    """The walk never goes further than the look-up of each method."""
    last = Counted("/{x}", endpoint())
    app = Starlette(routes=[Route("/items", cors(allow_origins=["*"])(Classy)), last])
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    assert TestClient(CORSMiddleware(app)).options("/items", headers=asks).status_code == 200
    assert not hasattr(last, "asked")


def _counting(asked: list[str]) -> Any:
    """Return the framework's `matches` with a record of each call."""
    own = Route.matches

    @functools.wraps(own)
    def matches(self: Any, scope: MutableMapping[str, Any]) -> tuple[Match, MutableMapping[str, Any]]:
        asked.append(self.path)
        return own(self, scope)

    return matches


def test_a_preflight_asks_many_routes_of_one_path_no_more_than_the_router_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The routes of one path share a regular expression, so the first one shows whether it matches."""
    asked: list[str] = []
    monkeypatch.setattr(Route, "matches", _counting(asked))
    routes = [Route("/p", endpoint(), methods=[f"M{number}"]) for number in range(2000)]
    routes[1000] = Route("/p", endpoint(Policy(allow_origins=["*"])), methods=["PUT"])
    app = CORSMiddleware(Starlette(routes=[Route("/q", endpoint()), *routes]), allow_methods=["*"])
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    answer = TestClient(app).options("/p", headers=asks)
    assert answer.headers["access-control-allow-origin"] == "*"
    # At most two for each of the eight methods: one whose path matches, and the one that serves the method.
    assert len(asked) < 12
    asked.clear()
    assert TestClient(app).put("/p", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == "*"
    assert len(asked) < 1003


def test_a_look_up_goes_no_deeper_than_apps_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client can choose the depth of an app that is mounted in itself, so the work is bounded."""
    asked: list[str] = []
    own = Mount.matches

    def matches(self: Any, scope: MutableMapping[str, Any]) -> tuple[Match, MutableMapping[str, Any]]:
        asked.append(self.path)
        return own(self, scope)

    matches.__module__ = own.__module__
    monkeypatch.setattr(Mount, "matches", matches)
    app = Starlette(routes=[Route("/x", endpoint(Policy(allow_origins=["*"])))])
    app.router.routes.append(Mount("/v1", app))
    counts: list[int] = []
    for depth in (30, 31, 40, 4000):
        asked.clear()
        found = find(app, {"type": "http", "method": "GET", "path": "/v1" * depth + "/x", "root_path": ""})
        assert found is not None
        assert found.nearest is not None
        assert (found.nearest.policy == Policy()) == (depth > 31)
        counts.append(len(asked))
    assert counts == [30, 31, 32, 32]
