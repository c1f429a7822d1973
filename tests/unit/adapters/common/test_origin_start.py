"""The start of an app with stored origins: it waits for them, goes on without them, or fails."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware

from crossorigin import CORSMiddleware, LiveOrigins, StoreError
from crossorigin.adapters.common.origin_start import check_origins, start_origins, start_origins_async
from crossorigin.flask import CORS
from crossorigin.wsgi import CORSMiddleware as WSGIMiddleware
from tests.cases.live_apps import Builder, allows, django, django_async, request_of
from tests.cases.wsgi import environ_of, serve
from tests.unit.adapters.aiohttp.apps import create as aiohttp_app
from tests.unit.adapters.aiohttp.apps import running
from tests.unit.adapters.asgi.scopes import exchange, headers_of, http_scope
from tests.unit.live.stores.stores import SHOP, create, execute, insert

# A test that waits for this long has failed.
LONG = 60.0
SHORT = 0.05


def store(path: Path) -> str:
    """Create a store with one origin, in one step for those who wait for it."""
    execute(create(f"sqlite:///{path}.new"), insert(SHOP))
    path.with_name(f"{path.name}.new").rename(path)
    return f"sqlite:///{path}"


def bare(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer any request."""
    start_response("200 OK", [])
    return [b"hello"]


def wsgi(origins: LiveOrigins) -> Any:
    """Return a WSGI app with the middleware."""
    return WSGIMiddleware(bare, origins=origins)


def flask(origins: LiveOrigins) -> Any:
    """Return the WSGI app of a Flask app with the extension."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello")
    CORS(app, origins=origins)
    return app.wsgi_app


every_wsgi = pytest.mark.parametrize("build", [wsgi, flask])


def allowed(app: Any) -> bool:
    """Return whether a request of the stored origin is allowed."""
    _, headers, _ = serve(app, environ_of("GET", {"Origin": SHOP}))
    return dict(headers).get("Access-Control-Allow-Origin") == SHOP


async def lifespan(app: Any) -> list[str]:
    """Start an ASGI app, and return the types and messages of what it sends."""
    sent: list[str] = []
    inbox = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> dict[str, Any]:
        return inbox.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])
        if "message" in message:
            sent.append(message["message"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    return sent


def asgi(origins: LiveOrigins) -> Starlette:
    """Return an ASGI app with the middleware."""
    return Starlette(middleware=[Middleware(CORSMiddleware, origins=origins)])


@every_wsgi
def test_the_first_request_of_a_wsgi_app_waits(build: Callable[..., Any], tmp_path: Path) -> None:
    """It is the start of the app, and no event loop is held up."""
    assert allowed(build(LiveOrigins.open(store(tmp_path / "cors.db"), start_timeout=LONG)))


@every_wsgi
def test_a_wsgi_app_serves_its_own_origins_without_a_store(
    build: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """After `start_timeout` it serves, the error is logged, and the origins apply when the store is there."""
    origins = LiveOrigins.open(f"sqlite:///{tmp_path / 'cors.db'}", start_timeout=SHORT, poll=SHORT)
    app = build(origins)
    assert not allowed(app)
    assert not allowed(build(origins))
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    (line,) = [line for line in lines if "start_timeout" in line]
    assert line == (
        f"The live origins in sqlite:///{tmp_path / 'cors.db'} were not loaded within start_timeout=0.05 seconds. "
        "Until they are, only the origins of the policy are allowed."
    )
    store(tmp_path / "cors.db")
    origins.refresh_sync()
    assert allowed(app)


@every_wsgi
def test_a_wsgi_app_that_requires_its_origins_serves_nothing_without_them(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    """Each request fails with the reason, until the store is there."""
    origins = LiveOrigins.open(f"sqlite:///{tmp_path / 'cors.db'}", start_timeout=SHORT, poll=SHORT, require=True)
    app = build(origins)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"not loaded within start_timeout=0\.05 seconds: There is no database"):
            allowed(app)
    store(tmp_path / "cors.db")
    origins.refresh_sync()
    assert allowed(app)


async def test_a_lifespan_waits_for_the_first_load(tmp_path: Path) -> None:
    """The first request finds the origins."""
    app = asgi(LiveOrigins.open(store(tmp_path / "cors.db"), start_timeout=LONG))
    assert await lifespan(app) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    headers = dict(await headers_of(app, http_scope("GET", ("origin", SHOP))))
    assert headers[b"access-control-allow-origin"] == SHOP.encode()


async def test_a_lifespan_goes_on_without_a_store(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The app is more useful with the origins of its policy than not at all."""
    app = asgi(LiveOrigins.open(f"sqlite:///{tmp_path / 'cors.db'}", start_timeout=SHORT))
    assert await lifespan(app) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert "were not loaded within start_timeout=0.05 seconds" in caplog.text


