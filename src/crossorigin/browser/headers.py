"""The header list of a request, made from the headers that a page sets.

https://fetch.spec.whatwg.org/#forbidden-request-header. Headers that a page cannot set are left out silently, as
browsers do.
"""

from collections.abc import Iterable

from crossorigin.browser.engines import Engine
from crossorigin.browser.request import HTTP_WHITESPACE, BrowserRequest
from crossorigin.fetch.fields import Header
from crossorigin.fetch.safelist import is_forbidden, is_no_cors_safelisted_request_header


def header_list(request: BrowserRequest, engine: Engine) -> tuple[Header, ...]:
    """Return the headers that the browser keeps, including the content type of the body."""
    kept: list[Header] = []
    for text, value in request.headers:
        name, line = text.encode(), value.strip(HTTP_WHITESPACE).encode("latin-1")
        if not is_forbidden(name, line) and name.lower() not in engine.ignored_headers:
            _append_if_allowed(kept, name, line, request)
    named = {name.lower() for name, _ in kept}
    if request.content_type is not None and b"content-type" not in named:
        _append_if_allowed(
            kept, b"Content-Type", request.content_type.strip(HTTP_WHITESPACE).encode("latin-1"), request
        )
    return joined_headers(kept) if engine.joins_headers or request.initiator == "xhr" else tuple(kept)


def _append_if_allowed(headers: list[Header], name: bytes, value: bytes, request: BrowserRequest) -> None:
    if request.mode == "no-cors":
        ((_, whole),) = joined_headers([*(line for line in headers if line[0].lower() == name.lower()), (name, value)])
        if not is_no_cors_safelisted_request_header(name, whole):
            return
    headers.append((name, value))


def joined_headers(headers: Iterable[Header]) -> tuple[Header, ...]:
    """Return each name once, with its first spelling and position and with all its values."""
    spelled: dict[bytes, Header] = {}
    for name, value in headers:
        first = spelled.get(name.lower())
        spelled[name.lower()] = (name, value) if first is None else (first[0], first[1] + b", " + value)
    return tuple(spelled.values())
