"""The memory for routes has the results of a look-up, and everything unusual is looked up."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute

from crossorigin.adapters.starlette import route_memory
from crossorigin.adapters.starlette.route_memory import RouteMemory, RouteTable
from crossorigin.adapters.starlette.route_state import RouteState
from tests.properties.route_tables import KEEPS_ROUTERS


def page(request: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("")


async def socket(websocket: Any) -> None:
    """Do nothing."""


def scope_of(path: str, **more: Any) -> dict[str, Any]:
    """Return a scope with a path."""
    return {"type": "http", "method": "GET", "path": path, "root_path": "", **more}


def fastapi_app(*parts: APIRouter) -> FastAPI:
    """Return an app with routers and without its own documentation."""
    app = FastAPI(openapi_url=None)
    for part in parts:
        app.include_router(part)
    return app


def test_the_routes_that_fit_are_found_in_order() -> None:
    """Routes of the app, of included routers and of routers in these have numbers in the order of the routing."""
    inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")
    inner.get("/{item}")(page)
    inner.add_route("/inner/starlette", page)
    outer.include_router(inner)
    outer.get("/x")(page)
    app = fastapi_app(outer)
    app.get("/outer/{rest:path}")(page)
    app.router.routes.append(WebSocketRoute("/outer/x", socket))
    table = RouteTable(app)
    assert table.fitting(scope_of("/outer/inner/7")) == (0, 3)
    # Releases of FastAPI that copy routes do not add the prefix of a router to its Starlette routes.
    assert table.fitting(scope_of("/outer/inner/starlette")) == ((0, 1, 3) if KEEPS_ROUTERS else (0, 3))
    assert table.fitting(scope_of("/outer/x")) == (2, 3)
    assert table.fitting(scope_of("/elsewhere")) is None


@pytest.mark.parametrize(
    ("root_path", "own", "is_found"), [("", "", True), ("/api", "", True), ("/a", "", False), ("", "/a", False)]
)
def test_a_root_path_at_the_start_of_the_path_is_looked_up(root_path: str, own: str, *, is_found: bool) -> None:
    """The router removes such a root path before it matches."""
    app = FastAPI(openapi_url=None)
    app.root_path = own
    app.get("/a")(page)
    fitting = RouteTable(app).fitting(scope_of("/a", root_path=root_path))
    assert (fitting is not None) == is_found


class OwnRoute(Route):
    """A route that could match in its own way."""


class Even(Convertor[int]):
    """A convertor of a user."""

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        """Return half of the number."""
        return int(value) // 2

    def to_string(self, value: int) -> str:
        """Return the number."""
        return str(2 * value)


register_url_convertor("even", Even())


@pytest.mark.parametrize(
    ("extra", "path"),
    [
        (OwnRoute("/other", page), "/a"),
        (Host("other.example", Router()), "/a"),
        (Mount("", routes=[Route("/", page)]), "/a"),
        (Route("/{number:even}", page), "/2"),
    ],
    ids=["own class", "host", "mount", "convertor"],
)
def test_anything_that_may_match_otherwise_is_looked_up(extra: Any, path: str) -> None:
    """The expression of such a route does not say which route serves a request."""
    usual = [Route("/a", page), Route("/2", page), WebSocketRoute("/a", socket)]
    assert RouteTable(Starlette(routes=usual)).fitting(scope_of(path)) is not None
    assert RouteTable(Starlette(routes=[*usual, extra])).fitting(scope_of(path)) is None


def test_a_mount_elsewhere_changes_nothing() -> None:
    """The router does not consider a mount whose path does not match."""
    table = RouteTable(Starlette(routes=[Mount("/files", routes=[Route("/", page)]), Route("/a", page)]))
    assert table.fitting(scope_of("/a")) == (0,)
    assert table.fitting(scope_of("/files/a")) is None


def test_a_replaced_matches_is_looked_up() -> None:
    """A route whose `matches` was replaced may match anything."""
    route = Route("/a", page)
    route.matches = route.matches  # type: ignore[method-assign]
    assert RouteTable(Starlette(routes=[route])).fitting(scope_of("/a")) is None


def test_a_router_that_raises_is_looked_up() -> None:
    """Any object with the right attributes may be in the list of routes."""
    route = Route("/a", page)
    del route.path_regex
    assert RouteTable(Starlette(routes=[route])).fitting(scope_of("/a")) is None
    assert RouteTable(page).fitting(scope_of("/a")) is None


def test_long_paths_and_other_methods_are_looked_up() -> None:
    """A long number makes a convertor raise, and a client could send any number of methods."""
    memory = RouteMemory(RouteState(Starlette(routes=[Route("/{number:int}", page)]), revision=[]))
    assert memory.key_of_fitting(scope_of("/1"), "GET") == ("GET", (0,))
    assert memory.key_of_fitting(scope_of("/1"), "BREW") is None
    assert memory.key_of_fitting(scope_of("/" + "1" * 5000), "GET") is None


def test_the_served_route_is_recognized_with_its_endpoint() -> None:
    """FastAPI names the route that has served a request. A value that a user wrote into the scope is ignored."""
    part = APIRouter()
    part.get("/a")(page)
    app = fastapi_app(part)
    app.get("/b")(page)
    memory = RouteMemory(RouteState(app, revision=[]))
    route = app.router.routes[-1]
    assert memory.key_of_served(scope_of("/b", route=route), page) == ("GET", 1)
    assert memory.key_of_served(scope_of("/b", route=route), socket) is None
    assert memory.key_of_served(scope_of("/b", route=part), page) is None
    assert memory.key_of_served(scope_of("/b", route=route, method="BREW"), page) is None
    assert memory.key_of_served(scope_of("/b", fastapi="mine"), page) is None


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is full, it is cleared."""
    monkeypatch.setattr(route_memory, "MAX_ENTRIES", 2)
    memory = RouteMemory(RouteState(page, revision=[]))
    for number in range(5):
        memory.keep(("GET", number), number)
        assert memory.get(("GET", number)) == number
    assert len(memory._known) <= 2
    memory.keep(None, 1)
    assert memory.get(None) is None


def test_class_endpoints_have_keys_by_method() -> None:
    """A class has one function for each method, so each method has an entry."""

    class Items(HTTPEndpoint):
        """Answer GET."""

        def get(self, request: Request) -> PlainTextResponse:
            """Answer."""
            return page(request)

    memory = RouteMemory(RouteState(Starlette(routes=[Route("/a", Items)]), revision=[]))
    assert memory.key_of_fitting(scope_of("/a"), "GET") != memory.key_of_fitting(scope_of("/a"), "PUT")
