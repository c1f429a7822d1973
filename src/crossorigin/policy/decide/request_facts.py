"""The facts of a request that logs, hooks and blocking use, independent of the protocol and the framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class RequestFacts(NamedTuple):
    """The parts of a request that matter for CORS: its method, its path and the lines of five header fields.

    `kind` is "http" or "websocket". Each header field is the list of its lines as they arrived, empty if there are
    none.

    It is a named tuple because building one costs a third of building a frozen dataclass, and a server can receive
    floods of requests to refuse.

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
