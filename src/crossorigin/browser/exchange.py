"""The fetch algorithm without I/O: from a page's request to the browser's verdict.

https://fetch.spec.whatwg.org/#concept-http-redirect-fetch and the steps before it, for one request. A generator
yields each `HttpRequest` and receives its `HttpResponse`, or None if the network failed. Its return value is the
`Verdict`. It never opens a socket and never reads a clock.
"""

from collections.abc import Generator
from dataclasses import replace

from crossorigin.browser.cache import PreflightCache, max_age_of
from crossorigin.browser.check import Blocked, cors_check, culprit_in
from crossorigin.browser.engines import ENGINES, Engine, EngineName
from crossorigin.browser.exposure import exposed_names
from crossorigin.browser.headers import header_list, joined_headers
from crossorigin.browser.origin import origin_header, origin_of
from crossorigin.browser.preflight import (
    LIST_REASONS,
    LOCATION,
    REDIRECT_STATUSES,
    STATUS,
    Question,
    check_access,
    check_lists,
    is_safelisted,
    preflight_request,
    read_lists,
    unsafe_names,
)
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.redirect import Hop, follow, is_redirect
from crossorigin.browser.request import (
    BrowserRequest,
    Culprit,
    Exchange,
    HttpRequest,
    HttpResponse,
    ResponseType,
    Verdict,
)
from crossorigin.browser.url import parse_url
from crossorigin.fetch.methods import is_forbidden_method, normalize_method

Browsing = Generator[HttpRequest, HttpResponse | None, Verdict]
_SendSteps = Generator[HttpRequest, HttpResponse | None, HttpResponse | Blocked]
_PreflightSteps = Generator[HttpRequest, HttpResponse | None, Blocked | None]


def browse(
    request: BrowserRequest, *, engine: EngineName = "standard", cache: PreflightCache | None = None, now: float = 0.0
) -> Browsing:
    """Fetch `request` as a browser does: yield each HTTP request, receive its response, and return the verdict.

    Args:
        request: The request of the page.
        engine: The engine to model.
        cache: The results of this page's earlier preflights. Without a cache, nothing is kept for later requests.
        now: The time in seconds, on any clock, provided that all requests with the same cache use the same one.

    Raises:
        ValueError: There is no such engine.

    >>> fetching = browse(BrowserRequest(url="https://api.example/", origin="https://app.example", method="PUT"))
    >>> next(fetching).headers
    ((b'Accept', b'*/*'), (b'Access-Control-Request-Method', b'PUT'), (b'Origin', b'https://app.example'))
    """
    if engine not in ENGINES:
        raise ValueError(f"Invalid engine {engine!r}: expected one of {', '.join(ENGINES)}")
    fetching = _Fetch(request, ENGINES[engine], PreflightCache() if cache is None else cache, now)
    return (yield from fetching.run())


def _start(request: BrowserRequest, engine: Engine) -> Hop | Blocked:
    """Return the first request, or why the browser sends none."""
    url = parse_url(request.url)
    method = normalize_method(request.method)
    # https://fetch.spec.whatwg.org/#forbidden-method
    if is_forbidden_method(method):
        return BrowserReason.FORBIDDEN_METHOD, None
    if request.mode == "no-cors" and not is_safelisted(method):
        return BrowserReason.NO_CORS_METHOD, None
    if url is None:
        # https://fetch.spec.whatwg.org/#concept-main-fetch checks the mode before the scheme.
        same_origin = request.mode == "same-origin"
        return BrowserReason.DISALLOWED_BY_MODE if same_origin else BrowserReason.CORS_DISABLED_SCHEME, None
    headers = header_list(request, engine)
    return Hop(
        url=url, method=method, headers=headers, initial_headers=headers, body=request.body, stream=request.stream
    )


