"""An app that leaves a trace when it runs, so that a test can tell that it never did."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.servers.process import MARKER


def mark(text: str) -> None:
    """Write a line where the test looks."""
    with Path(os.environ[MARKER]).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncGenerator[dict[str, str]]:
    """Hand a word to the requests."""
    mark("lifespan")
    yield {"word": "hello"}


async def hello(request: Request) -> Response:
    """Answer with the lifespan's word."""
    mark(request.method)
    return PlainTextResponse(request.state.word)


async def stream(request: Request) -> Response:
    """Answer in parts."""
    mark("stream")
    return StreamingResponse(iter(["a", "b", "c"]))


async def file(request: Request) -> Response:
    """Answer with a file, which a server may send itself."""
    mark("file")
    return FileResponse(__file__)


async def fail(request: Request) -> Response:
    """Raise, as apps do."""
    mark("fail")
    message = "the app failed"
    raise RuntimeError(message)


ROUTES = [
    Route("/", hello, methods=["GET", "PUT", "OPTIONS"]),
    Route("/stream", stream),
    Route("/file", file),
    Route("/fail", fail),
]
