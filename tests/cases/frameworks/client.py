"""Call an ASGI app in process as a server does: with an event loop, a complete scope, and a connected client."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.cases.table import Line, Request
from tests.unit.adapters.asgi.scopes import http_scope

Message = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response of an app."""

    status: int
    headers: tuple[Line, ...]
    body: bytes


async def ask(app: Any, request: Request) -> Answer:
    """Send one request and return the app's response."""
    arriving: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        if not arriving:
            # The client stays connected, however often the app calls receive.
            await asyncio.get_running_loop().create_future()
        return arriving.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {**http_scope(request.method, *request.headers), "path": "/some/page", "raw_path": b"/some/page"}
    await app(scope, receive, send)
    start, *rest = sent
    lines: Iterable[Sequence[bytes]] = start["headers"]
    return Answer(
        status=start["status"],
        headers=tuple((bytes(name), bytes(value)) for name, value in lines),
        body=b"".join(message.get("body", b"") for message in rest),
    )


@asynccontextmanager
async def started(app: Any) -> AsyncGenerator[bool]:
    """Run the lifespan of an app, and return whether it has one."""
    arriving: asyncio.Queue[Message] = asyncio.Queue()
    sent: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: Message) -> None:
        sent.put_nowait(message["type"])

    async def live() -> None:
        try:
            await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, arriving.get, send)
        except ValueError:
            # Django reports in this way that it does not support lifespan. A server continues without it.
            sent.put_nowait("none")

    arriving.put_nowait({"type": "lifespan.startup"})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(live())
        said = await sent.get()
        assert said in {"none", "lifespan.startup.complete"}
        yield said != "none"
        arriving.put_nowait({"type": "lifespan.shutdown"})
    assert said == "none" or sent.get_nowait() == "lifespan.shutdown.complete"
