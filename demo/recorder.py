"""A recorder of requests and responses, which the page shows.

The recorder wraps the whole app, so it sees preflights, which never reach the app, and final responses. It keeps the
last `limit` requests that have an id (`/?demo=<id>`), with a few header lines of each. Every value is truncated, so
its memory is bounded whatever clients send. It records that a cookie was sent but never its value, because other
programs on this machine also set cookies for `localhost`.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

# The types of the ASGI interface.
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Exchange = dict[str, Any]

LIMIT = 200
_MAX_ID_LENGTH = 64
_MAX_VALUE_LENGTH = 300
_MAX_LINES = 20

_SENT = (b"origin", b"content-type", b"cookie", b"x-demo")
_ANSWERED = (b"vary", b"x-worker")
_CORS_PREFIX = b"access-control-"


class Recorder:
    """An ASGI middleware that records the latest exchanges of an app."""

    def __init__(self, app: App, *, limit: int = LIMIT) -> None:
        """Record at most `limit` exchanges with `app`; the oldest are dropped first."""
        self._app = app
        self._exchanges: deque[Exchange] = deque(maxlen=limit)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass everything through, and record the requests that have an id."""
        identifier = _identifier(scope)
        if identifier is None:
            await self._app(scope, receive, send)
            return
        exchange: Exchange = {
            "id": identifier,
            "method": _truncated(scope["method"]),
            "path": _truncated(scope["path"]),
            "sent": _lines(scope["headers"], _SENT),
            "status": None,
            "answered": [],
        }
        self._exchanges.append(exchange)

        async def record(message: Message) -> None:
            # The response is recorded before it is sent, so the record is complete when the page reads it.
            if message["type"] == "http.response.start":
                exchange["status"] = message["status"]
                exchange["answered"] = _lines(message.get("headers", ()), _ANSWERED)
            await send(message)

        await self._app(scope, receive, record)

    def exchanges(self, identifier: str) -> list[Exchange]:
        """Return the exchanges with this id, in the order of their arrival."""
        return [exchange for exchange in self._exchanges if exchange["id"] == identifier]


def _identifier(scope: Message) -> str | None:
    if scope["type"] != "http":
        return None
    query: bytes = scope["query_string"]
    values = parse_qs(query.decode("latin-1")).get("demo", [])
    if len(values) != 1 or len(values[0]) > _MAX_ID_LENGTH:
        return None
    return values[0]


def _lines(headers: Iterable[tuple[bytes, bytes]], names: tuple[bytes, ...]) -> list[list[str]]:
    """Return the CORS headers and those in `names`, one `[name, value]` for each line."""
    lines = [
        [_truncated(name.decode("latin-1")), _value(name, value)]
        for name, value in ((name.lower(), value) for name, value in headers)
        if name in names or name.startswith(_CORS_PREFIX)
    ]
    return lines[:_MAX_LINES]


def _value(name: bytes, value: bytes) -> str:
    return "(present)" if name == b"cookie" else _truncated(value.decode("latin-1"))


def _truncated(text: str) -> str:
    return text if len(text) <= _MAX_VALUE_LENGTH else text[:_MAX_VALUE_LENGTH] + "…"
