"""Whatever people put into an app's stack, a layer moves only if it may, and a request is answered, once."""

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
    """A client to which a crash is an answer."""
    return TestClient(app, raise_server_exceptions=False)


def allowed(client: TestClient, path: str, origin: str) -> list[str]:
    """Who may read an answer."""
    return client.get(path, headers={"Origin": origin}).headers.get_list("access-control-allow-origin")


async def sent_by(app: Any, scope: Any) -> list[Any]:
    """Everything that an app sends for one scope, and what it raises behind it."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    except BaseException as error:  # a cancelled request ends with one
        sent.append(type(error))
    return sent


def told(caplog: pytest.LogCaptureFixture, what: str) -> int:
    """How many warnings tell of something."""
    return sum(what in record.getMessage() for record in caplog.records)


class OnePath:
    """Holds a layer of its own, and uses it for one path; others go to the app as it was."""

    def __init__(self, app: Any) -> None:
        self.plain = app
        self.app = CORSMiddleware(app, policy=POLICY)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Choose."""
        app = self.plain if scope.get("path") == "/" else self.app
        await app(scope, receive, send)


@lifespans
def test_a_layer_for_one_path_stays_there(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """Its policy never spreads over the rest of the app, and it says that it stays."""
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
def test_a_layer_for_one_path_stays_there_beside_one_for_the_app(*, served: Served, outside: bool) -> None:
    """That another layer of the same class was added to the app is no leave for this one to move."""
    app = Starlette(routes=[*ROUTES, Route("/one", PlainTextResponse("one"))])
    app.add_middleware(OnePath)
    app.add_middleware(CORSMiddleware, policy=ELSE)
    if outside:
        app.user_middleware.reverse()
    client = client_of(app)
    with served(client):
        # The first request may be served before the app's own layer has moved.
        allowed(client, "/one", ORIGIN)
        for _ in range(2):
            assert allowed(client, "/", ORIGIN) == []
            assert allowed(client, "/", OTHER) == [OTHER]
            assert allowed(client, "/crash", OTHER) == [OTHER]
            assert len(allowed(client, "/one", OTHER)) <= 1


def test_a_partial_of_the_class_moves() -> None:
    """It is added to the app like the class."""
    partial: Any = functools.partial(CORSMiddleware, policy=POLICY)
    app = Starlette(routes=ROUTES, middleware=[Middleware(Unauthorized), Middleware(partial)])
    with client_of(app) as client:
        assert allowed(client, "/", ORIGIN) == [ORIGIN]


@pytest.mark.parametrize("added", [[Unauthorized, ServerErrorMiddleware], [ServerErrorMiddleware, Unauthorized]])
def test_it_moves_outside_what_users_add_of_the_outermost_class(added: list[Any]) -> None:
    """Starlette's own outermost layer is told from one that was added for its handler."""
    app = Starlette(routes=ROUTES, middleware=[*map(Middleware, added), LAYER])
    with client_of(app) as client:
        assert allowed(client, "/", ORIGIN) == [ORIGIN]
        assert isinstance(app.middleware_stack, CORSMiddleware)


class Choosing(CORSMiddleware):
    """Decides itself what becomes of a request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Leave one path alone."""
        await (self.app if scope.get("path") == "/" else super().__call__)(scope, receive, send)


class Labeled(CORSMiddleware):
    """Has an attribute of its own, and compares by it, so it has no hash."""

    def __init__(self, app: Any, label: str, **options: Any) -> None:
        super().__init__(app, **options)
        self.label = label

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labeled) and self.label == other.label

    __hash__ = None  # type: ignore[assignment]


