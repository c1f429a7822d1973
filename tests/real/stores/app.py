"""Apps with stored live origins, one for ASGI and one for WSGI.

Every response has the status of its worker in a header. The file in the environment variable `MARKER` has the
`Configuration` as JSON. The path `/` has the origins of the first store, and `/1` those of the second.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.real.servers.process import MARKER
from tests.real.stores.configuration import STATIC, STATUS_HEADER, Configuration

_DAY = 86_400

configuration: Configuration = json.loads(Path(os.environ[MARKER]).read_text("utf-8"))

if configuration.get("jumping_clock"):
    actual_time = time.time
    # Set before the library is imported, which could otherwise keep the original function.
    time.time = lambda: actual_time() + random.uniform(-_DAY, _DAY)

from crossorigin import CORSMiddleware, LiveOrigins, Policy  # noqa: E402  # the clock must be replaced before
from crossorigin.wsgi import CORSMiddleware as WSGIMiddleware  # noqa: E402

policy = Policy(allow_origins=[STATIC], allow_methods=["GET", "PUT"])
handles = [LiveOrigins.open(url, **options) for url, options in configuration["stores"]]
if configuration.get("loads_at_import"):
    for handle in handles:
        handle.refresh_sync()


def status_of(origins: LiveOrigins) -> str:
    """Return the status as JSON, with the moment before it was read on the clock that all processes share."""
    now = time.monotonic()
    return json.dumps({**asdict(origins.status()), "pid": os.getpid(), "now": now})


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Answer 200 to each request, and complete the lifespan."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


layers = [CORSMiddleware(answer, policy=policy, origins=handle) for handle in handles]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """Read the status before the middleware decides, so that the decision is never older than the status."""
    if scope["type"] == "lifespan":
        # The second store starts with the first connection, as in a server without lifespan.
        await layers[0](scope, receive, send)
        return
    index = int(scope["path"][1:] or 0)
    header = (STATUS_HEADER.encode(), status_of(handles[index]).encode())

    async def send_with_status(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], header]}
        await send(message)

    await layers[index](scope, receive, send_with_status)


def _answer(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


wsgi_layers = [WSGIMiddleware(_answer, policy=policy, origins=handle) for handle in handles]


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Do the same for WSGI."""
    index = int(environ["PATH_INFO"][1:] or 0)
    status = status_of(handles[index])

    def start_with_status(line: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        return start_response(line, [*headers, (STATUS_HEADER, status)], *rest)

    return wsgi_layers[index](environ, start_with_status)
