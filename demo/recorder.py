"""Keep what browsers sent and what was answered, for the page to show.

The recorder stands outside the whole app, so that it sees preflights, which never reach the
app, and answers as they leave. It keeps requests that carry an id (`/?demo=<id>`), the last
`limit` of them, a few header lines of each, every value cut: bounded whatever is sent.
A cookie's value is never kept, only that there was one: other programs on this machine
set cookies for `localhost` too.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

# The ASGI shapes, as servers and frameworks agree on them.
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Exchange = dict[str, Any]

LIMIT = 200
_LONGEST_ID = 64
_LONGEST_VALUE = 300
_MOST_LINES = 20

_SENT = (b"origin", b"content-type", b"cookie", b"x-demo")
_ANSWERED = (b"vary",)
_CORS = b"access-control-"


class Recorder:
    """Wrap an ASGI app and remember its latest exchanges."""

    def __init__(self, app: App, *, limit: int = LIMIT) -> None:
        """Record at most `limit` exchanges with `app`; the oldest go first."""
        self._app = app
        self._exchanges: deque[Exchange] = deque(maxlen=limit)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass everything through, keeping what the page will ask for."""
        identifier = _identifier(scope)
        if identifier is None:
            await self._app(scope, receive, send)
            return
        exchange: Exchange = {
            "id": identifier,
            "method": _cut(scope["method"]),
            "path": _cut(scope["path"]),
            "sent": _lines(scope["headers"], _SENT),
            "status": None,
            "answered": [],
        }
        self._exchanges.append(exchange)

        async def record(message: Message) -> None:
            # Written down before it is sent: when the page knows its answer, so do we.
            if message["type"] == "http.response.start":
                exchange["status"] = message["status"]
                exchange["answered"] = _lines(message.get("headers", ()), _ANSWERED)
            await send(message)

        await self._app(scope, receive, record)

    def exchanges(self, identifier: str) -> list[Exchange]:
        """Return the exchanges of one id, in the order of their arrival."""
        return [exchange for exchange in self._exchanges if exchange["id"] == identifier]


def _identifier(scope: Message) -> str | None:
    if scope["type"] != "http":
        return None
    query: bytes = scope["query_string"]
    values = parse_qs(query.decode("latin-1")).get("demo", [])
    if len(values) != 1 or len(values[0]) > _LONGEST_ID:
        return None
    return values[0]


def _lines(headers: Iterable[tuple[bytes, bytes]], names: tuple[bytes, ...]) -> list[list[str]]:
    """Return the CORS headers and those named, one `[name, value]` for each line."""
    lines = [
        [_cut(name.decode("latin-1")), _value(name, value)]
        for name, value in ((name.lower(), value) for name, value in headers)
        if name in names or name.startswith(_CORS)
    ]
    return lines[:_MOST_LINES]


def _value(name: bytes, value: bytes) -> str:
    return "(present)" if name == b"cookie" else _cut(value.decode("latin-1"))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
