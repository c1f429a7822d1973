"""One HTTP request to an ASGI or WSGI app, without a server, and its response."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from tests.cases.wsgi import environ_of, serve
from tests.unit.adapters.asgi.scopes import Message, http_scope

App = Callable[..., Awaitable[None]]
Header = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response of an app. Header names are in lower case."""

    status: int
    headers: tuple[Header, ...]
    body: str

    def lines(self, name: str) -> list[str]:
        """The values of all lines of one header field."""
        return [value for own, value in self.headers if own == name]

    def granted(self) -> set[str]:
        """The names of the CORS headers of the response."""
        return {name for name, _ in self.headers if name.startswith("access-control-")}


def send_wsgi(app: Any, method: str, headers: Sequence[Header] = (), path: str = "/") -> Answer:
    """Send a request to a WSGI app and return the response."""
    status, pairs, body = serve(app, environ_of(method, dict(headers), path=path))
    lines = tuple((name.lower(), value) for name, value in pairs)
    return Answer(status=int(status.partition(" ")[0]), headers=lines, body=body.decode())


def send_aiohttp(app: Any, method: str, headers: Sequence[Header] = (), path: str = "/") -> Answer:
    """Send a request to an aiohttp app on its own server. Return the response without the headers that all have."""

    async def exchange() -> Answer:
        async with TestClient(TestServer(app)) as client, client.request(method, path, headers=[*headers]) as response:
            lines = tuple((name.lower(), value) for name, value in response.headers.items())
            kept = tuple(line for line in lines if line[0] not in {"date", "server"})
            return Answer(status=response.status, headers=kept, body=await response.text())

    return asyncio.run(exchange())


def send(app: App, method: str, headers: Sequence[Header] = (), path: str = "/") -> Answer:
    """Send a request and return the response. A server would log an exception that follows it."""
    messages: list[Message] = []
    scope = {**http_scope(method, *headers), "path": path, "raw_path": path.encode()}
    arriving = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not arriving:
            # The client stays connected, however often the app calls receive.
            await asyncio.get_running_loop().create_future()
        return arriving.pop()

    async def keep(message: Message) -> None:
        messages.append(message)

    async def serve() -> None:
        try:
            await app(scope, receive, keep)
        except Exception:
            if not messages:
                raise

    asyncio.run(serve())
    start, *rest = messages
    return Answer(
        status=start["status"],
        headers=tuple((name.decode().lower(), value.decode("latin-1")) for name, value in start.get("headers", ())),
        body=b"".join(message.get("body", b"") for message in rest).decode(),
    )
