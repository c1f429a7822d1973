"""Scopes, apps and single exchanges for the tests of the middleware."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any

Message = MutableMapping[str, Any]
Header = tuple[bytes, bytes]
App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]

ORIGIN = "https://app.example.com"
OTHER = "https://other.example.com"
UNTRUSTED = "https://evil.example"
PREFLIGHT_VARY = (
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network"
)


def http_scope(method: str = "GET", *headers: tuple[str | bytes, str | bytes]) -> dict[str, Any]:
    """Return the scope of one request, with header names in lower case, as in real servers."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "headers": [(_bytes(name).lower(), _bytes(value)) for name, value in headers],
    }


def preflight_scope(origin: str | bytes, method: str = "GET", *headers: tuple[str, str]) -> dict[str, Any]:
    """Return the scope of a CORS-preflight request."""
    return http_scope("OPTIONS", ("origin", origin), ("access-control-request-method", method), *headers)


def _bytes(value: str | bytes) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else value


async def receive() -> Message:
    """Return an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def saying(*messages: Message) -> App:
    """Return an app that sends exactly these messages."""

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def answering(headers: Iterable[Sequence[bytes]] = (), status: int = 200) -> App:
    """Return an app that answers with these headers and an empty body."""
    return saying(
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": b""},
    )


class Witness:
    """An app that records its calls, and answers 204."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Record the call, and answer if it is a request."""
        self.calls.append((scope, receive, send))
        if scope["type"] == "http":
            await answering(status=204)(scope, receive, send)


async def exchange(app: App, scope: MutableMapping[str, Any]) -> list[Message]:
    """Send one request. Return the messages that the server would receive."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def headers_of(app: App, scope: MutableMapping[str, Any]) -> list[Header]:
    """Send one request. Return the header lines of its response."""
    start = (await exchange(app, scope))[0]
    assert start["type"] == "http.response.start"
    return [(bytes(name), bytes(value)) for name, value in start["headers"]]


def cors_of(headers: Iterable[Header]) -> list[Header]:
    """Return the lines of a header list that this library writes, sorted."""
    return sorted((name, value) for name, value in headers if name.startswith(b"access-control-") or name == b"vary")
