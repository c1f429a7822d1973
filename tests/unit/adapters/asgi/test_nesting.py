"""Of several nested middlewares, the outermost decides. The others do nothing, and one warning reports that."""

import asyncio
import copy
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import socketio
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router

from crossorigin import CORSMiddleware, Policy
from crossorigin.adapters.asgi.nesting import MARK
from crossorigin.starlette import cors
from tests.unit.adapters.asgi.scopes import (
    ORIGIN,
    OTHER,
    UNTRUSTED,
    answering,
    exchange,
    headers_of,
    http_scope,
    preflight_scope,
)

OUTER = Policy(allow_origins=[ORIGIN], expose_headers=["X-Outer"])
INNER = Policy(allow_origins=[OTHER, ORIGIN], allow_methods=["GET", "PUT"], expose_headers=["X-Inner"])


_HELLO = Route("/", PlainTextResponse("hello"))


def wrapped() -> Any:
    """Return a layer around a layer."""
    return CORSMiddleware(CORSMiddleware(Router([_HELLO]), policy=INNER), policy=OUTER)


def mounted() -> Any:
    """Return an app with a layer, and a child with another one."""
    child = FastAPI(title="Child")
    child.add_middleware(CORSMiddleware, policy=INNER)
    app = FastAPI(title="Parent")
    app.add_middleware(CORSMiddleware, policy=OUTER)
    app.mount("/", child)
    return app


def added_twice() -> Any:
    """Return an app to which a middleware was added twice."""
    app = Starlette(routes=[_HELLO])
    app.add_middleware(CORSMiddleware, policy=INNER)
    app.add_middleware(CORSMiddleware, policy=OUTER)
    return app


def in_front() -> Any:
    """Return an app with a middleware that is wrapped in another one."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, policy=INNER)
    return CORSMiddleware(app, policy=OUTER)


WAYS: list[Callable[[], Any]] = [wrapped, mounted, added_twice, in_front]
every_way = pytest.mark.parametrize("make", WAYS)
lifespans = pytest.mark.parametrize("served", [lambda client: client, nullcontext], ids=["lifespan", "no lifespan"])


@every_way
@lifespans
def test_the_outer_layer_decides(
    make: Callable[[], Any], served: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The headers of the response come from the outer policy only, and one warning names both."""
    client = TestClient(make())
    with served(client):
        # A mounted app builds its layers during its first request.
        assert client.get("/", headers={"Origin": ORIGIN}).headers.get_list("access-control-allow-origin") == [ORIGIN]
        for _ in range(3):
            answer = client.get("/", headers={"Origin": ORIGIN})
            assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
            assert answer.headers["access-control-expose-headers"] == "X-Outer"
            assert answer.headers["vary"] == "Origin"
            other = client.get("/", headers={"Origin": OTHER})
            assert "access-control-allow-origin" not in other.headers
            asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
            assert client.options("/", headers=asks).status_code == 400
    told = [record.getMessage() for record in caplog.records if "does not set CORS headers" in record.getMessage()]
    assert len(told) == 1
    assert "Remove it" in told[0]


def test_the_warning_tells_where_both_are(caplog: pytest.LogCaptureFixture) -> None:
    """The warning names the titles of the apps and the path of the mount."""
    with TestClient(mounted()) as client:
        for _ in range(2):
            client.get("/", headers={"Origin": ORIGIN})
    told = [record.getMessage() for record in caplog.records if "does not set CORS headers" in record.getMessage()]
    [message] = told
    assert "in FastAPI 'Child' at '/' does not set CORS headers" in message
    assert "inside the CORSMiddleware in FastAPI 'Parent' at '/'" in message


