"""Servers that answer with the bytes of an exchange, and record every request that arrives."""

import asyncio
import json
import threading
from base64 import b64decode
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.real.engines.exchange import PLACES, Exchange, World

_HERE = Path(__file__).parent
_PATIENCE = 30
_Result = TypeVar("_Result")
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# A font without a visible glyph, as WOFF.
_WOFF = b64decode(
    "d09GRgABAAAAAAG8AAoAAAAAAegAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAABPUy8yAAABWAAAABwAAABgQPY/VGNtYXAAAAF4AAAA"
    "JQAAACwADABGZ2x5ZgAAAaQAAAABAAAAAQAAAABoZWFkAAAA9AAAADYAAAA2LWcIWGhoZWEAAAEsAAAAGAAAACQAEQASaG10eAAA"
    "AXQAAAAEAAAABAAQAABsb2NhAAABoAAAAAQAAAAEAAAAAG1heHAAAAFEAAAAEwAAACAAAgACbmFtZQAAAagAAAAGAAAABgAGAABw"
    "b3N0AAABsAAAAAwAAAAgAAMAAAABAAAAAQAAyG4OGl8PPPUAAwAQAAAAAOcoZagAAAAA5yhlqAAAAAAAAAAAAAAAAAACAAAAAAAA"
    "eJxjYGRgYBBgYICTDAyMDKiAEQAD2QAkeJxjYGRgYABhCGBiQAMAAHwABQB4nGNgZhBgnMDAysDCQCKwBwICShQYGABiQAHKABAA"
    "AHicY2BgYGJgYGAGYhEgyQimWRgkGEDiIBmG///BGCgDACZoBE8AAAAAAAAAAAAAAAAAAAAABgAAeJxjYGbACwAAfQAE"
)
# An element needs a body that it can use.
CONTENT = {
    "image": ("image/gif", _GIF),
    "font": ("font/woff", _WOFF),
    "script": ("text/javascript", b"//"),
    "module": ("text/javascript", b"export {}"),
    "style": ("text/css", b"p {}"),
    "events": ("text/event-stream", b": x\n\n"),
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that arrived: the time, the server, the hop, and the headers with names in lower case."""

    time: float
    place: str
    hop: int
    method: str
    headers: tuple[tuple[str, str], ...]


class Servers:
    """One server for each place, all in one thread."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges
        # By exchange and step, in order.
        self.arrivals: defaultdict[tuple[int, int], list[Arrival]] = defaultdict(list)
        # The results that the page saw, by exchange.
        self.results: dict[int, list[dict[str, Any]]] = {}
        self._steps: dict[int, int] = {}
        self._news = threading.Condition()
        self._done = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.connections: set[asyncio.WriteTransport] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._servers = {place: self._do(self._listen(place)) for place in PLACES}
        self.world = World({place: server.sockets[0].getsockname()[1] for place, server in self._servers.items()})
        self.start = f"{self.world.origin('page')}/run"
        return self

    def __exit__(self, *exception: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _listen(self, place: str) -> asyncio.Server:
        return await self._loop.create_server(lambda: _Connection(self, place), "127.0.0.1", 0)

    async def _close(self) -> None:
        for server in self._servers.values():
            server.close()
        for transport in tuple(self.connections):
            transport.abort()

    def wait(self, seconds: float) -> None:
        """Wait until both pages have finished."""
        with self._news:
            over = self._news.wait_for(lambda: self._done == 2, seconds)
            assert over, f"{self._done} of 2 pages are through, and requests came of {len(self.arrivals)} steps"

    def wait_for(self, number: int, step: int, count: int) -> None:
        """Wait for requests whose end no page can observe. The comparison reports missing ones."""
        with self._news:
            self._news.wait_for(lambda: len(self.arrivals[number, step]) >= count, _PATIENCE)

    def answer(self, place: str, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
        """Answer one request."""
        _, kind, *rest = target.partition("?")[0].split("/")
        if kind == "e":
            return self._scripted(place, method, int(rest[0]), int(rest[1]), headers)
        if kind in {"run", "opaque"}:
            policy = "Content-Security-Policy: sandbox allow-scripts" if kind == "opaque" else "X: x"
            return _response("200 OK", ["Content-Type: text/html", policy], (_HERE / "page.html").read_bytes())
        free = ["Access-Control-Allow-Origin: *"]
        if kind == "page.js":
            return _response("200 OK", ["Content-Type: text/javascript", *free], (_HERE / "page.js").read_bytes())
        if kind == "batch":
            batch = [self.world.asked(n, e) for n, e in enumerate(self._exchanges) if e.opaque == (rest[0] == "opaque")]
            # Exchanges about the preflight cache come first, because a full cache drops entries unpredictably.
            batch.sort(key=lambda asked: len(asked["steps"]), reverse=True)
            return _response("200 OK", free, json.dumps(batch).encode())
        if kind == "step":
            self._steps[int(rest[0])] = int(rest[1])
        if kind == "result":
            self.results.update((int(number), seen) for number, seen in json.loads(body).items())
        if kind == "done":
            with self._news:
                self._done += 1
                self._news.notify_all()
        return _response("204 No Content", free, b"")

    def _scripted(self, place: str, method: str, number: int, hop: int, headers: list[tuple[str, str]]) -> bytes:
        at = self._steps.get(number, 0)
        with self._news:
            self.arrivals[number, at].append(Arrival(self._loop.time(), place, hop, method, tuple(headers)))
            self._news.notify_all()
        step = self._exchanges[number].steps[at]
        preflight = method == "OPTIONS" and any(name == "access-control-request-method" for name, _ in headers)
        answer = step.hops[hop].preflight if preflight else step.hops[hop].actual
        lines, body = framed(self.world.lines(number, step, hop, answer), step.ask.initiator, answer.code, method)
        return _head(answer.status, lines) + body


def framed(lines: list[str], initiator: str, code: int, method: str) -> tuple[list[str], bytes]:
    """Add a body that the initiator can use, and the header lines that describe it."""
    kind, body = CONTENT.get(initiator, ("text/plain", b"x"))
    if not any(line.lower().startswith("content-type:") for line in lines):
        lines = [*lines, f"Content-Type: {kind}"]
    if code in {204, 304}:
        return lines, b""
    body = b"" if method == "HEAD" else body
    return [*lines, f"Content-Length: {len(body)}"], body


def _head(status: str, lines: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *lines, "")).encode("latin-1")


def _response(status: str, lines: list[str], body: bytes) -> bytes:
    return _head(status, [*lines, f"Content-Length: {len(body)}"]) + body


class _Connection(asyncio.Protocol):
    """The part of HTTP/1.1 that browsers use."""

    def __init__(self, servers: Servers, place: str) -> None:
        self._servers = servers
        self._place = place
        self._data = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._servers.connections.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # The argument that asyncio passes.
        self._servers.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, rest = self._data.partition(b"\r\n\r\n")
            line, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = line.split(" ")
            headers = [(n.lower(), v.strip(" \t")) for n, _, v in (line.partition(":") for line in lines)]
            length = int(dict(headers).get("content-length", 0))
            if len(rest) < length:
                return
            self._data = rest[length:]
            self._transport.write(self._servers.answer(self._place, method, target, headers, rest[:length]))
