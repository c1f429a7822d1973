"""The facts of a request that logs, hooks and blocking look at, whatever the protocol or the framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class RequestFacts(NamedTuple):
    """What a request says, as far as CORS is concerned: its method, its path and the lines of five header fields.

    `kind` is "http" or "websocket". Each header field is the list of its lines as they arrived, empty if there is none.

    It is a named tuple, because that costs a third of a frozen dataclass to build, and refused requests come in floods.

    >>> RequestFacts(method="GET", path="/items", origin=[b"https://app.example.com"]).kind
    'http'
    """

    kind: str = "http"
    method: str = ""
    path: str = ""
    origin: Sequence[bytes] = ()
    request_method: Sequence[bytes] = ()
    request_headers: Sequence[bytes] = ()
    host: Sequence[bytes] = ()
    sec_fetch_site: Sequence[bytes] = ()
