"""A middleware that was added to an app moves to the outermost position, so that all responses have CORS headers."""

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from functools import partial
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket

from crossorigin import CORSMiddleware
from crossorigin.adapters.asgi.nesting import MARK
from crossorigin.testing import assert_browser_can, assert_browser_cannot
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED, exchange, http_scope, receive

_OPTIONS: dict[str, Any] = {"allow_origins": [ORIGIN], "allow_methods": ["GET", "PUT"], "expose_headers": ["X-Own"]}
FRAMEWORKS = [Starlette, FastAPI]
every_framework = pytest.mark.parametrize("framework", FRAMEWORKS)


async def hello(request: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("hello")


async def crash(request: Request) -> PlainTextResponse:
    """Raise an exception that no handler handles."""
    await request.body()
    raise ZeroDivisionError


async def greet(websocket: WebSocket) -> None:
    """Greet."""
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


ROUTES = [Route("/", hello), Route("/crash", crash, methods=["GET", "PUT"]), WebSocketRoute("/socket", greet)]


class Unauthorized:
    """Answers 401 to every request, including preflights, like an authentication that was added later."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer requests."""
        if scope["type"] == "http":
            await PlainTextResponse("who?", 401)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


async def refusing(request: Request, call_next: Any) -> Any:
    """Raise an exception that the framework handles."""
    raise HTTPException(403)


def _crashing(framework: type[Starlette], **options: Any) -> Starlette:
    return framework(routes=ROUTES, **options)


def _behind(framework: type[Starlette], middleware: Any, **options: Any) -> Starlette:
    app = framework(routes=ROUTES)
    app.add_middleware(middleware, **options)
    return app


def own_body(request: Request, error: Exception) -> JSONResponse:
    """Answer a crash with the app's own body."""
    return JSONResponse({"own": type(error).__name__}, 500)


Make = Callable[[type[Starlette]], Starlette]
ANSWERS: dict[str, tuple[Make, int, str]] = {
    "the default 500": (_crashing, 500, "Internal Server Error"),
    "the traceback": (partial(_crashing, debug=True), 500, "ZeroDivisionError"),
    "a handler of 500": (
        partial(_crashing, exception_handlers={500: own_body}),
        500,
        '{"own":"ZeroDivisionError"}',
    ),
    "a handler of Exception": (
        partial(_crashing, exception_handlers={Exception: own_body}),
        500,
        '{"own":"ZeroDivisionError"}',
    ),
    "an authentication": (partial(_behind, middleware=Unauthorized), 401, "who?"),
    "an HTTPException in a middleware": (
        partial(_behind, middleware=BaseHTTPMiddleware, dispatch=refusing),
        500,
        "Internal Server Error",
    ),
    "a check of hosts": (
        partial(_behind, middleware=TrustedHostMiddleware, allowed_hosts=["api.example.com"]),
        400,
        "Invalid host header",
    ),
    "a redirect to https": (partial(_behind, middleware=HTTPSRedirectMiddleware), 307, ""),
}
# The limit is newer than the oldest releases.
if (
    "max_body_size" in inspect.signature(FastAPI).parameters
    and "max_body_size" in inspect.signature(Starlette).parameters
):
    ANSWERS["a body that is too large"] = (partial(_crashing, max_body_size=1), 413, "")


@pytest.fixture
def started() -> Iterator[Callable[[Any], TestClient]]:
    """Start apps with their lifespan, and end them with the test."""
    with ExitStack() as stack:

        def start(app: Any) -> TestClient:
            client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
            return stack.enter_context(client)

        yield start


@every_framework
@pytest.mark.parametrize("when", ["added first", "added last"])
@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_the_app_answers_carries_its_cors_headers(
    name: str, when: str, framework: type[Starlette], started: Callable[[Any], TestClient]
) -> None:
    """A page can read the status and the body, instead of getting only "blocked by CORS policy"."""
    make, status, text = ANSWERS[name]
    if when == "added last":
        app = make(framework)
        app.add_middleware(CORSMiddleware, **_OPTIONS)
    else:
        app = make(partial(framework, middleware=[Middleware(CORSMiddleware, **_OPTIONS)]))  # type: ignore[arg-type]
    client = started(app)
    answer = client.put("/crash", content=b"much", headers={"Origin": ORIGIN})
    assert answer.status_code == status
    assert text in answer.text
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert answer.headers["vary"] == "Origin"
    if status != 307:
        verdict = assert_browser_can(app, origin=ORIGIN, url="/crash", method="PUT", credentials="omit")
        assert verdict.status in {status, 500}
    stranger = client.put("/crash", content=b"much", headers={"Origin": UNTRUSTED})
    assert "access-control-allow-origin" not in stranger.headers
    assert (stranger.status_code, stranger.headers["vary"]) == (status, "Origin")


@every_framework
def test_a_handler_is_called_once_and_the_exception_reaches_the_server(framework: type[Starlette]) -> None:
    """Nothing is hidden and nothing happens twice: the server logs what it logged before."""
    calls: list[BaseException] = []

    def handle(request: Request, error: Exception) -> JSONResponse:
        calls.append(error)
        return JSONResponse({"own": 1}, 500)

    app = framework(routes=ROUTES, exception_handlers={Exception: handle})
    app.add_middleware(CORSMiddleware, **_OPTIONS)
    with TestClient(app) as client, pytest.raises(ZeroDivisionError) as caught:
        client.get("/crash", headers={"Origin": ORIGIN})
    assert calls == [caught.value]


@every_framework
def test_no_other_middleware_answers_a_preflight(
    framework: type[Starlette], started: Callable[[Any], TestClient]
) -> None:
    """The preflight of a request that needs a login is answered without a login."""
    app = _behind(framework, Unauthorized)
    app.add_middleware(CORSMiddleware, **_OPTIONS)
    app.user_middleware.reverse()  # The authentication is outside, as when it is added later.
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    assert started(app).options("/crash", headers=asks).status_code == 200


@every_framework
def test_without_a_lifespan_the_first_request_is_answered_outermost(framework: type[Starlette]) -> None:
    """The app's own response to a crash has headers from the first request on, and the exception is raised again."""
    app = framework(routes=ROUTES, exception_handlers={500: own_body})
    app.add_middleware(CORSMiddleware, **_OPTIONS)
    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/crash", headers={"Origin": ORIGIN})
    app.middleware_stack = None
    answer = TestClient(app, raise_server_exceptions=False).get("/crash", headers={"Origin": ORIGIN})
    assert answer.json() == {"own": "ZeroDivisionError"}
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]