@lifespans
def test_a_subclass_with_a_call_of_its_own_stays(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """What it does there is meant for the place where it was put; it says so."""
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
    """It needs no hash."""
    app = Starlette(routes=ROUTES)
    app.add_middleware(Labeled, label="mine", policy=POLICY)
    with client_of(app) as client:
        assert allowed(client, "/crash", ORIGIN) == [ORIGIN]
    moved = app.middleware_stack
    assert isinstance(moved, Labeled)
    assert moved.label == "mine"


@lifespans
def test_an_authentication_outside_is_not_passed_by(served: Served) -> None:
    """What stands around the old place is asked for every request, the first one and later ones."""
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
    """Answers an exception in its own way."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Say that nothing was found."""
        try:
            await self.app(scope, receive, send)
        except ZeroDivisionError:
            await answering(status=404)(scope, receive, send)


async def catching(request: Request, call_next: Any) -> Any:
    """Do it in a dispatch."""
    try:
        return await call_next(request)
    except ZeroDivisionError:
        return PlainTextResponse("", 404)


class Catching(BaseHTTPMiddleware):
    """Does it in a method."""

    async def dispatch(self, request: Request, call_next: Any) -> Any:
        """Do it."""
        return await catching(request, call_next)


def not_found(request: Request, error: Exception) -> PlainTextResponse:
    """Do it in a handler."""
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
    """Without a lifespan there is one answer, that layer's. It lacks headers once if the stack was built by hand."""
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
    """An app with a layer that sends these and crashes."""

    async def crash(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)
        raise error

    app = Starlette(routes=[Mount("/", crash)], middleware=[LAYER])
    # Built by hand, the layer moves with the first request.
    app.middleware_stack = app.build_middleware_stack()
    return app


async def test_a_cancelled_first_request_is_not_answered() -> None:
    """Nobody is there to read it."""
    app = crashing(error=asyncio.CancelledError)
    assert await sent_by(app, http_scope("GET", ("origin", ORIGIN))) == [asyncio.CancelledError]


async def test_a_message_before_the_start_is_no_start() -> None:
    """A first request that crashes behind an early hint is answered all the same."""
    app = crashing({"type": "http.response.early_hint", "links": []})
    hint, start, body, error = await sent_by(app, http_scope("GET", ("origin", ORIGIN)))
    assert (hint["type"], start["status"], body["body"]) == ("http.response.early_hint", 500, b"Internal Server Error")
    assert (b"access-control-allow-origin", ORIGIN.encode()) in start["headers"]
    assert error is ZeroDivisionError


async def test_a_first_websocket_that_crashes_is_sent_nothing() -> None:
    """A 500 answers requests; on a WebSocket the server would know no such message."""
    scope = {**http_scope("GET", ("origin", ORIGIN)), "type": "websocket"}
    assert await sent_by(crashing(), scope) == [ZeroDivisionError]


async def test_a_lifespan_that_crashes_is_sent_nothing_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the old place is still asked, for the layer around it holds on to it."""

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
    """Cannot be changed, and says so with an error that is not usual."""

    app: Any

    def __init__(self, app: Any) -> None:
        vars(self)["app"] = app

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError(name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand on."""
        await self.app(scope, receive, send)


class Ignoring:
    """Cannot be changed, and does not say so."""

    def __init__(self, app: Any) -> None:
        self._app = app

    @property
    def app(self) -> Any:
        """What it holds."""
        return self._app

    @app.setter
    def app(self, app: Any) -> None:
        """Do nothing."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand on."""
        await self._app(scope, receive, send)


class Telling(Ignoring):
    """Does not tell what it holds."""

    @property
    def app(self) -> Any:
        """Raise what nobody expects."""
        raise RuntimeError


@lifespans
@pytest.mark.parametrize("parent", [Refusing, Ignoring, Telling])
@pytest.mark.parametrize("inside", [True, False], ids=["around it", "inside it"])
def test_no_request_fails_on_account_of_a_strange_parent(*, parent: Any, inside: bool, served: Served) -> None:
    """Whatever stands around the layer, or further in, an answer has its headers once."""
    app = Starlette(routes=ROUTES, middleware=[Middleware(parent), LAYER])
    if not inside:
        app.user_middleware.reverse()
    client = client_of(app)
    with served(client):
        for _ in range(3):
            answer = client.get("/", headers={"Origin": ORIGIN})
            assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (200, [ORIGIN])
        # A layer that does not tell what it holds leaves the layer where it was put.
        crashed = [] if parent is Telling and inside else [ORIGIN]
        assert allowed(client, "/crash", ORIGIN) == crashed


@lifespans
@pytest.mark.parametrize("tracer", [Answering, Refusing, Ignoring, Telling])
def test_whatever_is_put_around_the_stack_it_is_not_lost(tracer: Any, served: Served) -> None:
    """What stands outside the app's own layers holds it from then on, or else it stands around that."""

    class Traced(Starlette):
        def build_middleware_stack(self) -> Any:
            return tracer(super().build_middleware_stack())

    app = Traced(routes=ROUTES, middleware=[LAYER])
    client = client_of(app)
    with served(client):
        client.get("/")
        assert allowed(client, "/", ORIGIN) == [ORIGIN]
        # Without a lifespan, the layer was at its place before the tracer was put around it.
        is_inside = served is nullcontext
        assert allowed(client, "/crash", ORIGIN) == ([] if tracer is Telling and not is_inside else [ORIGIN])
    assert isinstance(app.middleware_stack, tracer) == (is_inside or tracer in {Answering, Telling})


@pytest.fixture
def failing_log() -> Iterator[None]:
    """A filter of the user's own that raises."""

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record)

    logger = logging.getLogger("crossorigin")
    logger.addFilter(fail)
    yield
    logger.removeFilter(fail)


@pytest.mark.usefixtures("failing_log")
def test_a_log_that_fails_fails_no_request_of_a_layer_that_stays() -> None:
    """The warning is lost, and the answer is not."""
    app = Starlette(routes=[Mount("/", CORSMiddleware(answering(), policy=POLICY))])
    assert allowed(client_of(app), "/", ORIGIN) == [ORIGIN]


async def test_apps_that_are_handed_one_lifespan_know_nothing_of_each_other(caplog: pytest.LogCaptureFixture) -> None:
    """Whether one after the other or at a time, each layer moves in its own app, and none stands down."""
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
