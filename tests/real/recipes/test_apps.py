"""Apps as a whole: the path behind a proxy, the state, dependency overrides, mounts and WebSockets."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from websockets.sync.client import connect
from websockets.typing import Origin

from crossorigin import CORSMiddleware, Policy
from crossorigin.testing import assert_browser_can, assert_browser_cannot
from tests.real.recipes.serving import served, statuses
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_POLICY = Policy(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"], allow_headers=["X-Token"])


def token() -> str:
    """Return the value of a dependency."""
    return "real"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, str]]:
    """Set state of the app and state of the requests."""
    app.state.started = "started"
    yield {"word": "kept"}
    app.state.started = "stopped"


def make(**options: Any) -> FastAPI:
    """Return an app that answers with its path, state and dependencies."""
    app = FastAPI(lifespan=lifespan, **options)
    app.add_middleware(CORSMiddleware, policy=_POLICY)

    @app.get("/facts")
    def facts(request: Request, dependency: Annotated[str, Depends(token)]) -> dict[str, Any]:
        return {
            "same app": request.app is app,
            "root path": request.scope["root_path"],
            "dependency": dependency,
            "started": getattr(app.state, "started", None),
            "word": getattr(request.state, "word", None),
            "url": str(request.url_for("facts")),
        }

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept(headers=[(b"x-own", b"1")])
        await websocket.send_text(f"hello {await websocket.receive_text()}")
        await websocket.close()

    return app


# The newest FastAPI would rather have the server told.
@pytest.mark.filterwarnings("ignore:The `root_path` parameter is deprecated")
@pytest.mark.parametrize(
    ("options", "config", "path"),
    [
        ({"root_path": "/api"}, {}, "/facts"),
        ({"root_path": "/api"}, {}, "/api/facts"),
        ({}, {"root_path": "/api"}, "/facts"),
    ],
    ids=["proxy strips", "proxy keeps", "told to the server"],
)
def test_behind_a_proxy_a_page_calls_the_path_it_knows(
    options: dict[str, str], config: dict[str, str], path: str
) -> None:
    """With `root_path`, requests and preflights are served below the prefix, and the app has the prefix in its URLs."""
    with served(make(**options), **config) as server:
        assert statuses(server.fetch(path, origin=ORIGIN, headers=(("X-Token", "t"),))) == [200, 200]
        assert server.fetch(path, origin=UNTRUSTED).reason == "missing-allow-origin-header"
        with server.ask("GET", path, {"Origin": ORIGIN}) as answer:
            facts = answer.read()
        assert b'"root path":"/api"' in facts
        assert b'/api/facts"' in facts
        with server.ask("GET", "/openapi.json") as answer:
            assert b'"servers":[{"url":"/api"}]' in answer.read()


def test_the_app_is_the_object_it_was() -> None:
    """Before and after the first request, dependencies can be overridden, state set and the schema read."""
    app = make()
    assert isinstance(app, FastAPI)
    app.state.mine = "mine"
    client = TestClient(app)
    assert client.get("/facts").json()["dependency"] == "real"
    app.dependency_overrides[token] = lambda: "overridden"
    facts = client.get("/facts", headers={"Origin": ORIGIN}).json()
    assert (facts["dependency"], facts["same app"], app.state.mine) == ("overridden", True, "mine")
    app.dependency_overrides.clear()
    assert client.get("/facts").json()["dependency"] == "real"
    assert (app.url_path_for("facts"), [*app.openapi()["paths"]]) == ("/facts", ["/facts"])


def test_a_route_that_is_added_late_is_served_as_the_others() -> None:
    """Routes can be added after the first request, as some plugins do."""
    app = make()
    assert_browser_can(app, origin=ORIGIN, url="/facts")

    @app.get("/late")
    def late() -> str:
        return "late"

    assert assert_browser_can(app, origin=ORIGIN, url="/late").status == 200
    assert_browser_cannot(app, origin=UNTRUSTED, url="/late")


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_client_of_tests_works_with_the_lifespan_and_without(rounds: int) -> None:
    """Inside `with`, the lifespan runs each time.

    Without `with`, the responses are the same and the lifespan does not run.
    """
    app = make()
    headers = {"Origin": ORIGIN}
    for _ in range(rounds):
        with TestClient(app) as client:
            answer = client.get("/facts", headers=headers)
            assert answer.headers["access-control-allow-origin"] == ORIGIN
            assert (answer.json()["started"], answer.json()["word"]) == ("started", "kept")
        assert app.state.started == "stopped"
        answer = TestClient(app).get("/facts", headers=headers)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert (answer.json()["started"], answer.json()["word"]) == ("stopped", None)
    before = TestClient(make()).get("/facts", headers=headers)
    assert before.headers["access-control-allow-origin"] == ORIGIN
    assert before.json()["started"] is None


@pytest.mark.parametrize("sub", [Starlette, FastAPI])
@pytest.mark.parametrize("mounts", ["/sub", ""])
def test_a_mounted_app_without_a_policy_has_that_of_the_whole(sub: type[Starlette], mounts: str) -> None:
    """The middleware of the outer app adds headers to preflights, responses and errors of the mounted app."""

    async def inside(request: Request) -> PlainTextResponse:
        return PlainTextResponse("inside")

    app = FastAPI()
    app.add_middleware(CORSMiddleware, policy=_POLICY)
    app.mount(mounts, sub(routes=[Route("/in/", inside, methods=["GET", "PUT"]), Mount("/deeper", sub())]))
    for origin, judge in ((ORIGIN, assert_browser_can), (UNTRUSTED, assert_browser_cannot)):
        for url, status in ((f"{mounts}/in/", 200), (f"{mounts}/nowhere", 404), (f"{mounts}/deeper/x", 404)):
            verdict = judge(app, origin=origin, url=url)
            assert verdict.status == status
        judge(app, origin=origin, url=f"{mounts}/in/", method="PUT", headers={"X-Token": "t"})
        # The router of the mounted app redirects to the path with a slash.
        judge(app, origin=origin, url=f"{mounts}/in")


@pytest.mark.parametrize("origin", [ORIGIN, UNTRUSTED, None])
def test_a_websocket_is_untouched(origin: str | None) -> None:
    """Browsers make no CORS check for a handshake, so its response has the app's own headers only."""
    with (
        served(make(), ws="websockets-sansio") as server,
        connect(
            f"ws://127.0.0.1:{server.port}/socket", origin=None if origin is None else Origin(origin), proxy=None
        ) as connection,
    ):
        connection.send("page")
        assert connection.recv() == "hello page"
        response = connection.response
        assert response is not None
        names = {name.lower() for name, _ in response.headers.raw_items()}
    assert "x-own" in names
    assert not {name for name in names if name.startswith("access-control-") or name == "vary"}
