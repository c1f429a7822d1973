"""Hold the requests and the answers: a fetch of Chrome as uvicorn hands it on, and what an API says to it.

A server makes the bytes of every request anew, so they have no hash yet. A scope used twice would keep the hashes
of its bytes, and every dict would look faster than it is: `fresh` copies down to the last byte string.
"""

from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]
Headers = list[tuple[bytes, bytes]]

ORIGIN = b"https://app.example.com"
STRANGER = b"https://app.example.net"

_CHROME = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
# What Chrome 140 on Windows sends with fetch("https://api.example.com/items?page=2"), in its order.
FETCH: Headers = [
    (b"host", b"api.example.com"),
    (b"connection", b"keep-alive"),
    (b"sec-ch-ua-platform", b'"Windows"'),
    (b"user-agent", _CHROME),
    (b"sec-ch-ua", b'"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'),
    (b"sec-ch-ua-mobile", b"?0"),
    (b"accept", b"*/*"),
    (b"sec-fetch-site", b"same-site"),
    (b"sec-fetch-mode", b"cors"),
    (b"sec-fetch-dest", b"empty"),
    (b"referer", b"https://app.example.com/"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"accept-language", b"en-US,en;q=0.9"),
]


def without_origin(length: int) -> Headers:
    """Return a request of the page's own origin, with as many headers; 27 more are what proxies add."""
    return [*FETCH, *((f"x-forwarded-by-{i}".encode(), b"203.0.113.7") for i in range(length - len(FETCH)))]


def from_origin(origin: bytes) -> Headers:
    """Return a CORS request with 13 headers; `Origin` stands where Chrome puts it, behind `Accept`."""
    # A cross-origin page mostly has no Referer with a path, and none at all for many policies.
    kept = [header for header in FETCH if header[0] != b"referer"]
    return [*kept[:7], (b"origin", origin), *kept[7:]]


def preflight(origin: bytes, names: bytes, method: bytes = b"PUT") -> Headers:
    """Return Chrome's CORS-preflight request."""
    return [
        (b"host", b"api.example.com"),
        (b"connection", b"keep-alive"),
        (b"accept", b"*/*"),
        (b"access-control-request-method", method),
        (b"access-control-request-headers", names),
        (b"origin", origin),
        *FETCH[3:4],
        *FETCH[7:],
    ]


def fresh(method: str, headers: Headers) -> Scope:
    """Return the scope of one request, all of its bytes made for it alone."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("192.0.2.1", 443),
        "client": ("203.0.113.7", 50000),
        "scheme": "https",
        "root_path": "",
        "headers": [(bytes(bytearray(name)), bytes(bytearray(value))) for name, value in headers],
        "state": {},
        "method": method.encode().decode(),
        "path": "/items",
        "raw_path": b"/items",
        "query_string": b"page=2",
    }


def answering(*, vary: str = "", chunks: int = 1) -> App:
    """Return an app with 5 response headers, `Vary` among them if it is given; the server adds Date and Server."""
    own = {
        "x-request-id": "6f1e7f0a",
        "x-process-time": "0.004",
        **({"vary": vary} if vary else {"cache-control": "no-store"}),
    }

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        # As Starlette's responses do: the app's own headers are encoded anew, the other two names are constants.
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in own.items()]
        headers += [(b"content-type", b"application/json"), (b"content-length", b"27")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for chunk in range(chunks):
            more = chunk < chunks - 1
            await send({"type": "http.response.body", "body": b'{"message":"Hello, world!"}', "more_body": more})

    return app


async def silent(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Say nothing: the app behind a preflight, which never reaches it."""


async def receive() -> Message:
    """Hand over an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(_message: Message) -> None:
    """Take what is sent."""
