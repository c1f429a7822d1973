"""The middleware works in every place where Starlette and FastAPI accept one."""

import re
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware as FastAPICORSMiddleware
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, Policy
from tests.unit.adapters.asgi.scopes import ORIGIN, PREFLIGHT_VARY, UNTRUSTED

_OPTIONS: dict[str, Any] = {"allow_origins": [ORIGIN], "allow_methods": ["GET", "PUT"], "allow_headers": ["X-Token"]}
_POLICY = Policy(**_OPTIONS)


def grants(answer: httpx2.Response) -> dict[str, list[str]]:
    """Return the CORS headers of a response, each field as a list."""
    return {
        name: re.split(", *", value) for name, value in answer.headers.items() if name.startswith("access-control-")
    }


async def hello(request: Request) -> PlainTextResponse:
    """Answer one route."""
    return PlainTextResponse("hello")


async def stream(request: Request) -> StreamingResponse:
    """Answer in parts."""
    return StreamingResponse(iter(["a", "b", "c"]))


async def socket(websocket: WebSocket) -> None:
    """Send one message."""
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


_ROUTES = [Route("/", hello, methods=["GET", "PUT"]), Route("/stream", stream), WebSocketRoute("/socket", socket)]


def _added(framework: type[Starlette], **options: Any) -> Any:
    app = framework(routes=_ROUTES)
    app.add_middleware(CORSMiddleware, **options)
    return app


def _mounted(framework: type[Starlette]) -> Any:
    sub = framework(routes=_ROUTES)
    sub.add_middleware(CORSMiddleware, policy=_POLICY)
    outer = framework()
    outer.mount("/", sub)
    return outer


_WAYS: dict[str, Callable[[], Any]] = {
    "Starlette, add_middleware": lambda: _added(Starlette, **_OPTIONS),
    "Starlette, add_middleware with a policy": lambda: _added(Starlette, policy=_POLICY),
    "Starlette, in its list": lambda: Starlette(
        routes=_ROUTES, middleware=[Middleware(CORSMiddleware, policy=_POLICY)]
    ),
    "Starlette, by hand": lambda: CORSMiddleware(Starlette(routes=_ROUTES), policy=_POLICY),
    "Starlette, around a router": lambda: CORSMiddleware(Router(routes=_ROUTES), **_OPTIONS),
    "Starlette, in a mounted app": lambda: _mounted(Starlette),
    "FastAPI, add_middleware": lambda: _added(FastAPI, **_OPTIONS),
    "FastAPI, add_middleware with a policy": lambda: _added(FastAPI, policy=_POLICY),
    "FastAPI, in its list": lambda: FastAPI(routes=_ROUTES, middleware=[Middleware(CORSMiddleware, **_OPTIONS)]),
    "FastAPI, by hand": lambda: CORSMiddleware(FastAPI(routes=_ROUTES), **_OPTIONS),
    "FastAPI, in a mounted app": lambda: _mounted(FastAPI),
}


@pytest.fixture(params=_WAYS.values(), ids=_WAYS.keys())
def client(request: pytest.FixtureRequest) -> TestClient:
    """A client for the same routes, with the middleware added in each of the ways."""
    return TestClient(request.param(), raise_server_exceptions=True)


def test_a_listed_origin_may_read(client: TestClient) -> None:
    """The response allows the origin and has `Vary: Origin`."""
    answer = client.get("/", headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.text) == (200, "hello")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("headers", [{"Origin": UNTRUSTED}, {}], ids=["stranger", "none"])
def test_another_is_served_without_a_grant(client: TestClient, headers: dict[str, str]) -> None:
    """The app answers without headers that allow the page, and with `Vary: Origin`."""
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer.text) == (200, "hello")
    assert grants(answer) == {}
    assert answer.headers["vary"] == "Origin"


def test_a_stream_arrives_whole(client: TestClient) -> None:
    """A streamed response keeps its parts and gets the headers."""
    answer = client.get("/stream", headers={"Origin": ORIGIN})
    assert answer.text == "abc"
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_an_allowed_preflight_is_answered(client: TestClient) -> None:
    """The response is the documented one."""
    answer = client.options(
        "/",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "x-token",
        },
    )
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["access-control-allow-methods"] == "GET, PUT"
    assert answer.headers["vary"] == PREFLIGHT_VARY


def test_a_refused_preflight_is_answered(client: TestClient) -> None:
    """The response says what was refused, and allows nothing."""
    answer = client.options("/", headers={"Origin": UNTRUSTED, "Access-Control-Request-Method": "DELETE"})
    assert (answer.status_code, answer.text) == (400, "Disallowed CORS origin, method")
    assert grants(answer) == {}
    assert answer.headers["vary"] == PREFLIGHT_VARY


def test_an_error_of_the_router_may_be_read(client: TestClient) -> None:
    """A page can read the 404 or the 405 of the framework."""
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/", 405)):
        answer = client.request(method, path, headers={"Origin": ORIGIN})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("origin", [ORIGIN, UNTRUSTED])
def test_a_websocket_is_let_through(client: TestClient, origin: str) -> None:
    """Handshakes of any origin reach the app."""
    with client.websocket_connect("/socket", headers={"Origin": origin}) as connection:
        assert connection.receive_text() == "hello"