@pytest.mark.parametrize(
    ("inner", "is_same"),
    [
        (Policy(allow_origins=[OTHER], allow_methods=["PUT", "GET"], expose_headers=["X-Outer"]), True),
        (Policy(allow_origin_regex="https://.*", allow_methods=["PUT", "GET"], expose_headers=["X-Outer"]), True),
        (Policy(allow_origins=[OTHER], allow_methods=["PUT"], expose_headers=["X-Outer"]), False),
        (Policy(allow_origins=[OTHER], allow_methods=["PUT", "GET"], expose_headers=["X-Outer"], max_age=0), False),
    ],
)
async def test_two_policies_that_differ_in_origins_alone_can_be_merged(
    inner: Policy, *, is_same: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """If only the origins differ, the warning says to list all of them in the outer middleware."""
    outer = Policy(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"], expose_headers=["X-Outer"])
    await exchange(CORSMiddleware(CORSMiddleware(answering(), policy=inner), policy=outer), http_scope())
    [message] = [record.getMessage() for record in caplog.records]
    assert ("list the origins of both in the outer one" in message) == is_same
    assert ("Remove it if you do not use these." in message) != is_same


class Around:
    """A layer around a mounted app."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""
        await self.app(scope, receive, send)


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
@pytest.mark.parametrize("around", [lambda app: app, Around, lambda app: Router([Mount("/", app)])])
async def test_an_app_that_is_mounted_in_itself_decides_once(framework: Any, around: Any) -> None:
    """For each level of an app that is mounted in itself, there is one decision, that of the outermost level."""
    decisions: list[Any] = []
    own = cors(allow_origins=[OTHER])(PlainTextResponse("hello"))
    app = framework(routes=[_HELLO, Route("/own", own)])
    app.router.routes.append(Mount("/v1", app=around(app)))
    app.add_middleware(CORSMiddleware, policy=OUTER, on_decision=lambda decision, _: decisions.append(decision))
    for depth in (0, 1, 15):
        for path, allowed in (("/", ORIGIN), ("/own", OTHER)):
            decisions.clear()
            scope = {**http_scope("GET", ("origin", allowed)), "path": "/v1" * depth + path}
            headers = await headers_of(app, scope)
            assert [value for name, value in headers if name == b"access-control-allow-origin"] == [allowed.encode()]
            assert len(decisions) == 1


@pytest.fixture
def deep_calls() -> Iterator[None]:
    """Allow deep recursion: each level of an app that is mounted in itself calls all its middlewares."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10 * limit)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("deep_calls")
async def test_a_client_cannot_go_too_deep_to_escape_a_policy() -> None:
    """After the last level of the look-up, no origin is allowed, because an inner policy may be stricter."""
    app = Starlette(routes=[_HELLO, cors(None)(Mount("/admin", Router([_HELLO])))])
    app.router.routes.append(Mount("/v1", app=app))
    app.add_middleware(CORSMiddleware, policy=OUTER)
    for depth in (0, 31, 32, 50):
        scope = {**http_scope("GET", ("origin", ORIGIN)), "path": "/v1" * depth + "/admin/"}
        assert (b"access-control-allow-origin", ORIGIN.encode()) not in await headers_of(app, scope)
        scope = {**preflight_scope(ORIGIN, "GET"), "path": "/v1" * depth + "/admin/"}
        assert (await exchange(app, scope))[0]["status"] == 400


async def test_the_path_of_a_mount_cannot_write_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The path of a request is escaped and shortened in the warning."""
    app = wrapped()
    await exchange(app, {**http_scope("GET", ("origin", ORIGIN)), "root_path": "/\r\nevil" + "x" * 1000})
    [message] = [record.getMessage() for record in caplog.records]
    assert message.isprintable()
    assert len(message) < 500


async def test_standing_down_weakens_no_check() -> None:
    """A request that the inner middleware blocks stays blocked, although the outer one allows it."""
    ran: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        ran.append(scope["type"])
        await answering()(scope, receive, send)

    inner = CORSMiddleware(app, policy=OUTER, on_refused="block", check_websockets=True)
    outer = CORSMiddleware(inner, policy=INNER)
    [start, body] = await exchange(outer, http_scope("GET", ("origin", OTHER)))
    assert (start["status"], body["body"]) == (403, b"Disallowed CORS origin: origin-not-listed")
    assert dict(start["headers"])[b"access-control-allow-origin"] == OTHER.encode()
    handshake = {**http_scope("GET", ("origin", OTHER)), "type": "websocket"}
    assert [message["type"] for message in await exchange(outer, handshake)] == ["websocket.close"]
    assert ran == []
    assert (await exchange(outer, http_scope("GET", ("origin", ORIGIN))))[0]["status"] == 200
    assert ran == ["http"]


async def test_siblings_know_nothing_of_each_other(caplog: pytest.LogCaptureFixture) -> None:
    """Two apps in one process decide independently, and nothing is logged."""
    one, two = CORSMiddleware(answering(), policy=OUTER), CORSMiddleware(answering(), policy=INNER)
    for _ in range(2):
        assert (b"access-control-allow-origin", ORIGIN.encode()) in await headers_of(
            one, http_scope("GET", ("origin", ORIGIN))
        )
        assert (b"access-control-allow-origin", OTHER.encode()) in await headers_of(
            two, http_scope("GET", ("origin", OTHER))
        )
        assert (await exchange(two, preflight_scope(OTHER, "PUT")))[0]["status"] == 200
    assert caplog.records == []


@pytest.mark.parametrize("policies", [[], [INNER]], ids=["alone", "one of two"])
async def test_a_scope_that_is_used_again_is_served_again(
    policies: list[Policy], caplog: pytest.LogCaptureFixture
) -> None:
    """An app that passes the same scope to the middleware again gets the same headers each time."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answering(status=200 if scope["path"] == "/index" else 404)(scope, receive, send)

    layer = CORSMiddleware(app, policy=OUTER)
    others = [CORSMiddleware(answering(), policy=policy) for policy in policies]

    async def falling_back(scope: Any, receive: Any, send: Any) -> None:
        first = await exchange(layer, scope)
        if first[0]["status"] == 404:
            scope["path"] = "/index"
        await layer(scope, receive, send)

    for _ in range(2):
        [start, _] = await exchange(falling_back, http_scope("GET", ("origin", ORIGIN)))
        assert start["status"] == 200
        assert dict(start["headers"])[b"access-control-allow-origin"] == ORIGIN.encode()
    assert len(others) == len(policies)
    assert caplog.records == []


async def test_siblings_that_are_asked_in_turn_are_no_layers_of_each_other(caplog: pytest.LogCaptureFixture) -> None:
    """A cascade passes the scope of a 404 or a crash to the next app, which decides for itself."""

    async def crash(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    one, two, three = (
        CORSMiddleware(app, policy=policy)
        for app, policy in [(answering(status=404), OUTER), (crash, OUTER), (answering(), INNER)]
    )

    async def cascade(scope: Any, receive: Any, send: Any) -> None:
        await exchange(one, scope)
        with pytest.raises(ZeroDivisionError):
            await exchange(two, scope)
        await three(scope, receive, send)

    for _ in range(2):
        headers = dict(await headers_of(cascade, http_scope("GET", ("origin", ORIGIN))))
        assert headers[b"access-control-expose-headers"] == b"X-Inner"
    assert caplog.records == []


async def test_an_inner_layer_decides_the_requests_that_reach_it_directly() -> None:
    """It passes on what an outer layer serves, and must not keep doing so without one."""
    inner = CORSMiddleware(answering(), policy=INNER)
    outer = CORSMiddleware(inner, policy=OUTER)
    for _ in range(3):
        headers = dict(await headers_of(outer, http_scope("GET", ("origin", ORIGIN))))
        assert headers[b"access-control-expose-headers"] == b"X-Outer"
        headers = dict(await headers_of(inner, http_scope("GET", ("origin", OTHER))))
        assert headers[b"access-control-expose-headers"] == b"X-Inner"
        headers = dict(await headers_of(inner, http_scope("GET", ("origin", UNTRUSTED))))
        assert b"access-control-allow-origin" not in headers


async def test_a_scope_that_the_app_keeps_has_no_mark() -> None:
    """The same scope in a second request is a new request, also if the app has emptied it."""
    kept: list[dict[str, Any]] = []

    async def keeping(scope: Any, receive: Any, send: Any) -> None:
        kept.append(scope)
        await answering()(scope, receive, send)

    async def emptying(scope: Any, receive: Any, send: Any) -> None:
        await answering()(scope, receive, send)
        scope.clear()

    await exchange(CORSMiddleware(keeping, policy=OUTER), http_scope("GET", ("origin", ORIGIN)))
    assert MARK not in kept[0]
    other = CORSMiddleware(answering(), policy=INNER)
    assert dict(await headers_of(other, kept[0]))[b"access-control-expose-headers"] == b"X-Inner"
    assert await exchange(CORSMiddleware(emptying, policy=OUTER), http_scope("GET", ("origin", ORIGIN)))


def test_a_layer_can_be_copied_whole_after_a_refusal() -> None:
    """The middleware has no lock, which could not be copied, and which a finalizer or a fork could block."""
    layer = CORSMiddleware(answering(), policy=OUTER, on_decision=print)

    async def refuse() -> None:
        await exchange(layer, http_scope("GET", ("origin", UNTRUSTED)))

    asyncio.run(refuse())
    copied = copy.deepcopy(layer)
    assert copied.policy == layer.policy
    assert copied is not layer


async def test_a_log_that_fails_fails_no_request_of_two_layers() -> None:
    """A user's filter may raise: the warning is lost, and the response is sent."""

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record)

    logger = logging.getLogger("crossorigin")
    logger.addFilter(fail)
    try:
        headers = dict(await headers_of(wrapped(), http_scope("GET", ("origin", ORIGIN))))
    finally:
        logger.removeFilter(fail)
    assert headers[b"access-control-expose-headers"] == b"X-Outer"


def polling() -> Any:
    """Return a Socket.IO app that allows two origins itself, and sets its own headers."""
    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[ORIGIN, OTHER])
    return socketio.ASGIApp(server)


def with_socketio_mounted() -> Any:
    """Return an app in which it is mounted."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, policy=OUTER)
    app.mount("/", polling())
    return app


def with_socketio_wrapped() -> Any:
    """Return the Socket.IO app, wrapped directly."""
    return CORSMiddleware(polling(), policy=OUTER)


def with_socketio_around() -> Any:
    """Return the Socket.IO app around another app, with the middleware around both."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, policy=INNER)
    around = polling()
    around.other_asgi_app = app
    return CORSMiddleware(around, policy=OUTER)


@pytest.mark.parametrize("make", [with_socketio_mounted, with_socketio_wrapped, with_socketio_around])
def test_what_socketio_says_further_in_is_replaced(make: Callable[[], Any]) -> None:
    """Polling responses have one set of headers, and origins that only Socket.IO allows are not allowed."""
    client = TestClient(make())
    url = "/socket.io/?EIO=4&transport=polling"
    for _ in range(2):
        answer = client.get(url, headers={"Origin": ORIGIN})
        assert answer.text.startswith('0{"sid"')
        assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
        assert answer.headers["access-control-expose-headers"] == "X-Outer"
        assert "access-control-allow-credentials" not in answer.headers
        other = client.get(url, headers={"Origin": OTHER})
        assert not [name for name in other.headers if name.startswith("access-control-")]
        asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        assert client.options(url, headers=asks).text == "OK"


def test_what_socketio_answers_further_out_is_its_own() -> None:
    """Around an app with the middleware, Socket.IO answers its own polling once, and the app answers the rest."""
    app = FastAPI()
    app.add_middleware(CORSMiddleware, policy=OUTER)
    around = polling()
    around.other_asgi_app = app
    client = TestClient(around)
    answer = client.get("/socket.io/?EIO=4&transport=polling", headers={"Origin": OTHER})
    assert answer.headers.get_list("access-control-allow-origin") == [OTHER]
    answer = client.get("/openapi.json", headers={"Origin": ORIGIN})
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert answer.headers["access-control-expose-headers"] == "X-Outer"
