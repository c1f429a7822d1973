"""An app that leaves a mark when it runs, so that a test can check that it never ran."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from tests.real.servers.process import MARKER


def mark(text: str) -> None:
    """Write a line to the file that the test reads."""
    with Path(os.environ[MARKER]).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncGenerator[dict[str, str]]:
    """Set state of the requests."""
    mark("lifespan")
    yield {"word": "hello"}


async def hello(request: Request) -> Response:
    """Answer with the state that the lifespan set."""
    mark(request.method)
    # Without a lifespan there is no state.
    return PlainTextResponse(getattr(request.state, "word", "alone"))


async def stream(request: Request) -> Response:
    """Answer in parts."""
    mark("stream")
    return StreamingResponse(iter(["a", "b", "c"]))


async def file(request: Request) -> Response:
    """Answer with a file, which a server may send itself."""
    mark("pathsend" if "http.response.pathsend" in request.scope.get("extensions", {}) else "file")
    return FileResponse(__file__)


class Extensions:
    """An app that uses extensions of the server: early hints before its response, and trailers after it."""

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one request."""
        offered = scope.get("extensions") or {}
        hints, trailers = "http.response.early_hint" in offered, "http.response.trailers" in offered
        mark("extensions")
        if hints:
            await send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]})
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": trailers})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await send({"type": "http.response.body", "body": b"last"})
        if trailers:
            await send({"type": "http.response.trailers", "headers": [(b"x-checksum", b"1")]})


async def socket(websocket: WebSocket) -> None:
    """Send back each message, after the origin of the connection."""
    await websocket.accept()
    mark("socket")
    text = await websocket.receive_text()
    await websocket.send_text(f"{websocket.headers['origin']} says {text}")
    await websocket.close()


async def fail(request: Request) -> Response:
    """Raise, as apps do."""
    mark("fail")
    message = "the app failed"
    raise RuntimeError(message)


ROUTES = [
    Route("/", hello, methods=["GET", "PUT", "OPTIONS"]),
    Route("/stream", stream),
    Route("/file", file),
    Route("/extensions", Extensions()),
    Route("/fail", fail),
    WebSocketRoute("/socket", socket),
]