@every_framework
@pytest.mark.parametrize("is_mounted", [True, False], ids=["mounted", "alone"])
def test_without_a_lifespan_no_other_middleware_answers_a_preflight(
    *, framework: type[Starlette], is_mounted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """An authentication outside would refuse every preflight, so the middleware moves before the first request."""
    app = framework(routes=ROUTES)
    app.add_middleware(CORSMiddleware, **_OPTIONS)
    app.add_middleware(Unauthorized)
    client = TestClient(_mount(app) if is_mounted else app)
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    path = "/in/crash" if is_mounted else "/crash"
    assert client.options(path, headers=asks).status_code == 200
    answer = client.put(path, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (401, [ORIGIN])
    assert isinstance(app.middleware_stack, CORSMiddleware)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("outer", [True, False], ids=["the outer", "the inner"])
def test_without_a_lifespan_two_middlewares_keep_their_order(*, outer: bool) -> None:
    """The middleware that was added last decides, and stays outside the other one."""
    app = Starlette(routes=ROUTES)
    app.add_middleware(CORSMiddleware, allow_origins=[] if outer else [ORIGIN])
    app.add_middleware(Unauthorized)
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN] if outer else [])
    for _ in range(2):
        answer = TestClient(app).get("/", headers={"Origin": ORIGIN})
        assert answer.headers.get_list("access-control-allow-origin") == ([ORIGIN] if outer else [])


