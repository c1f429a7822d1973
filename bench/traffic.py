"""The requests and responses of the benchmarks: a fetch by Chrome as uvicorn passes it on, and an API's response.

A server creates new byte strings for every request, which have no cached hash yet. A scope that is used twice would
keep these hashes, and dict look-ups would seem faster than they are. `new_scope` therefore copies every byte string.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]
Headers = list[tuple[bytes, bytes]]

ORIGIN = b"https://app.example.com"
OTHER_ORIGIN = b"https://app.example.net"
OWN_ORIGIN = b"https://api.example.com"

_CHROME = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
# The headers that Chrome 140 on Windows sends for fetch("https://api.example.com/items?page=2"), in its order.
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
    """Return the headers of a same-origin request, `length` in all; those beyond 13 are headers that proxies add."""
    return [*FETCH, *((f"x-forwarded-by-{i}".encode(), b"203.0.113.7") for i in range(length - len(FETCH)))]


def from_origin(origin: bytes) -> Headers:
    """Return the 13 headers of a CORS request, with `Origin` after `Accept`, as in Chrome."""
    # Many referrer policies remove Referer from cross-origin requests.
    kept = [header for header in FETCH if header[0] != b"referer"]
    return [*kept[:7], (b"origin", origin), *kept[7:]]


def from_own_page(metadata: str) -> Headers:
    """Return the headers of a POST by a page of the API's own origin, without `Sec-Fetch-Site` if `metadata` is empty.

    Browsers before 2023, and all of them over plain http, do not send `Sec-Fetch-Site`.
    """
    sent = [(name, b"same-origin" if name == b"sec-fetch-site" else value) for name, value in from_origin(OWN_ORIGIN)]
    return [header for header in sent if metadata or not header[0].startswith(b"sec-fetch")]


def preflight(origin: bytes, names: bytes, method: bytes = b"PUT") -> Headers:
    """Return the headers of Chrome's CORS-preflight request."""
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


def new_scope(method: str, headers: Headers, kind: str = "http") -> Scope:
    """Return the scope of one request, with its own copy of every byte string."""
    scope: Scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("192.0.2.1", 443),
        "client": ("203.0.113.7", 50000),
        "scheme": "https",
        "root_path": "",
        "headers": [(bytes(bytearray(name)), bytes(bytearray(value))) for name, value in headers],
        "state": {},
        "path": "/items",
        "raw_path": b"/items",
        "query_string": b"page=2",
    }
    if kind == "http":
        scope["method"] = method.encode().decode()
    return scope


def api_app(*, vary: str = "", chunks: int = 1, more: Mapping[str, str] | None = None) -> App:
    """Return an app with 5 response headers, including `Vary` if it is given, and `more` headers.

    The server adds Date and Server.
    """
    own = {
        "x-request-id": "6f1e7f0a",
        "x-process-time": "0.004",
        **({"vary": vary} if vary else {"cache-control": "no-store"}),
        **(more or {}),
    }

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        # Like Starlette's responses: the app's own headers are encoded each time, the other two names are constants.
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in own.items()]
        headers += [(b"content-type", b"application/json"), (b"content-length", b"27")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for chunk in range(chunks):
            more = chunk < chunks - 1
            await send({"type": "http.response.body", "body": b'{"message":"Hello, world!"}', "more_body": more})

    return app


async def unused_app(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Do nothing: the app for preflights, which never reach it."""


async def accept_handshake(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Accept a WebSocket."""
    await send({"type": "websocket.accept"})


async def receive() -> Message:
    """Return an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(_message: Message) -> None:
    """Discard the message."""
