"""The instructions of whole requests to an aiohttp app: without CORS, with aiohttp-cors, and with our setup.

python -m bench.aiohttp                    print the table
python -m bench.aiohttp count CONTENDER    run the requests under callgrind; bench.callgrind runs this

The requests pass aiohttp's own parser, protocol and writer. Only the socket is missing.
"""

import asyncio
import gc
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.callgrind import ROOT, count, environment
from bench.counter import Counter
from bench.worker import WARM, run_in_fork

ORIGIN = "https://app.example.com"
OTHER_ORIGIN = "https://evil.example"
BARE, PEER, OURS = "bare", "aiohttp-cors", "ours"
CONTENDERS = (BARE, PEER, OURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AiohttpCase:
    """A request to an app that lists `origins` origins.

    Without CORS, a preflight is a GET request, so that the cost of a preflight can be compared with that of an ordinary
    request.
    """

    name: str
    origin: str | None = ORIGIN
    origins: int = 1
    is_preflight: bool = False
    by_route: bool = False
    allowed: bool = True
    requests: int = 50

    def raw(self, contender: str) -> bytes:
        """Return the bytes of one request."""
        fields = ["Host: localhost", "Accept: */*", "User-Agent: bench"]
        if self.origin is not None:
            fields.append(f"Origin: {self.origin}")
        is_preflight = self.is_preflight and contender != BARE
        if is_preflight:
            fields += ["Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x-token"]
        method = "OPTIONS" if is_preflight else "GET"
        return "\r\n".join([f"{method} /items/7 HTTP/1.1", *fields, "", ""]).encode()


CASES = {
    case.name: case
    for case in (
        AiohttpCase(name="no-origin", origin=None, allowed=False),
        AiohttpCase(name="allowed"),
        AiohttpCase(name="refused", origin=OTHER_ORIGIN, allowed=False),
        AiohttpCase(name="preflight", is_preflight=True),
        AiohttpCase(name="allowed-1000", origins=1000),
        AiohttpCase(name="refused-1000", origins=1000, origin=OTHER_ORIGIN, allowed=False),
        AiohttpCase(name="by-route", by_route=True),
    )
}


class Transport(asyncio.Transport):
    """A transport that keeps what is written last."""

    def __init__(self) -> None:
        """Start without a response."""
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        """Keep the bytes."""
        self.written.append(bytes(data))

    def writelines(self, list_of_data: Any) -> None:
        """Keep the bytes."""
        self.written.append(b"".join(list_of_data))

    def is_closing(self) -> bool:
        """Return that the client is still there."""
        return False

    def close(self) -> None:
        """Ignore the end of the connection."""


def build(case: AiohttpCase, contender: str) -> Any:
    """Return the app, with the listed origins in one place."""
    from aiohttp import web

    app = web.Application()
    listed = [f"https://app-{index:06}.example.com" for index in range(case.origins - 1)] + [ORIGIN]
    handler: Any = _item
    if contender == OURS:
        from crossorigin import Policy
        from crossorigin.aiohttp import cors, setup

        policy = Policy(allow_origins=listed, allow_headers=["X-Token"])
        if case.by_route:
            handler = cors(policy)(handler)
        setup(app, policy=Policy() if case.by_route else policy)
    route = app.router.add_get("/items/{item}", handler)
    if contender == PEER:
        theirs = import_module("aiohttp_cors")
        options = theirs.ResourceOptions(allow_methods=["GET"], allow_headers=["X-Token"])
        allowed = dict.fromkeys(listed, options)
        peer = theirs.setup(app, defaults={} if case.by_route else allowed)
        peer.add(route, allowed if case.by_route else None)
    return app


async def _item(request: Any) -> Any:
    from aiohttp import web

    return web.json_response({"item": int(request.match_info["item"])})


class Connection:
    """A client's connection to an app."""

    def __init__(self, app: Any) -> None:
        """Prepare the app; `open` starts it."""
        from aiohttp import web

        self._runner = web.AppRunner(app, access_log=None)
        self.transport = Transport()
        self._protocol: Any = None

    async def open(self) -> None:
        """Start the app and connect to it."""
        await self._runner.setup()
        server: Any = self._runner.server
        self._protocol = server()
        self._protocol.connection_made(self.transport)

    async def send(self, requests: list[bytes]) -> None:
        """Send requests one after the other, each when the response to the one before has been written."""
        for request in requests:
            self.transport.written.clear()
            self._protocol.data_received(request)
            while not self.transport.written:  # noqa: ASYNC110  # an event would cost more than the turn of the loop
                await asyncio.sleep(0)

    async def close(self) -> None:
        """Disconnect and stop the app."""
        self._protocol.connection_lost(None)
        await self._runner.cleanup()


async def check(case: AiohttpCase, contender: str) -> None:
    """Raise an error if the response does not fit the case, so that no other behavior is measured."""
    connection = Connection(build(case, contender))
    await connection.open()
    await connection.send([case.raw(contender)])
    head = b"".join(connection.transport.written).partition(b"\r\n\r\n")[0]
    await connection.close()
    if not head.startswith(b"HTTP/1.1 200") and case.allowed:
        raise RuntimeError(f"{contender} answers {case.name} with {head!r}")
    if contender != BARE and (b"Access-Control-Allow-Origin: " in head) != case.allowed:
        raise RuntimeError(f"{contender} {'refuses' if case.allowed else 'allows'} {case.name}")


def problems(counts: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return where a request costs more than with aiohttp-cors."""
    return [
        f"aiohttp {case}: {row[OURS] / row[PEER]:.2f} times the cost of aiohttp-cors"
        for case, row in counts.items()
        if row[OURS] > row[PEER]
    ]


def measure(sources: Path) -> dict[str, dict[str, float]]:
    """Return the instructions per request, by case and then by contender."""

    def one(contender: str) -> dict[str, int]:
        return count("bench.aiohttp", ["count", contender], environment(sources))

    with ThreadPoolExecutor(2) as pool:
        counted = list(pool.map(one, CONTENDERS))
    return {
        case.name: {
            contender: totals[case.name] / case.requests for contender, totals in zip(CONTENDERS, counted, strict=True)
        }
        for case in CASES.values()
    }


async def _count(case: AiohttpCase, contender: str, counter: Counter) -> None:
    await check(case, contender)
    connection = Connection(build(case, contender))
    await connection.open()
    await connection.send([case.raw(contender) for _ in range(WARM)])
    requests = [case.raw(contender) for _ in range(case.requests)]
    gc.collect()
    gc.disable()
    counter.start()
    await connection.send(requests)
    counter.stop(case.name)
    await connection.close()


def _run(case: AiohttpCase, contender: str, counter: Counter) -> None:
    asyncio.run(_count(case, contender, counter))


def main(*arguments: str) -> None:
    """Count the cases of one contender, or print the table if there are no arguments."""
    if not arguments:
        for name, row in measure(ROOT / "src").items():
            shares = [f"{contender} {row[contender] / row[BARE] - 1:+.1%}" for contender in (PEER, OURS)]
            print(f"{name:16} {row[BARE]:10,.0f}  {'  '.join(shares)}")
        return
    counter = Counter()
    for case in CASES.values():
        run_in_fork(partial(_run, case, arguments[1], counter))


if __name__ == "__main__":
    main(*sys.argv[1:])
