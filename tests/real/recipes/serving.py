"""An app that a real uvicorn serves, a page that calls it through the browser model, and a plain client."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from crossorigin.browser import BrowserRequest, HttpRequest, HttpResponse, Verdict, run
from crossorigin.testing.report import describe

# Ends a hang; nothing is measured.
_PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Served:
    """The address of a served app. Requests go to it whatever the host of a URL is."""

    port: int

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Any:
        """Send one request and return the response with its unread body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        connection.request(method, path, body, {"Connection": "close", **(headers or {})})
        return connection.getresponse()

    def fetch(self, path: str, *, proxy: dict[str, str] | None = None, **asked: Any) -> Verdict:
        """Let a page fetch a path or a whole URL, through a proxy that adds these headers."""
        url = f"http://127.0.0.1:{self.port}{path}" if path.startswith("/") else path

        def transport(request: HttpRequest) -> HttpResponse:
            target = urlsplit(request.url)
            headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
            headers |= {"Host": target.netloc, **(proxy or {})}
            query = f"?{target.query}" if target.query else ""
            with self.ask(request.method, target.path + query, headers, request.body) as answer:
                return HttpResponse(status=answer.status, headers=_lines(answer))

        return run(BrowserRequest(url=url, **asked), transport)


def _lines(answer: HTTPResponse) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.getheaders())


def statuses(verdict: Verdict) -> list[int]:
    """Return the status of each response, preflights included. A refusal is a failure."""
    assert verdict.allowed, describe(verdict)
    return [exchange.response.status for exchange in verdict.exchanges if exchange.response is not None]


@contextmanager
def served(app: Any, **config: Any) -> Generator[Served]:
    """Serve an app on its own port, with its lifespan."""
    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = {"log_config": None, "timeout_graceful_shutdown": 1, **config}
        server = Server(uvicorn.Config(app, http="h11", **settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert started.wait(_PATIENCE), "the server never started"
            yield Served(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(_PATIENCE)
