"""A process that counts whole requests through uvicorn without a network; bench.endtoend runs it.

httptools parses the requests, uvloop schedules them, and a transport without a network takes the bytes of the
responses. All other code is that of production. The access log of uvicorn is off and the endpoint is small, so the
share of CORS is as large as possible.
"""

import asyncio
import gc
import sys
from typing import Any

import uvloop
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from bench.contenders import CONTENDERS
from bench.counter import Counter
from bench.traffic import ORIGIN, App, from_origin

WARM = 50
REQUESTS = 200


class Transport(asyncio.Transport):
    """A transport that keeps the written bytes."""

    def __init__(self) -> None:
        """Start without any bytes."""
        super().__init__()
        self.written: list[bytes] = []

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Return the addresses of the connection."""
        return {"sockname": ("192.0.2.1", 443), "peername": ("203.0.113.7", 50000)}.get(name, default)

    def is_closing(self) -> bool:
        """Return False, because the connection stays open."""
        return False

    def write(self, data: Any) -> None:
        """Keep a part of the response."""
        self.written.append(bytes(data))


def starlette(*, by_hand: bool) -> App:
    """Return a Starlette app with one small JSON endpoint."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    headers = {"access-control-allow-origin": ORIGIN.decode(), "vary": "Origin"} if by_hand else None

    async def items(_request: Request) -> JSONResponse:
        return JSONResponse({"message": "Hello, world!"}, headers=headers)

    return Starlette(routes=[Route("/items", items)])


def fastapi(*, by_hand: bool) -> App:
    """Return a FastAPI app with the same endpoint."""
    from fastapi import FastAPI, Response

    app = FastAPI()
    if by_hand:

        @app.get("/items")
        async def items(response: Response) -> dict[str, str]:
            response.headers["access-control-allow-origin"] = ORIGIN.decode()
            response.headers["vary"] = "Origin"
            return {"message": "Hello, world!"}
    else:

        @app.get("/items")
        async def plain() -> dict[str, str]:
            return {"message": "Hello, world!"}

    return app


FRAMEWORKS = {"starlette": starlette, "fastapi": fastapi}


def connect(app: App, loop: asyncio.AbstractEventLoop) -> tuple[HttpToolsProtocol, Transport]:
    """Open a connection to the app."""
    config = Config(app, http="httptools", access_log=False, log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Sun, 06 Jul 2025 08:49:37 GMT"), (b"server", b"uvicorn")]
    protocol = HttpToolsProtocol(config, state, {}, loop)
    transport = Transport()
    protocol.connection_made(transport)
    return protocol, transport


async def serve(protocol: HttpToolsProtocol, transport: Transport, requests: int) -> bytes:
    """Send one request after the other, and return the last response."""
    lines = b"".join(name.title() + b": " + value + b"\r\n" for name, value in from_origin(ORIGIN))
    request = b"GET /items?page=2 HTTP/1.1\r\n" + lines + b"\r\n"
    answer = b""
    for _ in range(requests):
        transport.written.clear()
        protocol.data_received(request)
        while not protocol.cycle.response_complete:  # noqa: ASYNC110  # a server also needs one turn of the loop
            await asyncio.sleep(0)
        answer = b"".join(transport.written)
    return answer


def main(framework: str, contender: str) -> None:
    """Count the requests to one app with one middleware, after checking that the response is correct."""
    counter = Counter()
    app: Any = FRAMEWORKS[framework](by_hand=contender == "by-hand")
    if contender != "by-hand":
        app = CONTENDERS[contender](app, {"allow_origins": [ORIGIN.decode()]})
    loop = uvloop.new_event_loop()
    protocol, transport = connect(app, loop)
    answer = loop.run_until_complete(serve(protocol, transport, WARM)).lower()
    allowed = b"\r\naccess-control-allow-origin: " + ORIGIN + b"\r\n" in answer
    if not answer.startswith(b"http/1.1 200 ") or allowed != (contender != "bare"):
        raise RuntimeError(f"Unexpected response of {contender}: {answer!r}")
    gc.collect()
    gc.disable()
    counter.start()
    loop.run_until_complete(serve(protocol, transport, REQUESTS))
    counter.stop(contender)


if __name__ == "__main__":
    main(*sys.argv[1:])
