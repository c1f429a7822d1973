"""The policy of an endpoint always checks its handshakes, and with `check_websockets` the nearest policy does."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

from crossorigin import CORSMiddleware
from crossorigin.fastapi import cors
from tests.unit.adapters.asgi.scopes import http_scope
from tests.unit.adapters.starlette.routed_apps import POLICIES, at, by, sent_by, with_layer


async def serve(websocket: WebSocket) -> None:
    """Accept the connection."""
    await websocket.accept()
    await websocket.close()


def fresh() -> Any:
    """Return a new endpoint."""

    async def endpoint(websocket: WebSocket) -> None:
        await serve(websocket)

    return endpoint


class Class(WebSocketEndpoint):
    """An endpoint that is a class."""

    async def on_connect(self, websocket: Any) -> None:
        """Accept and close."""
        await serve(websocket)


def connecting() -> Any:
    """Return a new endpoint class with a policy on the method that serves handshakes."""

    class Connects(WebSocketEndpoint):
        @by("route")
        async def on_connect(self, websocket: Any) -> None:
            await serve(websocket)

    return Connects


async def receive() -> dict[str, Any]:
    """Accept and close."""
    return {"type": "websocket.connect"}


async def handshake(app: Any, path: str, origin: str | None, *, denial: bool = False) -> list[Any]:
    """Return the types, statuses and codes of the response to a handshake."""
    headers = [] if origin is None else [("origin", origin)]
    scope = at(http_scope("GET", ("host", "api.example"), *headers), path)
    del scope["method"]
    scope |= {"type": "websocket", "scheme": "ws", "subprotocols": [], "state": {}}
    scope["extensions"] = {"websocket.http.response": {}} if denial else {}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message.get("status") or message.get("code") or message["type"])

    messages = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def next_message() -> Any:
        return next(messages)

    await app(scope, next_message, send)
    return sent


def serving(**arguments: Any) -> Any:
    """Return an app with WebSocket routes of every kind."""
    router = by("router")(APIRouter(prefix="/in"))
    router.add_api_websocket_route("/plain", fresh())
    router.add_api_websocket_route("/own/{n:int}", by("route")(fresh()))
    app = FastAPI(
        routes=[
            WebSocketRoute("/own", by("route")(fresh())),
            WebSocketRoute("/class", by("route")(type("Own", (Class,), {}))),
            WebSocketRoute("/method", connecting()),
            WebSocketRoute("/nearest", by("app")(connecting())),
            by("route")(WebSocketRoute("/route", fresh())),
            WebSocketRoute("/plain", fresh()),
            WebSocketRoute("/all", cors(allow_origins=["*"])(fresh())),
            Route("/http", by("route")(PlainTextResponse("no handshake"))),
            Mount("/sub", by("mount")(Starlette(routes=[WebSocketRoute("/plain", fresh())]))),
        ]
    )
    app.include_router(router, prefix="/v1")
    return with_layer(app, **arguments)


# The origins that can connect with `check_websockets`, and by the policy of an endpoint.
GUARDED = {
    "/own": ("route", "route"),
    "/class": ("route", "route"),
    "/method": ("route", "route"),
    "/nearest": ("route", "route"),
    "/route": ("route", "route"),
    "/plain": ("app", "all"),
    "/all": ("all", "all"),
    "/v1/in/plain": ("router", "all"),
    "/v1/in/own/1": ("route", "route"),
    "/sub/plain": ("mount", "all"),
}


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("checked", [True, False], ids=["checked", "not asked for"])
@pytest.mark.parametrize("inside", [True, False], ids=["inside another", "alone"])
async def test_a_handshake_is_guarded_by_the_policy_of_its_route(path: str, *, checked: bool, inside: bool) -> None:
    """The server's own pages, and clients that are not browsers, can always connect."""
    app: Any = serving(check_websockets=checked)
    if inside:
        app = CORSMiddleware(app, policy=POLICIES["outer"])
    guard = GUARDED[path][0 if checked else 1]
    for name in POLICIES:
        expected = ["websocket.accept", 1000] if guard in {"all", name} else [1008]
        assert await handshake(app, path, f"https://{name}.example") == expected, name
    for origin in (None, "http://api.example"):
        assert await handshake(app, path, origin) == ["websocket.accept", 1000]


async def test_a_policy_on_the_method_of_a_class_is_found_alone() -> None:
    """No other policy makes the middleware look at the routes."""
    app: Any = with_layer(Starlette(routes=[WebSocketRoute("/", connecting())]))
    assert await handshake(app, "/", "https://app.example") == [1008]
    assert await handshake(app, "/", "https://route.example") == ["websocket.accept", 1000]


async def test_where_the_server_can_the_refusal_is_a_403() -> None:
    """Otherwise the connection is closed with the code for a policy violation."""
    assert await handshake(serving(), "/own", "https://app.example", denial=True) == [
        403,
        "websocket.http.response.body",
    ]


@pytest.mark.parametrize("path", ["/nowhere", "/http", "/v1/in/own/x", "/own/"])
async def test_what_serves_no_handshake_is_left_to_the_router(path: str) -> None:
    """The policy of a route for HTTP requests does not apply to handshakes."""
    assert await handshake(serving(), path, "https://evil.example") != ["websocket.accept", 1000]
    assert await handshake(serving(check_websockets=True), path, "https://route.example") == [1008]
    assert await handshake(serving(check_websockets=True), path, "https://app.example") != ["websocket.accept", 1000]


async def test_a_lifespan_is_handed_on() -> None:
    """No policy applies to it, with one middleware or two."""
    started: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        started.append(scope["type"])

    layer = CORSMiddleware(app, policy=POLICIES["app"], served_methods_only=True)
    await sent_by(layer, {"type": "lifespan"})
    assert started == ["lifespan"]
