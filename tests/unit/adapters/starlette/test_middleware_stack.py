"""With any app stack that users build, a middleware moves only if it may, and a request is answered once."""

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from crossorigin import CORSMiddleware, Policy
from tests.unit.adapters.asgi.scopes import ORIGIN, OTHER, answering, headers_of, http_scope, receive
from tests.unit.adapters.asgi.test_outermost import ROUTES, Unauthorized

POLICY = Policy(allow_origins=[ORIGIN])
ELSE = Policy(allow_origins=[OTHER])
LAYER = Middleware(CORSMiddleware, policy=POLICY)
lifespans = pytest.mark.parametrize("served", [lambda client: client, nullcontext], ids=["lifespan", "no lifespan"])
Served = Callable[[Any], Any]


def client_of(app: Any) -> TestClient:
    """Return a client for which a crash is a response."""
    return TestClient(app, raise_server_exceptions=False)


def allowed(client: TestClient, path: str, origin: str) -> list[str]:
    """Return the origin that may read a response."""
    return client.get(path, headers={"Origin": origin}).headers.get_list("access-control-allow-origin")


async def sent_by(app: Any, scope: Any) -> list[Any]:
    """Return all messages that an app sends for one scope, and the exception that it raises afterward."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except BaseException as error:  # A cancelled request ends with this exception.
        sent.append(type(error))
    return sent


def told(caplog: pytest.LogCaptureFixture, what: str) -> int:
    """Return the number of warnings that contain a text."""
    return sum(what in record.getMessage() for record in caplog.records)


class OnePath:
    """An app with its own middleware for one path. Other paths go to the app without it."""

    def __init__(self, app: Any) -> None:
        self.plain = app
        self.app = CORSMiddleware(app, policy=POLICY)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Choose by the path."""
        app = self.plain if scope.get("path") == "/" else self.app
        await app(scope, receive, send)


@lifespans
def test_a_layer_for_one_path_stays_there(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Its policy never applies to the rest of the app, and a warning says that it does not move."""
    client = client_of(Starlette(routes=[*ROUTES, Route("/one", PlainTextResponse("one"))]))
    client.app.add_middleware(OnePath)  # type: ignore[attr-defined]
    with served(client):
        for _ in range(2):
            assert allowed(client, "/one", ORIGIN) == [ORIGIN]
            assert allowed(client, "/", ORIGIN) == []
            assert allowed(client, "/crash", ORIGIN) == []
    assert told(caplog, "cannot move to the outermost position") == 1


@lifespans
@pytest.mark.parametrize("outside", [True, False], ids=["outside", "inside"])
def test_a_layer_for_one_path_stays_there_next_to_one_for_the_app(*, served: Served, outside: bool) -> None:
    """A second middleware of the same class that was added to the app does not make this one move."""
    app = Starlette(routes=[*ROUTES, Route("/one", PlainTextResponse("one"))])
    app.add_middleware(OnePath)
    app.add_middleware(CORSMiddleware, policy=ELSE)
    if outside:
        app.user_middleware.reverse()
    client = client_of(app)
    with served(client):
        # The first request may be served before the app's own middleware has moved.
        allowed(client, "/one", ORIGIN)
        for _ in range(2):
            assert allowed(client, "/", ORIGIN) == []
            assert allowed(client, "/", OTHER) == [OTHER]
            assert allowed(client, "/crash", OTHER) == [OTHER]
            assert len(allowed(client, "/one", OTHER)) <= 1


def test_a_partial_of_the_class_moves() -> None:
    """It was added to the app in the same way as the class."""
    partial: Any = functools.partial(CORSMiddleware, policy=POLICY)
    app = Starlette(routes=ROUTES, middleware=[Middleware(Unauthorized), Middleware(partial)])
    with client_of(app) as client:
        assert allowed(client, "/", ORIGIN) == [ORIGIN]


@pytest.mark.parametrize("added", [[Unauthorized, ServerErrorMiddleware], [ServerErrorMiddleware, Unauthorized]])
def test_it_moves_outside_what_users_add_of_the_outermost_class(added: list[Any]) -> None:
    """Starlette's own outermost layer is distinguished from one that a user added."""
    app = Starlette(routes=ROUTES, middleware=[*map(Middleware, added), LAYER])
    with client_of(app) as client:
        assert allowed(client, "/", ORIGIN) == [ORIGIN]
        assert isinstance(app.middleware_stack, CORSMiddleware)


class Choosing(CORSMiddleware):
    """A subclass that handles one path itself."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle one path without the middleware."""
        await (self.app if scope.get("path") == "/" else super().__call__)(scope, receive, send)


class Labeled(CORSMiddleware):
    """A subclass with its own attribute and comparison, and therefore without a hash."""

    def __init__(self, app: Any, label: str, **options: Any) -> None:
        super().__init__(app, **options)
        self.label = label

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labeled) and self.label == other.label

    __hash__ = None  # type: ignore[assignment]


