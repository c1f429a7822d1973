"""Redirects of a request: the next URL, the headers that are dropped, and when the origin becomes `null`.

https://fetch.spec.whatwg.org/#concept-http-redirect-fetch
"""

from collections.abc import Container
from dataclasses import dataclass, replace

from crossorigin.browser.check import Blocked, culprit_in, text_lines
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

# Chromium reports another error for these schemes, and for a text without a scheme.
_NOT_DISABLED = frozenset({None, "about", "data", *DEFAULT_PORTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """The state of a request that changes from one redirect to the next."""

    url: Url
    method: str
    headers: tuple[Header, ...]
    # The headers before any redirect dropped some.
    initial_headers: tuple[Header, ...]
    # The headers that a preflight lists, if they differ from those that are sent.
    preflight_headers: tuple[Header, ...] | None = None
    body: bytes | None
    stream: bool
    # The response tainting of the Fetch standard.
    tainting: Tainting = "basic"
    # Whether a redirect has made the origin `null`.
    tainted: bool = False
    # Whether a redirect has led to another origin.
    has_crossed_origins: bool = False
    # Whether the previous request sent `Origin` and all redirects since then stayed on its origin.
    origin_was_sent: bool = False
    redirects: int = 0
    preflighted: bool = False


def is_redirect(response: HttpResponse, engine: Engine) -> bool:
    """Return whether a response is a redirect; one without `Location` is an ordinary response."""
    if response.status not in REDIRECT_STATUSES:
        return False
    lines = response.lines(LOCATION)
    return any(lines) if engine.empty_location == "not-a-redirect" else bool(lines)


def follow(hop: Hop, response: HttpResponse, request: BrowserRequest, engine: Engine, exchange: int) -> Hop | Blocked:
    """Return the request that follows a redirect, or why the redirect fails."""
    several = response.lines(LOCATION)
    value = b", ".join(several) if engine.multiple_locations == "joined" else several[0]
    url = locate(value, hop.url)
    if (not value and engine.empty_location == "error") or (len(several) > 1 and engine.multiple_locations == "error"):
        url = None
    reason = _refusal(hop, url, response, request, engine)
    if url is None or reason is not None:
        culprit = culprit_in(response, LOCATION, exchange=exchange, subject=hop.url.with_fragment)
        return reason or BrowserReason.REDIRECT_INVALID, culprit
    return _next_hop(hop, url, response.status, request, engine)


def _refusal(
    hop: Hop, url: Url | None, response: HttpResponse, request: BrowserRequest, engine: Engine
) -> BrowserReason | None:
    if url is None:
        scheme = scheme_of(text_lines(response, LOCATION)[0])
        foreign = request.mode == "cors" and scheme not in _NOT_DISABLED
        return BrowserReason.CORS_DISABLED_SCHEME if foreign else None
    if hop.redirects == MAX_REDIRECTS:
        return BrowserReason.TOO_MANY_REDIRECTS
    crosses = request.mode == "cors" and str(url.origin) != request.origin
    if url.has_userinfo and (engine.always_refuses_userinfo or hop.tainting == "cors" or crosses):
        return BrowserReason.REDIRECT_CONTAINS_CREDENTIALS
    if hop.stream and response.status != 303:  # the only status that always drops the body
        return BrowserReason.REDIRECT_OF_STREAM
    return None


def _next_hop(hop: Hop, url: Url, status: int, request: BrowserRequest, engine: Engine) -> Hop:
    leaves = url.origin != hop.url.origin
    moved = replace(
        hop,
        url=url,
        redirects=hop.redirects + 1,
        # A redirect by the page's own origin does not taint the request. A redirect by another origin taints it as
        # soon as it leads to a third origin.
        tainted=hop.tainted or (leaves and str(hop.url.origin) != request.origin),
        has_crossed_origins=hop.has_crossed_origins or leaves,
        origin_was_sent=hop.origin_was_sent and not leaves,
    )
    turns = _becomes_get(status, hop.method)
    if turns or (leaves and engine.cross_origin_delete_becomes_get and hop.method == "DELETE"):
        moved = replace(moved, method="GET", body=None, stream=False)
    headers = tuple(
        line for line in hop.initial_headers if line in hop.headers or line[0].lower() in engine.restored_headers
    )
    if str(url.origin) != request.origin:
        headers = _without(engine.dropped_cross_origin, headers)
    if leaves:
        headers = _without(CORS_NON_WILDCARD, headers)
    kept = _without(REQUEST_BODY_HEADERS, headers) if turns else headers
    if not engine.drops_body_headers_again:
        return replace(moved, headers=kept)
    again = _becomes_get(status, normalize_method(request.method))
    return replace(moved, headers=_without(REQUEST_BODY_HEADERS, headers) if again else headers, preflight_headers=kept)


def _without(names: Container[bytes], headers: tuple[Header, ...]) -> tuple[Header, ...]:
    return tuple(line for line in headers if line[0].lower() not in names)


def _becomes_get(status: int, method: str) -> bool:
    if status == 303:  # See Other
        return method not in {"GET", "HEAD"}
    return status in {301, 302} and method == "POST"