@pytest.mark.parametrize("part", [Mount, Route])
def test_a_part_of_an_app_may_have_a_policy_of_its_own(part: type[Mount | Route]) -> None:
    """Around one mount or one route, the middleware applies to that part only."""
    middleware = [Middleware(CORSMiddleware, policy=_POLICY)]
    shared = (
        Mount("/shared", routes=_ROUTES, middleware=middleware)
        if part is Mount
        else Route("/shared/", hello, methods=["GET", "OPTIONS"], middleware=middleware)
    )
    client = TestClient(Starlette(routes=[shared, Route("/", hello)]))
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    for method in ("GET", "OPTIONS"):
        answer = client.request(method, "/shared/", headers=headers)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert grants(client.request(method, "/", headers=headers)) == {}


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_the_lifespan_is_let_through(framework: type[Starlette]) -> None:
    """The lifespan of the app runs, and its state reaches the requests, also if the app is wrapped directly."""
    happened: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        happened.append("start")
        yield {"word": "kept"}
        happened.append("end")

    async def word(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.state.word)

    app = CORSMiddleware(framework(routes=[Route("/", word)], lifespan=lifespan), policy=_POLICY)
    with TestClient(app) as client:
        assert client.get("/").text == "kept"
        assert happened == ["start"]
    assert happened == ["start", "end"]


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_a_policy_is_refused_when_the_framework_builds_it(framework: type[Starlette]) -> None:
    """With add_middleware, the error is raised before the app has started, and again for every request."""
    app = _added(framework, allow_origins=["*"], allow_credentials=True)
    for _ in range(2):
        with pytest.raises(InvalidPolicyError):
            TestClient(app).get("/")
    with pytest.raises(InvalidPolicyError), TestClient(app):
        pass


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_an_unhandled_exception_may_be_read_from_a_wrapped_app(framework: type[Starlette]) -> None:
    """If the app is wrapped directly, the framework's own 500 has the headers too."""

    async def fail(request: Request) -> PlainTextResponse:
        raise RuntimeError

    app = CORSMiddleware(framework(routes=[Route("/", fail)]), policy=_POLICY)
    answer = TestClient(app, raise_server_exceptions=False).get("/", headers={"Origin": ORIGIN})
    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def test_a_cors_header_of_a_route_gives_way() -> None:
    """Only one of two middlewares sets the CORS headers of a response."""

    async def own(request: Request) -> PlainTextResponse:
        return PlainTextResponse("", headers={"Access-Control-Allow-Origin": "*", "Vary": "Accept"})

    client = TestClient(CORSMiddleware(Starlette(routes=[Route("/", own)]), policy=_POLICY))
    granted = client.get("/", headers={"Origin": ORIGIN})
    assert granted.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert granted.headers["vary"] == "Accept, Origin"
    withheld = client.get("/", headers={"Origin": UNTRUSTED})
    assert "access-control-allow-origin" not in withheld.headers


async def test_it_works_behind_an_asynchronous_client() -> None:
    """Another ASGI transport, which runs in the event loop of the test, gets the same response."""
    transport = httpx2.ASGITransport(app=_added(FastAPI, policy=_POLICY))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api.example") as client:
        answer = await client.get("/", headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN


# The documentation's example.

_DOCUMENTED = (Path(__file__).parents[3] / "real" / "demo" / "documented_example.txt").read_text("utf-8")


def documented_app(source: str) -> FastAPI:
    """Run the example and return its app."""
    namespace: dict[str, Any] = {}
    # The documented list contains http origins with credentials, which causes a warning.
    exec(compile(source, "documented_example.py", "exec"), namespace)  # The code comes from the documentation.
    return namespace["app"]


@pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")
def test_the_documented_example_works_after_one_import_line() -> None:
    """Every documented origin gets the same responses as with FastAPI's class, and both refuse other origins."""
    [line] = re.findall(r"^.*import CORSMiddleware$", _DOCUMENTED, re.MULTILINE)
    ours = documented_app(_DOCUMENTED.replace(line, "from crossorigin import CORSMiddleware"))
    theirs = documented_app(_DOCUMENTED)
    assert [middleware.cls for middleware in ours.user_middleware] == [CORSMiddleware]
    assert [middleware.cls for middleware in theirs.user_middleware] == [FastAPICORSMiddleware]
    new, old = TestClient(ours), TestClient(theirs)
    documented = re.findall(r'"(https?://[^"]+)"', _DOCUMENTED)
    assert len(documented) == 4
    for origin in documented:
        answer = new.get("/", headers={"Origin": origin})
        assert answer.json() == {"message": "Hello World"}
        assert grants(answer) == {
            "access-control-allow-origin": [origin],
            "access-control-allow-credentials": ["true"],
        }
        assert grants(answer) == grants(old.get("/", headers={"Origin": origin}))
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type,x-token",
        }
        answer, before = new.options("/", headers=asked), old.options("/", headers=asked)
        assert (answer.status_code, answer.text) == (before.status_code, before.text) == (200, "OK")
        methods = "access-control-allow-methods"
        # The oldest Starlette does not have QUERY.
        assert grants(answer) == {**grants(before), methods: sorted({*grants(before)[methods], "QUERY"})}
    for app in (new, old):
        answer = app.options("/", headers={"Origin": UNTRUSTED, "Access-Control-Request-Method": "PUT"})
        assert (answer.status_code, answer.text) == (400, "Disallowed CORS origin")


def test_the_documented_example_starts_with_a_warning() -> None:
    """The documented http origin that is not loopback causes a warning when the app is built, not an error."""
    line = "from crossorigin import CORSMiddleware"
    app = documented_app(re.sub(r"^.*import CORSMiddleware$", line, _DOCUMENTED, flags=re.MULTILINE))
    with pytest.warns(CrossOriginWarning, match=r"http://localhost\.tiangolo\.com") as caught:
        assert TestClient(app).get("/").status_code == 200
    assert len(caught) == 1