class Staying(CORSMiddleware):
    """A subclass that may depend on its position."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve."""
        await super().__call__(scope, receive, send)


class Hiding:
    """A wrapper with its own name for the app."""

    def __init__(self, app: Any) -> None:
        self._inner = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self._inner(scope, receive, send)


async def refuse(request: Request, call_next: Any) -> Any:
    """Refuse every request."""
    return PlainTextResponse("who?", 401)


@every_framework
@pytest.mark.parametrize(
    ("outer", "made", "names"),
    [
        ([Middleware(Unauthorized)], Staying, "Unauthorized"),
        (
            [Middleware(BaseHTTPMiddleware, dispatch=refuse), Middleware(Unauthorized), Middleware(Hiding)],
            CORSMiddleware,
            "refuse, Unauthorized and Hiding",
        ),
        ([Middleware(Hiding)], partial(CORSMiddleware), "Hiding"),
    ],
    ids=["a subclass", "a hidden app", "a partial"],
)
def test_without_a_lifespan_a_middleware_that_cannot_move_says_who_may_answer_before_it(
    framework: type[Starlette], outer: list[Middleware], made: Any, names: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning appears once, even if no request ever reaches the middleware, and says what to write."""
    app = framework(routes=ROUTES, middleware=[*outer, Middleware(made, **_OPTIONS)])
    client = TestClient(app)
    for _ in range(3):
        client.options("/", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"})
    [warning] = [record.getMessage() for record in caplog.records]
    assert f"is inside {names}, and cannot move outside before the first request" in warning
    assert "install(app, policy)" in warning


def test_an_app_with_another_outermost_layer_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    """If the app's outermost layer is missing, the middleware cannot move while the app builds its stack."""

    class Bare(Starlette):
        def build_middleware_stack(self) -> Any:
            middleware = [*self.user_middleware]
            app: Any = self.router
            for cls, args, kwargs in reversed(middleware):
                app = cls(app, *args, **kwargs)
            return app

    app = Bare(routes=ROUTES, middleware=[Middleware(Unauthorized), Middleware(CORSMiddleware, **_OPTIONS)])
    TestClient(app).get("/")
    assert "is inside Unauthorized, and cannot move outside" in caplog.text


@every_framework
def test_a_move_past_other_middleware_is_logged_with_their_names(
    framework: type[Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    """The responses of the other middlewares become readable, so the log says how to prevent that."""
    added = [Middleware(BaseHTTPMiddleware, dispatch=refuse), Middleware(Unauthorized)]
    for is_started in (True, False):
        caplog.clear()
        app = framework(routes=ROUTES, middleware=[*added, Middleware(CORSMiddleware, **_OPTIONS)])
        client = TestClient(app)
        with caplog.at_level(logging.INFO, logger="crossorigin"), client if is_started else nullcontext():
            assert client.get("/", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN
        [record] = [record for record in caplog.records if record.name == "crossorigin"]
        assert record.levelno == logging.INFO
        assert "moved outside refuse and Unauthorized. Pages of allowed origins can now read" in record.getMessage()
        assert "outermost=False" in record.getMessage()


@every_framework
def test_a_move_past_another_one_of_the_same_app_is_not_logged(
    framework: type[Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    """The other one answers nothing that becomes readable. One warning says that only the outer one has an effect."""
    two = [Middleware(CORSMiddleware, allow_origins=["https://first.example"]), Middleware(CORSMiddleware, **_OPTIONS)]
    for is_started in (True, False):
        caplog.clear()
        app = framework(routes=ROUTES, middleware=two)
        client = TestClient(app)
        with caplog.at_level(logging.INFO, logger="crossorigin"), client if is_started else nullcontext():
            client.get("/")
        [record] = [record for record in caplog.records if record.name == "crossorigin"]
        name = framework.__name__
        place = f"in {name}" + (" 'FastAPI'" if framework is FastAPI else "") + " at '/'"
        assert record.getMessage().startswith(
            f"CORSMiddleware {place} does not set CORS headers, because it is inside another one of the same app, which"
        )


@every_framework
def test_a_move_past_the_frameworks_own_layers_is_not_logged(
    framework: type[Starlette], caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of the user's own middlewares becomes readable, so nothing is logged."""
    app = framework(routes=ROUTES)
    app.add_middleware(CORSMiddleware, **_OPTIONS)
    with caplog.at_level(logging.INFO, logger="crossorigin"), TestClient(app):
        assert [record for record in caplog.records if record.name == "crossorigin"] == []


async def test_without_a_lifespan_a_crash_behind_the_start_sends_nothing_more() -> None:
    """A response that has started is not started again."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    app = Starlette(routes=[Mount("/", broken)], middleware=[Middleware(CORSMiddleware, **_OPTIONS)])
    app.middleware_stack = app.build_middleware_stack()
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ZeroDivisionError):
        await app(http_scope("GET", ("origin", ORIGIN)), receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_a_request_under_way_when_the_place_is_taken_keeps_its_headers() -> None:
    """If two requests are first, the one that has passed the new position is served at the old one."""
    waiting, go_on = anyio.Event(), anyio.Event()

    class Waiting:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["query_string"] == b"late":
                waiting.set()
                await go_on.wait()
            await self.app(scope, receive, send)

    app = Starlette(routes=ROUTES, middleware=[Middleware(Waiting), Middleware(CORSMiddleware, **_OPTIONS)])
    app.middleware_stack = app.build_middleware_stack()
    late: list[Any] = []

    async def ask_late() -> None:
        async def send(message: Any) -> None:
            late.append(message)

        await app({**http_scope("GET", ("origin", ORIGIN)), "query_string": b"late"}, receive, send)

    async with anyio.create_task_group() as group:
        group.start_soon(ask_late)
        await waiting.wait()
        await exchange(app, http_scope("GET", ("origin", ORIGIN)))
        go_on.set()
    assert dict(late[0]["headers"])[b"access-control-allow-origin"] == ORIGIN.encode()
    assert isinstance(app.middleware_stack, CORSMiddleware)


@every_framework
def test_outermost_may_be_turned_off(framework: type[Starlette], started: Callable[[Any], TestClient]) -> None:
    """With `outermost=False`, it stays where it was added without a warning, and a crash has no headers, as before."""
    app = framework(routes=ROUTES)
    app.add_middleware(CORSMiddleware, **_OPTIONS, outermost=False)
    client = started(app)
    assert client.get("/", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in client.get("/crash", headers={"Origin": ORIGIN}).headers
    assert_browser_cannot(app, origin=ORIGIN, url="/crash")


def _mount(inner: Any, **options: Any) -> Starlette:
    return Starlette(routes=[Route("/outside", hello), Mount("/in", inner, **options)])


_LAYER = Middleware(CORSMiddleware, **_OPTIONS)
STAYING: dict[str, Callable[[], Starlette]] = {
    "a mount": lambda: _mount(Router(ROUTES), middleware=[_LAYER]),
    "a route": lambda: Starlette(routes=[Route("/outside", hello), Route("/in/", hello, middleware=[_LAYER])]),
    "a router": lambda: _mount(Router(ROUTES, middleware=[_LAYER])),
    "a raw app under a mount": lambda: _mount(CORSMiddleware(Router(ROUTES), **_OPTIONS)),
    "a hidden app": lambda: Starlette(
        routes=[Route("/in/", hello), Route("/outside", hello)], middleware=[Middleware(Hiding), _LAYER]
    ),
}


@pytest.mark.parametrize("name", STAYING)
def test_what_was_not_added_to_the_app_stays_and_says_so_once(
    name: str, caplog: pytest.LogCaptureFixture, started: Callable[[Any], TestClient]
) -> None:
    """The policy of a mount never applies to the app around it."""
    app = STAYING[name]()
    client = started(app)
    with caplog.at_level(logging.WARNING, logger="crossorigin"):
        for _ in range(3):
            assert client.get("/in/", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN
        outside = client.get("/outside", headers={"Origin": ORIGIN})
    assert ("access-control-allow-origin" in outside.headers) == (name == "a hidden app")
    assert not isinstance(app.middleware_stack, CORSMiddleware)
    warnings = [record.getMessage() for record in caplog.records if record.name == "crossorigin"]
    [warning] = warnings
    assert "CORSMiddleware in Starlette at " in warning
    assert "outermost=False" in warning


def test_a_child_app_moves_within_itself_alone(started: Callable[[Any], TestClient]) -> None:
    """All responses of the mounted app have headers, and those of its parent have none. It gets no lifespan."""
    child = FastAPI(routes=[*ROUTES], exception_handlers={500: own_body})
    child.add_middleware(CORSMiddleware, **_OPTIONS)
    client = started(_mount(child))
    first, second = (client.get("/in/crash", headers={"Origin": ORIGIN}) for _ in range(2))
    assert first.json() == second.json() == {"own": "ZeroDivisionError"}
    for answer in (first, second):
        assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert "access-control-allow-origin" not in client.get("/outside", headers={"Origin": ORIGIN}).headers


class Holding:
    """A wrapper that holds the app twice: as `.app`, and in the attribute that it calls."""

    def __init__(self, app: Any) -> None:
        self.app = self._called = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self._called(scope, receive, send)


class Sealed:
    """A wrapper whose attributes cannot be changed."""

    def __init__(self, app: Any) -> None:
        self._app = app

    @property
    def app(self) -> Any:
        """The wrapped app."""
        return self._app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self._app(scope, receive, send)


@pytest.mark.parametrize("parent", [Holding, Sealed])
def test_where_the_old_place_is_still_asked_it_hands_on(
    parent: type, started: Callable[[Any], TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    """There is one decision, one set of headers and no warning about nesting. A WebSocket is passed on."""
    decisions: list[Any] = []

    def note(decision: Any, _: Any) -> None:
        decisions.append(decision)

    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(parent),
            Middleware(CORSMiddleware, **_OPTIONS, on_decision=note),
        ],
    )
    client = started(app)
    for path in ("/", "/crash"):
        answer = client.get(path, headers={"Origin": ORIGIN})
        assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert len(decisions) == 2
    with client.websocket_connect("/socket") as socket:
        assert socket.receive_text() == "hello"
    assert [record for record in caplog.records if record.name == "crossorigin"] == []


def test_a_ring_of_apps_has_an_end(caplog: pytest.LogCaptureFixture) -> None:
    """The search ends whatever `.app` contains."""

    class Ring(Hiding):
        @property
        def app(self) -> Any:
            return self

    app = Starlette(routes=ROUTES, middleware=[Middleware(Ring), _LAYER])
    assert TestClient(app).get("/", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN
    assert "is inside Ring, and cannot move outside" in caplog.text


@every_framework
def test_at_its_position_it_takes_the_fast_path(
    framework: type[Starlette], started: Callable[[Any], TestClient]
) -> None:
    """Moving adds no cost per request, because the old position is removed from the stack."""
    scopes: list[Any] = []

    async def note(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await PlainTextResponse("hello")(scope, receive, send)

    app = framework(routes=[Mount("/", note)])
    app.add_middleware(CORSMiddleware, **_OPTIONS)
    client = started(app)
    client.get("/", headers={"Origin": ORIGIN})
    assert not [key for key in scopes[0] if key.startswith("crossorigin") and key != MARK]
    layer = app.middleware_stack
    assert isinstance(layer, CORSMiddleware)
    assert layer._fast_plan is not None
    inner, places = layer.app, 0
    while inner is not None:
        places += isinstance(inner, CORSMiddleware)
        inner = getattr(inner, "app", None) if not isinstance(inner, Router) else None
    assert places == 0
