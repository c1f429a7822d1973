"""Servers that misbehave, each on its own loopback port."""

import asyncio
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.real.browser.secure import SecureSite

_PATIENCE = 30

PAGE = "https://app.example.com"
Lines = list[tuple[str, str]]
# It gets the method and the Origin, and returns a status and header lines, or None to close the connection.
Behavior = Callable[[str, str], tuple[int, Lines] | None]


def reflecting(method: str, origin: str) -> tuple[int, Lines]:
    """Allow every origin with credentials, without `Vary`."""
    lines = [("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true")]
    return 200, [*lines, ("Access-Control-Allow-Methods", "PUT")]


def doubling(method: str, origin: str) -> tuple[int, Lines]:
    """Set each header twice, like an app and its proxy."""
    return 200, [("Access-Control-Allow-Origin", PAGE), ("Vary", "Origin")] * 2


def authenticating(method: str, origin: str) -> tuple[int, Lines]:
    """Require authentication, even for a preflight."""
    return 401, [("WWW-Authenticate", 'Bearer realm="api"')]


def redirecting(method: str, origin: str) -> tuple[int, Lines]:
    """Redirect every request to the login page."""
    return 302, [("Location", "https://login.example.com/?next=/items"), ("Access-Control-Allow-Origin", PAGE)]


def failing(method: str, origin: str) -> tuple[int, Lines]:
    """Allow the preflight, and fail without CORS headers."""
    if method == "OPTIONS":
        return 204, [("Access-Control-Allow-Origin", PAGE), ("Access-Control-Allow-Methods", "PUT")]
    return 500, []


def lasting(method: str, origin: str) -> tuple[int, Lines]:
    """Allow every origin, with a max-age of one year."""
    lines = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT")]
    return 200, [*lines, ("Access-Control-Max-Age", "31536000")]


def obeyed(method: str, origin: str) -> tuple[int, Lines]:
    """Send control characters that a terminal would execute."""
    return 200, [("Access-Control-Allow-Origin", "https://a.example\x1b[2J")]


class MisbehavingServer:
    """One server in its own thread, which closes each connection after a response."""

    def __init__(self, behavior: Behavior | None = None, *, raw: bytes | None = None) -> None:
        """Serve a behavior, or the same bytes for each request. Without either, accept requests and never answer."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/items"
        self.asked: list[str] = []
        self._behavior, self._raw = behavior, raw
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, sock=self._listener)
        await self._stop.wait()
        server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method = head[0].split()[0]
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        self.asked.append(f"{method} {fields['origin']}")
        if self._behavior is None and self._raw is None:
            # The client has to close the connection.
            await reader.read()
        elif self._raw is not None:
            writer.write(self._raw)
        elif self._behavior is not None and (answer := self._behavior(method, fields["origin"])) is not None:
            status, lines = answer
            told = "".join(f"{name}: {value}\r\n" for name, value in lines)
            writer.write(f"HTTP/1.1 {status} -\r\n{told}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)
        self._loop.close()


def secure(folder: Path) -> SecureSite:
    """Serve a public page with a self-signed certificate."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"access-control-allow-origin", b"*")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    return SecureSite(app, folder)