@lifespans
def test_a_subclass_with_a_call_of_its_own_stays(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Its `__call__` may depend on its position, and a warning says that it stays."""
    app = Starlette(routes=[*ROUTES, Route("/one", PlainTextResponse("one"))])
    app.add_middleware(Choosing, policy=POLICY)
    client = client_of(app)
    with served(client):
        assert allowed(client, "/one", ORIGIN) == [ORIGIN]
        assert allowed(client, "/", ORIGIN) == []
        assert allowed(client, "/crash", ORIGIN) == []
    assert isinstance(app.middleware_stack, ServerErrorMiddleware)
    assert told(caplog, "cannot move to the outermost position") == 1
    assert told(caplog, "its own __call__") == 1


def test_a_subclass_without_one_moves_with_its_attributes() -> None:
    """It moves although it has no hash."""
    app = Starlette(routes=ROUTES)
    app.add_middleware(Labeled, label="mine", policy=POLICY)
    with client_of(app) as client:
        assert allowed(client, "/crash", ORIGIN) == [ORIGIN]
    moved = app.middleware_stack
    assert isinstance(moved, Labeled)
    assert moved.label == "mine"


@lifespans
def test_an_authentication_outside_is_not_passed_by(served: Served) -> None:
    """An outer authentication is called for every request, also for the first one."""
    ran: list[str] = []

    def secret(request: Request) -> PlainTextResponse:
        ran.append(request.url.path)
        return PlainTextResponse("secret")

    app = Starlette(routes=[Route("/", secret)])
    app.add_middleware(CORSMiddleware, policy=POLICY)
    app.add_middleware(Unauthorized)
    client = client_of(app)
    with served(client):
        assert [client.get("/", headers={"Origin": ORIGIN}).status_code for _ in range(3)] == [401] * 3
    assert ran == []


class Answering:
    """A layer that answers an exception itself."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer 404."""
        try:
            await self.app(scope, receive, send)
        except ZeroDivisionError:
            await answering(status=404)(scope, receive, send)


async def catching(request: Request, call_next: Any) -> Any:
    """Answer 404 after an exception, as a dispatch function."""
    try:
        return await call_next(request)
    except ZeroDivisionError:
        return PlainTextResponse("", 404)


class Catching(BaseHTTPMiddleware):
    """A middleware that catches exceptions in a method."""

    async def dispatch(self, request: Request, call_next: Any) -> Any:
        """Answer 404 after an exception."""
        return await catching(request, call_next)


def not_found(request: Request, error: Exception) -> PlainTextResponse:
    """Answer 404 in an exception handler."""
    return PlainTextResponse("", 404)


@pytest.mark.parametrize(
    "outer",
    [
        Middleware(Answering),
        Middleware(Catching),
        Middleware(BaseHTTPMiddleware, dispatch=catching),
        Middleware(ExceptionMiddleware, handlers={ZeroDivisionError: not_found}),
    ],
    ids=["a class", "a subclass", "a dispatch", "a handler"],
)
@pytest.mark.parametrize("is_built", [True, False], ids=["built by hand", "built for the request"])
async def test_a_first_crash_is_left_to_the_layer_that_answers_it(*, outer: Middleware, is_built: bool) -> None:
    """Without a lifespan there is one response, that of the layer.

    It lacks headers once if the stack was built directly.
    """
    app = Starlette(routes=ROUTES, middleware=[outer, LAYER])
    if is_built:
        app.middleware_stack = app.build_middleware_stack()
    readable = [(b"access-control-allow-origin", ORIGIN.encode())]
    for headers in ([] if is_built else readable, readable):
        sent = await sent_by(app, {**http_scope("GET", ("origin", ORIGIN)), "path": "/crash"})
        [start] = [message for message in sent if message["type"] == "http.response.start"]
        assert start["status"] == 404
        assert [line for line in start["headers"] if line[0] == b"access-control-allow-origin"] == headers


def crashing(*messages: Any, error: type[BaseException] = ZeroDivisionError) -> Starlette:
    """Return an app with a layer that sends these messages and crashes."""

    async def crash(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        raise error

    app = Starlette(routes=[Mount("/", crash)], middleware=[LAYER])
    # If the stack is built directly, the middleware moves with the first request.
    app.middleware_stack = app.build_middleware_stack()
    return app


async def test_a_cancelled_first_request_is_not_answered() -> None:
    """The client has disconnected, so nothing is sent."""
    app = crashing(error=asyncio.CancelledError)
    assert await sent_by(app, http_scope("GET", ("origin", ORIGIN))) == [asyncio.CancelledError]


async def test_a_message_before_the_start_is_no_start() -> None:
    """A first request that crashes after an early hint gets a response."""
    app = crashing({"type": "http.response.early_hint", "links": []})
    hint, start, body, error = await sent_by(app, http_scope("GET", ("origin", ORIGIN)))
    assert (hint["type"], start["status"], body["body"]) == ("http.response.early_hint", 500, b"Internal Server Error")
    assert (b"access-control-allow-origin", ORIGIN.encode()) in start["headers"]
    assert error is ZeroDivisionError


async def test_a_first_websocket_that_crashes_is_sent_nothing() -> None:
    """A 500 is only for requests. On a WebSocket, the server would not accept such a message."""
    scope = {**http_scope("GET", ("origin", ORIGIN)), "type": "websocket"}
    assert await sent_by(crashing(), scope) == [ZeroDivisionError]


async def test_a_lifespan_that_crashes_is_sent_nothing_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """This includes the old position, which the layer around it may still call."""

    @asynccontextmanager
    async def failing(app: Any) -> AsyncIterator[None]:
        raise ZeroDivisionError
        yield

    def hold_on(self: object, name: str, value: object) -> None:
        raise TypeError

    app = Starlette(lifespan=failing, middleware=[LAYER])
    app.middleware_stack = app.build_middleware_stack()
    with monkeypatch.context() as patch:
        patch.setattr(ServerErrorMiddleware, "__setattr__", hold_on, raising=False)
        sent = await sent_by(app, {"type": "lifespan", "state": {}})
    assert [message["type"] for message in sent[:-1]] in ([], ["lifespan.startup.failed"])
    assert sent[-1] is ZeroDivisionError


class Refusing:
    """A wrapper whose attributes cannot be set, and which raises an unusual error."""

    app: Any

    def __init__(self, app: Any) -> None:
        vars(self)["app"] = app

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError(name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self.app(scope, receive, send)


class Ignoring:
    """A wrapper that ignores attempts to set its attributes."""

    def __init__(self, app: Any) -> None:
        self._app = app

    @property
    def app(self) -> Any:
        """The wrapped app."""
        return self._app

    @app.setter
    def app(self, app: Any) -> None:
        """Ignore the new value."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self._app(scope, receive, send)


class Telling(Ignoring):
    """A wrapper whose `app` cannot be read."""

    @property
    def app(self) -> Any:
        """Raise an unusual exception."""
        raise RuntimeError


@lifespans
@pytest.mark.parametrize("parent", [Refusing, Ignoring, Telling])
@pytest.mark.parametrize("inside", [True, False], ids=["around it", "inside it"])
def test_no_request_fails_because_of_a_strange_parent(*, parent: Any, inside: bool, served: Served) -> None:
    """Whatever is around the middleware or inside it, a response has its headers once."""
    app = Starlette(routes=ROUTES, middleware=[Middleware(parent), LAYER])
    if not inside:
        app.user_middleware.reverse()
    client = client_of(app)
    with served(client):
        for _ in range(3):
            answer = client.get("/", headers={"Origin": ORIGIN})
            assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (200, [ORIGIN])
        # If a wrapper hides its app, the middleware stays at its position.
        crashed = [] if parent is Telling and inside else [ORIGIN]
        assert allowed(client, "/crash", ORIGIN) == crashed


@lifespans
@pytest.mark.parametrize("tracer", [Answering, Refusing, Ignoring, Telling])
def test_whatever_is_put_around_the_stack_it_is_not_lost(tracer: Any, served: Served) -> None:
    """A wrapper around the app's own layers stays, outside or inside of the middleware."""

    class Traced(Starlette):
        def build_middleware_stack(self) -> Any:
            return tracer(super().build_middleware_stack())

    app = Traced(routes=ROUTES, middleware=[LAYER])
    client = client_of(app)
    with served(client):
        client.get("/")
        assert allowed(client, "/", ORIGIN) == [ORIGIN]
        # Without a lifespan, the middleware had moved before the tracer was added around it.
        is_inside = served is nullcontext
        assert allowed(client, "/crash", ORIGIN) == ([] if tracer is Telling and not is_inside else [ORIGIN])
    assert isinstance(app.middleware_stack, tracer) == (is_inside or tracer in {Answering, Telling})


@pytest.fixture
def failing_log() -> Iterator[None]:
    """A filter of the user that raises."""

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record)

    logger = logging.getLogger("crossorigin")
    logger.addFilter(fail)
    yield
    logger.removeFilter(fail)


@pytest.mark.usefixtures("failing_log")
def test_a_log_that_fails_fails_no_request_of_a_layer_that_stays() -> None:
    """The warning is lost, and the response is sent."""
    app = Starlette(routes=[Mount("/", CORSMiddleware(answering(), policy=POLICY))])
    assert allowed(client_of(app), "/", ORIGIN) == [ORIGIN]


async def test_apps_that_are_handed_one_lifespan_know_nothing_of_each_other(caplog: pytest.LogCaptureFixture) -> None:
    """With consecutive or concurrent lifespans, each middleware moves in its own app, and no middleware is disabled."""
    third = CORSMiddleware(answering(), policy=ELSE)
    for at_a_time in (False, True):
        apps = [
            Starlette(routes=ROUTES, middleware=[Middleware(Unauthorized), Middleware(CORSMiddleware, policy=policy)])
            for policy in (POLICY, ELSE)
        ]
        scope = {"type": "lifespan", "state": {}}
        started, stop = asyncio.Event(), asyncio.Event()

        async def live(app: Any, scope: Any, started: asyncio.Event, stop: asyncio.Event) -> None:
            async def next_message() -> Any:
                if not started.is_set():
                    return {"type": "lifespan.startup"}
                await stop.wait()
                return {"type": "lifespan.shutdown"}

            async def note(message: Any) -> None:
                started.set()

            await app(scope, next_message, note)

        lives = []
        for app in apps:
            started = asyncio.Event()
            lives.append(asyncio.create_task(live(app, scope, started, stop)))
            await started.wait()
            if not at_a_time:
                stop.set()
                await lives[-1]
        for app, origin in zip(apps, (ORIGIN, OTHER), strict=True):
            answer = await headers_of(app, http_scope("GET", ("origin", origin)))
            assert (b"access-control-allow-origin", origin.encode()) in answer
        stop.set()
        await asyncio.gather(*lives)
    assert third.policy is ELSE
    assert caplog.records == []
