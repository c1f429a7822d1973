"""The page on aiohttp-cors: each difference is shown on both packages."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp_cors
import pytest
from aiohttp import ClientResponse, ServerDisconnectedError, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from crossorigin import InvalidPolicyError
from crossorigin.aiohttp import setup
from tests.meta.docs.documents import ROOT, rows_of
from tests.unit.adapters.aiohttp.test_setup import websocket

PAGE_PATH = ROOT / "docs" / "migrate-from-aiohttp-cors.md"
PAGE, OTHER = "https://app.example.com", "https://other.example"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
DIFFERENCES: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {}
Show = Callable[[], Coroutine[Any, Any, None]]


def difference(row: str) -> Callable[[Show], Show]:
    """Register the function that shows a row."""

    def add(show: Show) -> Show:
        DIFFERENCES[row] = show
        return show

    return add


async def ok(request: web.Request) -> web.StreamResponse:
    """Answer any request."""
    return web.Response(text="ok")


async def own(request: web.Request) -> web.StreamResponse:
    """Answer with the route's own CORS header."""
    return web.Response(headers={ALLOW_ORIGIN: "*"})


def theirs(
    origin: str = PAGE, *, handler: Any = ok, method: str = "GET", middlewares: Any = (), **options: Any
) -> web.Application:
    """Return an app with aiohttp-cors."""
    app = web.Application(middlewares=middlewares)
    cors = aiohttp_cors.setup(app, defaults={origin: aiohttp_cors.ResourceOptions(**options)})
    cors.add(app.router.add_route(method, "/", handler))
    app.router.add_get("/other", ok)
    return app


def ours(
    origin: str = PAGE, *, handler: Any = ok, method: str = "GET", middlewares: Any = (), **options: Any
) -> web.Application:
    """Return the same app with `setup`."""
    app = web.Application(middlewares=middlewares)
    app.router.add_route(method, "/", handler)
    app.router.add_get("/other", ok)
    setup(app, allow_origins=[origin], **options)
    return app


async def ask(app: web.Application, path: str = "/", origin: str = PAGE, method: str = "GET") -> ClientResponse:
    """Send a request of a page."""
    async with TestClient(TestServer(app)) as client, client.request(method, path, headers={"Origin": origin}) as found:
        await found.read()
        return found


async def preflight(app: web.Application, path: str = "/", origin: str = PAGE, method: str = "GET") -> ClientResponse:
    """Send a preflight of a page."""
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    async with TestClient(TestServer(app)) as client, client.options(path, headers=headers) as found:
        await found.read()
        return found


def allowed(response: ClientResponse) -> str | None:
    """Return the origin that a response allows."""
    return response.headers.get(ALLOW_ORIGIN)


@difference("An error in an origin")
async def _() -> None:
    assert allowed(await ask(theirs(f"{PAGE}/"))) is None
    with pytest.raises(InvalidPolicyError):
        ours(f"{PAGE}/")


@difference('"*" with credentials')
async def _() -> None:
    response = await ask(theirs("*", allow_credentials=True), origin=OTHER)
    assert (allowed(response), response.headers["Access-Control-Allow-Credentials"]) == (OTHER, "true")
    with pytest.raises(InvalidPolicyError, match="wildcard-with-credentials"):
        ours("*", allow_credentials=True)


@difference('"*" without credentials')
async def _() -> None:
    assert [allowed(await ask(app("*"), origin=OTHER)) for app in (theirs, ours)] == [OTHER, "*"]


@difference("A 404, and a 405")
async def _() -> None:
    for path, method in (("/none", "GET"), ("/", "POST")):
        assert [allowed(await ask(app(), path, method=method)) for app in (theirs, ours)] == [None, PAGE]


@difference("A route without cors.add")
async def _() -> None:
    assert [allowed(await ask(app(), "/other")) for app in (theirs, ours)] == [None, PAGE]


class View(web.View):
    """A view of the framework."""

    async def get(self) -> web.StreamResponse:
        return web.Response(text="view")


@difference("A web.View without CorsViewMixin")
async def _() -> None:
    with pytest.raises(ValueError, match="CorsViewMixin"):
        theirs(handler=View, method="*")
    assert allowed(await ask(ours(handler=View, method="*"))) == PAGE


@difference("A handler's own Access-Control-Allow-Origin")
async def _() -> None:
    with pytest.raises(ServerDisconnectedError):
        await ask(theirs(handler=own))
    assert [allowed(await ask(ours(handler=own), origin=origin)) for origin in (PAGE, OTHER)] == [PAGE, None]


@difference("A response to an allowed origin")
async def _() -> None:
    assert [(await ask(app())).headers.get("Vary") for app in (theirs, ours)] == [None, "Origin"]


@difference("A refused request")
async def _() -> None:
    logged: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = logged.append  # type: ignore[method-assign]
    logger = logging.getLogger("crossorigin")
    logger.addHandler(handler)
    for app, count in ((theirs(), 0), (ours(), 1)):
        await ask(app, origin=OTHER)
        assert len(logged) == count
    logger.removeHandler(handler)


@difference("A refused preflight")
async def _() -> None:
    found = [await preflight(app(), origin=OTHER) for app in (theirs, ours)]
    assert [response.status for response in found] == [403, 400]
    assert await found[1].text() == "Disallowed CORS origin"


@web.middleware
async def authenticate(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse everything."""
    raise web.HTTPUnauthorized


@difference("A preflight before authentication in a middleware")
async def _() -> None:
    apps = (theirs(middlewares=[authenticate]), ours(middlewares=[authenticate]))
    assert [(await preflight(app)).status for app in apps] == [401, 200]


@difference("A preflight of an unknown path")
async def _() -> None:
    assert [(await preflight(app(), "/none")).status for app in (theirs, ours)] == [404, 200]


@difference("A route for all methods, *")
async def _() -> None:
    with pytest.raises(ValueError, match="already has a '\\*' handler"):
        theirs(method="*")
    assert allowed(await ask(ours(method="*"), method="PATCH")) == PAGE


@difference("A WebSocket from another origin")
async def _() -> None:
    async with TestClient(TestServer(theirs(handler=websocket))) as client, client.ws_connect("/", origin=OTHER):
        pass
    async with TestClient(TestServer(ours(handler=websocket, check_websockets=True))) as client:
        with pytest.raises(WSServerHandshakeError):
            await client.ws_connect("/", origin=OTHER)


@pytest.mark.parametrize("row", DIFFERENCES)
def test_each_difference_is_as_the_page_says(row: str) -> None:
    """Both packages run, in the same app."""
    asyncio.run(DIFFERENCES[row]())


def test_the_page_lists_these_differences() -> None:
    """Each row of the page has a test."""
    assert [row["What"].replace("`", "") for row in rows_of(PAGE_PATH, "What")] == list(DIFFERENCES)


async def test_allow_methods_none_allows_what_the_path_serves() -> None:
    """The row about the options: both refuse a method that the path does not serve."""
    for app in (theirs(allow_methods=None), ours(allow_methods=["*"], served_methods_only=True)):
        assert (await preflight(app)).status == 200
    for app in (theirs(allow_methods=None), ours(allow_methods=["*"], served_methods_only=True)):
        assert (await preflight(app, method="DELETE")).status in {400, 403}


def test_the_options_of_the_page_are_those_of_the_peer() -> None:
    """Each argument of `ResourceOptions` has a row."""
    named = " ".join(row["aiohttp-cors"] for row in rows_of(PAGE_PATH, "aiohttp-cors"))
    assert all(field in named for field in aiohttp_cors.ResourceOptions._fields)
