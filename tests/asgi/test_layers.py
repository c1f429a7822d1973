"""Of several layers around one response the outermost decides, and the others stand down and say so once."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router
from tests.asgi.wire import ORIGIN, OTHER, STRANGER, answering, exchange, headers_of, http_scope, preflight_scope

from crossorigin import CORSMiddleware, Policy

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
    """Return an app to which a layer was added, and then another one."""
    app = Starlette(routes=[_HELLO])
    app.add_middleware(CORSMiddleware, policy=INNER)
    app.add_middleware(CORSMiddleware, policy=OUTER)
    return app


def in_front() -> Any:
    """Return an app with a layer, wrapped by hand in another one."""
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
    """One response has one owner: what the inner one would allow or expose is not said; one warning tells of it."""
    client = TestClient(make())
    with served(client):
        # A child builds its layers within its first request.
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
    told = [record.getMessage() for record in caplog.records if "stands down" in record.getMessage()]
    assert len(told) == 1
    assert "remove it" in told[0]


def test_the_warning_tells_where_both_are(caplog: pytest.LogCaptureFixture) -> None:
    """The apps' titles and the path of the mount lead to them."""
    with TestClient(mounted()) as client:
        for _ in range(2):
            client.get("/", headers={"Origin": ORIGIN})
    told = [record.getMessage() for record in caplog.records if "stands down" in record.getMessage()]
    [message] = told
    assert "in FastAPI 'Child' at '/': another one in FastAPI 'Parent' at '/' is outside it" in message


async def test_the_path_of_a_mount_cannot_write_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """What a stranger put into the path is escaped, and cut."""
    app = wrapped()
    await exchange(app, {**http_scope("GET", ("origin", ORIGIN)), "root_path": "/\r\nevil" + "x" * 1000})
    [message] = [record.getMessage() for record in caplog.records]
    assert message.isprintable()
    assert len(message) < 500


async def test_standing_down_weakens_no_check() -> None:
    """What an inner layer blocks stays blocked, where the outer one lets it through."""
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
    """Two apps in one process, each with its own layer: each decides for itself, and nothing is told."""
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


async def test_a_layer_that_is_left_alone_takes_the_short_way_again() -> None:
    """What another layer costs, it costs while it is there, and for one request more."""
    kept = CORSMiddleware(answering(), policy=OUTER, outermost=False)
    assert kept._plan is not None
    other = CORSMiddleware(answering(), policy=OUTER, outermost=False)
    assert kept._plan is None
    del other
    await headers_of(kept, http_scope("GET", ("origin", STRANGER)))
    assert kept._plan is not None
