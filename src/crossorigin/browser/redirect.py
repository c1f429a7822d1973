"""Hold what a redirect does to a request: where it goes, what it loses, and when its origin becomes `null`.

https://fetch.spec.whatwg.org/#concept-http-redirect-fetch
"""

from collections.abc import Container
from dataclasses import dataclass, replace

from crossorigin.browser.check import Blocked, blame, text_lines
from crossorigin.browser.engines import Engine
from crossorigin.browser.preflight import CORS_NON_WILDCARD, LOCATION, REDIRECT_STATUSES
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.request import BrowserRequest, HttpResponse, Tainting
from crossorigin.browser.url import Url, locate, scheme_of
from crossorigin.fetch.fields import Header
from crossorigin.fetch.methods import normalize_method
from crossorigin.fetch.origin import DEFAULT_PORTS
from crossorigin.fetch.safelist import REQUEST_BODY_HEADERS

MAX_REDIRECTS = 20

# Chromium has another error for these, and for what has no scheme at all.
_NOT_DISABLED = frozenset({None, "about", "data", *DEFAULT_PORTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """Hold a request on its way: what changes from one redirect to the next."""

    url: Url
    method: str
    headers: tuple[Header, ...]
    # As they were before any redirect dropped some.
    first_headers: tuple[Header, ...]
    # Those that a preflight asks about, where they are not those that are sent.
    asked_headers: tuple[Header, ...] | None = None
    body: bytes | None
    stream: bool
    # The standard's response tainting.
    tainting: Tainting = "basic"
    # Whether its origin is `null` from here on.
    tainted: bool = False
    # Whether a redirect has led to another origin.
    crossed: bool = False
    # Whether the request before this one named its origin, and was of the same.
    named_origin: bool = False
    redirects: int = 0
    preflighted: bool = False


def is_redirect(response: HttpResponse, engine: Engine) -> bool:
    """Tell whether a response leads elsewhere; without `Location` it is a response like any other."""
    if response.status not in REDIRECT_STATUSES:
        return False
    lines = response.lines(LOCATION)
    return any(lines) if engine.empty_location == "nowhere" else bool(lines)


def follow(hop: Hop, response: HttpResponse, request: BrowserRequest, engine: Engine, exchange: int) -> Hop | Blocked:
    """Return the request that follows a redirect, or why none does."""
    several = response.lines(LOCATION)
    value = b", ".join(several) if engine.several_locations == "joined" else several[0]
    url = locate(value, hop.url)
    if (not value and engine.empty_location == "error") or (len(several) > 1 and engine.several_locations == "error"):
        url = None
    reason = _refuses(hop, url, response, request, engine)
    if url is None or reason is not None:
        culprit = blame(response, LOCATION, exchange=exchange, subject=hop.url.whole)
        return reason or BrowserReason.REDIRECT_INVALID, culprit
    return _moved(hop, url, response.status, request, engine)


def _refuses(
    hop: Hop, url: Url | None, response: HttpResponse, request: BrowserRequest, engine: Engine
) -> BrowserReason | None:
    if url is None:
        scheme = scheme_of(text_lines(response, LOCATION)[0])
        foreign = request.mode == "cors" and scheme not in _NOT_DISABLED
        return BrowserReason.CORS_DISABLED_SCHEME if foreign else None
    if hop.redirects == MAX_REDIRECTS:
        return BrowserReason.TOO_MANY_REDIRECTS
    crosses = request.mode == "cors" and str(url.origin) != request.origin
    if url.has_userinfo and (engine.refuses_userinfo or hop.tainting == "cors" or crosses):
        return BrowserReason.REDIRECT_CONTAINS_CREDENTIALS
    if hop.stream and response.status != 303:  # the only one that drops the body in any case
        return BrowserReason.REDIRECT_OF_STREAM
    return None


def _moved(hop: Hop, url: Url, status: int, request: BrowserRequest, engine: Engine) -> Hop:
    leaves = url.origin != hop.url.origin
    moved = replace(
        hop,
        url=url,
        redirects=hop.redirects + 1,
        # The page's own redirects taint nothing; another origin's do, as soon as they lead on to a third.
        tainted=hop.tainted or (leaves and str(hop.url.origin) != request.origin),
        crossed=hop.crossed or leaves,
        named_origin=hop.named_origin and not leaves,
    )
    turns = _turns_into_get(status, hop.method)
    if turns or (leaves and engine.deletes_only_here and hop.method == "DELETE"):
        moved = replace(moved, method="GET", body=None, stream=False)
    headers = tuple(line for line in hop.first_headers if line in hop.headers or line[0].lower() in engine.comes_back)
    if str(url.origin) != request.origin:
        headers = _without(engine.dropped_away, headers)
    if leaves:
        headers = _without(CORS_NON_WILDCARD, headers)
    kept = _without(REQUEST_BODY_HEADERS, headers) if turns else headers
    if not engine.drops_again:
        return replace(moved, headers=kept)
    again = _turns_into_get(status, normalize_method(request.method))
    return replace(moved, headers=_without(REQUEST_BODY_HEADERS, headers) if again else headers, asked_headers=kept)


def _without(names: Container[bytes], headers: tuple[Header, ...]) -> tuple[Header, ...]:
    return tuple(line for line in headers if line[0].lower() not in names)


def _turns_into_get(status: int, method: str) -> bool:
    if status == 303:  # See Other
        return method not in {"GET", "HEAD"}
    return status in {301, 302} and method == "POST"