class _Fetch:
    """The state of one fetch."""

    def __init__(self, request: BrowserRequest, engine: Engine, cache: PreflightCache, now: float) -> None:
        self._request = request
        self._engine = engine
        self._cache = cache
        self._now = now
        self._exchanges: list[Exchange] = []
        self._url = request.url

    def run(self) -> Browsing:
        """Send the request and follow its redirects."""
        hop = _start(self._request, self._engine)
        while isinstance(hop, Hop):
            self._url = hop.url.with_fragment
            hop = self._apply_mode(hop)
            if not isinstance(hop, Hop):
                break
            question = self._preflight_question(hop)
            if question is not None:
                hop = replace(hop, preflighted=True)
                refused = yield from self._preflight(question, hop)
                if refused is not None:
                    return self._failure(hop, refused)
            response = yield from self._send(self._actual_request(hop))
            if not isinstance(response, HttpResponse):
                return self._failure(hop, response)
            refused = self._check(hop, response)
            if refused is not None:
                return self._failure(hop, refused)
            if self._request.redirect == "manual" or not self._is_redirect(response):
                return self._success(hop, response)
            hop = replace(hop, origin_was_sent=origin_header(hop, self._request, self._engine) is not None)
            following = self._follow_redirect(hop, response)
            if not isinstance(following, Hop):
                return self._failure(hop, following)
            hop = following
        return self._error(hop)

    def _apply_mode(self, hop: Hop) -> Hop | Blocked:
        """Return the hop with its response tainting, or why the request mode blocks it."""
        if hop.tainting == "basic" and str(hop.url.origin) == self._request.origin:
            return hop
        if self._request.mode == "same-origin":
            return BrowserReason.DISALLOWED_BY_MODE, None
        if self._request.mode == "cors":
            return replace(hop, tainting="cors")
        if self._request.redirect != "follow":
            return BrowserReason.NO_CORS_REDIRECT_MODE_NOT_FOLLOW, None
        return replace(hop, tainting="opaque")

    def _preflight_question(self, hop: Hop) -> Question | None:
        """Return what a preflight has to ask, or None if the request needs no preflight.

        The decision is made again for each URL that the request is redirected to.
        """
        if hop.tainting != "cors":
            return None
        request, engine = self._request, self._engine
        uploads = request.upload_listener and (request.body is not None or not engine.upload_preflight_needs_body)
        initial_names = unsafe_names(hop.initial_headers, engine)
        repeats = engine.preflights_each_redirect and hop.redirects > 0 and (hop.preflighted or bool(initial_names))
        forced = uploads or request.stream or repeats
        headers = hop.headers if hop.preflight_headers is None else hop.preflight_headers
        names = initial_names if engine.preflight_lists_dropped_headers else unsafe_names(headers, engine)
        if is_safelisted(hop.method) and not names and not forced:
            return None
        return Question(
            url=hop.url.with_fragment,
            origin=self._preflight_origin(hop),
            method=hop.method,
            names=names,
            includes_credentials=request.includes_credentials,
            forced=forced,
            checked=not (engine.preflight_keeps_page_origin and str(hop.url.origin) == request.origin),
        )

    def _preflight_origin(self, hop: Hop) -> str:
        """Return the origin that a preflight sends, which is also a key of the cache."""
        return self._request.origin if self._engine.preflight_keeps_page_origin else origin_of(hop, self._request)

    def _preflight(self, question: Question, hop: Hop) -> _PreflightSteps:
        """Send a preflight unless the cache covers the request, and return why it fails, or None if it does not.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
        """
        engine = self._engine
        if self._cache.covers(question, engine, self._now):
            return None
        response = yield from self._send(preflight_request(question, str(hop.url), engine))
        if not isinstance(response, HttpResponse):
            return response
        last = len(self._exchanges) - 1
        refused = check_access(response, question, engine, last)
        refused = refused or check_lists(response, question, engine, last)
        if refused is None or (engine.caches_refusals and refused[0] in LIST_REASONS):
            self._cache.store(question, read_lists(response), max_age_of(response, engine), engine, self._now)
        return refused

    def _actual_request(self, hop: Hop) -> HttpRequest:
        origin = origin_header(hop, self._request, self._engine)
        mode = self._request.credentials
        headers = joined_headers(hop.headers)
        return HttpRequest(
            url=str(hop.url),
            method=hop.method,
            headers=headers if origin is None else (*headers, (b"Origin", origin.encode())),
            credentials=mode == "include" or (mode == "same-origin" and hop.tainting == "basic"),
            body=hop.body,
        )

    def _send(self, request: HttpRequest) -> _SendSteps:
        response = yield request
        self._exchanges.append(Exchange(request=request, response=response))
        last = len(self._exchanges) - 1
        if response is None:
            return BrowserReason.NETWORK_ERROR, Culprit(exchange=last, header=STATUS, lines=(), subject=request.url)
        if len(set(response.lines(LOCATION))) > 1 and self._engine.multiple_locations == "identical":
            return BrowserReason.REDIRECT_INVALID, culprit_in(response, LOCATION, exchange=last, subject=request.url)
        return response

    def _check(self, hop: Hop, response: HttpResponse) -> Blocked | None:
        if hop.tainting != "cors":
            return None
        request, engine = self._request, self._engine
        includes_credentials = request.includes_credentials or (
            engine.redirect_checked_with_credentials
            and request.credentials == "same-origin"
            and self._exchanges[0].request.credentials
            and is_redirect(response, engine)
        )
        last = len(self._exchanges) - 1
        return cors_check(
            response, origin_of(hop, request), engine, includes_credentials=includes_credentials, exchange=last
        )

    def _is_redirect(self, response: HttpResponse) -> bool:
        if self._request.redirect == "error" and not self._engine.redirect_error_needs_location:
            return response.status in REDIRECT_STATUSES
        return is_redirect(response, self._engine)

    def _follow_redirect(self, hop: Hop, response: HttpResponse) -> Hop | Blocked:
        last = len(self._exchanges) - 1
        if self._request.redirect == "error":
            culprit = culprit_in(response, LOCATION, exchange=last, subject=hop.url.with_fragment)
            return BrowserReason.REDIRECT_NOT_FOLLOWED, culprit
        return follow(hop, response, self._request, self._engine, last)

    def _success(self, hop: Hop, response: HttpResponse) -> Verdict:
        if self._request.redirect == "manual" and response.status in REDIRECT_STATUSES:
            return self._verdict("opaqueredirect")
        exposed = exposed_names(response, hop.tainting, self._engine, self._request)
        return self._verdict(hop.tainting, exposed)

    def _failure(self, hop: Hop, blocked: Blocked) -> Verdict:
        """Return the verdict on a request that failed after it was sent, and clear the cache as the engine does.

        https://fetch.spec.whatwg.org/#concept-main-fetch: a preflighted request that fails clears the cache.
        """
        clears = self._engine.clears_cache_after_failure
        by_page = blocked[0] is BrowserReason.REDIRECT_NOT_FOLLOWED
        if (clears == "preflighted" and hop.preflighted) or (clears == "any" and not by_page):
            self._cache.forget(self._preflight_origin(hop), hop.url.with_fragment)
        return self._error(blocked)

    def _error(self, blocked: Blocked) -> Verdict:
        reason, culprit = blocked
        return replace(self._verdict("error"), reason=reason, culprit=culprit)

    def _verdict(self, kind: ResponseType, exposed: tuple[str, ...] = ()) -> Verdict:
        return Verdict(
            request=self._request,
            engine=self._engine.name,
            type=kind,
            exchanges=tuple(self._exchanges),
            url=self._url,
            exposed=exposed,
        )