async def test_a_lifespan_fails_if_the_origins_are_required(tmp_path: Path) -> None:
    """The server prints the reason and ends."""
    origins = LiveOrigins.open(f"sqlite:///{tmp_path / 'cors.db'}", start_timeout=SHORT, require=True)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    with pytest.raises(RuntimeError, match="With require=True, the app does not serve without them"):
        await asgi(origins)({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    (failed,) = sent
    assert failed["type"] == "lifespan.startup.failed"
    assert failed["message"].startswith(f"CORSMiddleware: The live origins in sqlite:///{tmp_path / 'cors.db'} were")


@pytest.mark.parametrize("serving", [django, django_async])
def test_the_first_request_of_django_waits(serving: Builder, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Django has no lifespan. Without a store, it serves its own origins, or nothing if the origins are required."""
    path = tmp_path / "cors.db"
    url = f"sqlite:///{path}"
    with serving(origins=LiveOrigins.open(url, start_timeout=SHORT)) as send:
        assert not allows(send, SHOP)
        assert f"Fix the connection to {url} first, because the live origins are not in use." in caplog.text
    required = LiveOrigins.open(url, start_timeout=SHORT, poll=SHORT, require=True)
    with serving(origins=required) as send:
        assert [send(request_of(SHOP)).status for _ in range(2)] == [500, 500]
        assert "With require=True, the app does not serve without them." in caplog.text
        store(path)
        required.refresh_sync()
        assert allows(send, SHOP)
    with serving(origins=LiveOrigins.open(url, start_timeout=LONG)) as send:
        assert allows(send, SHOP)


async def test_an_aiohttp_app_waits_at_its_start(tmp_path: Path) -> None:
    """It starts without a store, unless the origins are required."""
    path = tmp_path / "cors.db"
    missing = LiveOrigins.open(f"sqlite:///{path}", start_timeout=SHORT)
    async with running(aiohttp_app(origins=missing)) as client:
        assert (await client.get(origin=SHOP)).headers.get("Access-Control-Allow-Origin") is None
    required = LiveOrigins.open(f"sqlite:///{path}", start_timeout=SHORT, require=True)
    with pytest.raises(RuntimeError, match="With require=True, the app does not serve without them"):
        await web.AppRunner(aiohttp_app(origins=required)).setup()
    origins = LiveOrigins.open(store(path), start_timeout=LONG)
    async with running(aiohttp_app(origins=origins)) as client:
        assert (await client.get(origin=SHOP)).headers["Access-Control-Allow-Origin"] == SHOP


async def test_an_aiohttp_app_that_was_not_started_serves_nothing_without_required_origins(tmp_path: Path) -> None:
    """Some test clients route requests without a start."""
    app = aiohttp_app(origins=LiveOrigins.open(f"sqlite:///{tmp_path / 'cors.db'}", require=True))
    with pytest.raises(RuntimeError, match="are not loaded yet"):
        await app.router.resolve(make_mocked_request("GET", "/", headers={"Origin": SHOP}, app=app))


async def test_a_request_in_an_event_loop_never_waits(tmp_path: Path) -> None:
    """A server without lifespan serves at once, unless the origins are required."""
    url = f"sqlite:///{tmp_path / 'cors.db'}"
    app = asgi(LiveOrigins.open(url, start_timeout=LONG))
    headers = dict(await headers_of(app, http_scope("GET", ("origin", SHOP))))
    assert b"access-control-allow-origin" not in headers
    required = LiveOrigins.open(url, start_timeout=LONG, require=True, poll=SHORT)
    app = asgi(required)
    with pytest.raises(RuntimeError, match="are not loaded yet"):
        await exchange(app, http_scope("GET", ("origin", SHOP)))
    store(tmp_path / "cors.db")
    await required.refresh()
    headers = dict(await headers_of(app, http_scope("GET", ("origin", SHOP))))
    assert headers[b"access-control-allow-origin"] == SHOP.encode()


async def test_an_event_loop_goes_on_while_it_waits(tmp_path: Path) -> None:
    """Another task of the start can do its work."""
    origins = LiveOrigins.open(f"sqlite:///{tmp_path / 'cors.db'}", start_timeout=LONG, poll=SHORT)
    start = asyncio.ensure_future(start_origins_async(origins))
    await asyncio.sleep(0)
    assert not start.done()
    store(tmp_path / "cors.db")
    await start
    assert SHOP in origins
    await start_origins_async(origins)


def test_another_kind_of_event_loop_is_held_up(tmp_path: Path) -> None:
    """Trio's, for example, cannot wait for a future of a thread without being imported."""
    origins = LiveOrigins.open(store(tmp_path / "cors.db"), start_timeout=LONG)
    start = start_origins_async(origins)
    with pytest.raises(StopIteration):
        start.send(None)
    assert SHOP in origins


@pytest.mark.parametrize("start", [start_origins, check_origins])
def test_only_stored_origins_are_waited_for(start: Callable[[LiveOrigins], None]) -> None:
    """A set in memory is complete, and polled origins have no `start_timeout`."""
    proceed = threading.Event()

    def load() -> list[str]:
        assert proceed.wait(LONG)
        return [SHOP]

    polled = LiveOrigins.polled(load)
    start(LiveOrigins())
    start(polled)
    assert not polled.status().ready
    proceed.set()
    polled.refresh_sync()


def test_requests_that_wait_together_are_all_served(tmp_path: Path) -> None:
    """Each of them waits until the same moment, and one line is logged."""
    origins = LiveOrigins.open(f"sqlite:///{tmp_path / 'cors.db'}", start_timeout=LONG, poll=SHORT)
    origins.start()
    first = origins.first_load()
    assert first is not None
    futures = [first.future(), first.future()]
    assert futures[0].cancel()
    store(tmp_path / "cors.db")
    futures[1].result(LONG)
    first.future().result(LONG)
    first.finish()
    assert origins.first_load() is None
    with pytest.raises(StoreError):
        LiveOrigins.open(f"sqlite:///{tmp_path / 'none.db'}").refresh_sync()
