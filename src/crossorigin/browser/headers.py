"""Hold the headers that a page sets, as its browser takes them and as they go out.

https://fetch.spec.whatwg.org/#forbidden-request-header. What no page can set is left out without a word.
"""

from collections.abc import Iterable

from crossorigin.browser.engines import Engine
from crossorigin.browser.request import HTTP_WHITESPACE, BrowserRequest
from crossorigin.fetch.fields import Header
from crossorigin.fetch.safelist import is_forbidden, is_no_cors_safelisted_request_header


def header_list(request: BrowserRequest, engine: Engine) -> tuple[Header, ...]:
    """Return the page's headers that are kept, and the type of its body."""
    kept: list[Header] = []
    for text, value in request.headers:
        name, line = text.encode(), value.strip(HTTP_WHITESPACE).encode("latin-1")
        if not is_forbidden(name, line) and name.lower() not in engine.ignored_headers:
            _append(kept, name, line, request)
    named = {name.lower() for name, _ in kept}
    if request.content_type is not None and b"content-type" not in named:
        _append(kept, b"Content-Type", request.content_type.strip(HTTP_WHITESPACE).encode("latin-1"), request)
    return joined(kept) if engine.joins_headers or request.initiator == "xhr" else tuple(kept)


def _append(headers: list[Header], name: bytes, value: bytes, request: BrowserRequest) -> None:
    if request.mode == "no-cors":
        ((_, whole),) = joined([*(line for line in headers if line[0].lower() == name.lower()), (name, value)])
        if not is_no_cors_safelisted_request_header(name, whole):
            return
    headers.append((name, value))


def joined(headers: Iterable[Header]) -> tuple[Header, ...]:
    """Return each name once, in its first spelling and place, with all its values."""
    spelled: dict[bytes, Header] = {}
    for name, value in headers:
        first = spelled.get(name.lower())
        spelled[name.lower()] = (name, value) if first is None else (first[0], first[1] + b", " + value)
    return tuple(spelled.values())
