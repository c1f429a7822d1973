"""Fetch, without any I/O: say what the browser sends, take what comes back, and end in a verdict.

https://fetch.spec.whatwg.org/#concept-http-redirect-fetch and what stands before it, for one request. A generator
yields each `HttpRequest` and is sent its `HttpResponse`, or None where the network failed; its return value is the
`Verdict`. It never opens a socket and never looks at a clock.
"""

from collections.abc import Generator
from dataclasses import replace

from crossorigin.browser.cache import PreflightCache, max_age_of
from crossorigin.browser.check import Blocked, blame, cors_check
from crossorigin.browser.engines import ENGINES, Engine, EngineName
from crossorigin.browser.exposure import exposed_names
from crossorigin.browser.headers import header_list, joined
from crossorigin.browser.origin import origin_header, origin_of
from crossorigin.browser.preflight import (
    LOCATION,
    OF_LISTS,
    REDIRECT_STATUSES,
    STATUS,
    Question,
    is_safelisted,
    judge_access,
    judge_lists,
    preflight_request,
    read_grant,
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
_Sending = Generator[HttpRequest, HttpResponse | None, HttpResponse | Blocked]
_Asking = Generator[HttpRequest, HttpResponse | None, Blocked | None]


def browse(
    request: BrowserRequest, *, engine: EngineName = "standard", cache: PreflightCache | None = None, now: float = 0.0
) -> Browsing:
    """Fetch `request` as a browser does: yield what it sends, take what comes back, return the verdict.

    Args:
        request: What the page asks for.
        engine: Whose ways to follow.
        cache: What earlier preflights have granted to this page; without one, nothing is remembered.
        now: The time in seconds, on any clock that the cache has known since its first request.

    Raises:
        ValueError: There is no such engine.

    >>> fetching = browse(BrowserRequest(url="https://api.example/", origin="https://app.example", method="PUT"))
    >>> next(fetching).headers
    ((b'Accept', b'*/*'), (b'Access-Control-Request-Method', b'PUT'), (b'Origin', b'https://app.example'))
    """
    if engine not in ENGINES:
        raise ValueError(f"engine={engine!r} is none of {', '.join(ENGINES)}")
    fetching = _Fetching(request, ENGINES[engine], PreflightCache() if cache is None else cache, now)
    return (yield from fetching.run())


def _start(request: BrowserRequest, engine: Engine) -> Hop | Blocked:
    """Return the request as it sets out, or why it does not."""
    url = parse_url(request.url)
    method = normalize_method(request.method)
    # https://fetch.spec.whatwg.org/#forbidden-method
    if is_forbidden_method(method):
        return BrowserReason.FORBIDDEN_METHOD, None
    if request.mode == "no-cors" and not is_safelisted(method):
        return BrowserReason.NO_CORS_METHOD, None
    if url is None:
        # https://fetch.spec.whatwg.org/#concept-main-fetch looks at the mode first.
        within = request.mode == "same-origin"
        return BrowserReason.DISALLOWED_BY_MODE if within else BrowserReason.CORS_DISABLED_SCHEME, None
    headers = header_list(request, engine)
    return Hop(url=url, method=method, headers=headers, first_headers=headers, body=request.body, stream=request.stream)


class _Fetching:
    """Hold what one fetch gathers on its way."""

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
            self._url = hop.url.whole
            hop = self._enter(hop)
            if not isinstance(hop, Hop):
                break
            question = self._question(hop)
            if question is not None:
                hop = replace(hop, preflighted=True)
                refused = yield from self._preflight(question, hop)
                if refused is not None:
                    return self._failed(hop, refused)
            response = yield from self._send(self._actual(hop))
            if not isinstance(response, HttpResponse):
                return self._failed(hop, response)
            refused = self._check(hop, response)
            if refused is not None:
                return self._failed(hop, refused)
            if self._request.redirect == "manual" or not self._leads_on(response):
                return self._done(hop, response)
            hop = replace(hop, named_origin=origin_header(hop, self._request, self._engine) is not None)
            following = self._redirected(hop, response)
            if not isinstance(following, Hop):
                return self._failed(hop, following)
            hop = following
        return self._blocked(hop)

    def _enter(self, hop: Hop) -> Hop | Blocked:
        """Say under which rules a URL is fetched: its tainting, or why it is not."""
        if hop.tainting == "basic" and str(hop.url.origin) == self._request.origin:
            return hop
        if self._request.mode == "same-origin":
            return BrowserReason.DISALLOWED_BY_MODE, None
        if self._request.mode == "cors":
            return replace(hop, tainting="cors")
        if self._request.redirect != "follow":
            return BrowserReason.NO_CORS_REDIRECT_MODE_NOT_FOLLOW, None
        return replace(hop, tainting="opaque")

    def _question(self, hop: Hop) -> Question | None:
        """Return what a preflight would ask, or None where the request goes without one.

        It is decided anew for each URL on the way.
        """
        if hop.tainting != "cors":
            return None
        request, engine = self._request, self._engine
        uploads = request.upload_listener and (request.body is not None or not engine.upload_needs_body)
        first_names = unsafe_names(hop.first_headers, engine)
        repeats = engine.repeats_preflight and hop.redirects > 0 and (hop.preflighted or bool(first_names))
        forced = uploads or request.stream or repeats
        asked = hop.headers if hop.asked_headers is None else hop.asked_headers
        names = first_names if engine.asks_about_dropped else unsafe_names(asked, engine)
        if is_safelisted(hop.method) and not names and not forced:
            return None
        return Question(
            url=hop.url.whole,
            origin=self._asker(hop),
            method=hop.method,
            names=names,
            include=request.include,
            forced=forced,
            checked=not (engine.preflight_keeps_origin and str(hop.url.origin) == request.origin),
        )

    def _asker(self, hop: Hop) -> str:
        """Return the origin that a preflight names, and by which its answer is remembered."""
        return self._request.origin if self._engine.preflight_keeps_origin else origin_of(hop, self._request)

    def _preflight(self, question: Question, hop: Hop) -> _Asking:
        """Ask first, unless the answer is known.

        https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
        """
        engine = self._engine
        if self._cache.covers(question, engine, self._now):
            return None
        response = yield from self._send(preflight_request(question, str(hop.url), engine))
        if not isinstance(response, HttpResponse):
            return response
        last = len(self._exchanges) - 1
        refused = judge_access(response, question, engine, last)
        refused = refused or judge_lists(response, question, engine, last)
        if refused is None or (engine.keeps_refusals and refused[0] in OF_LISTS):
            self._cache.store(question, read_grant(response), max_age_of(response, engine), engine, self._now)
        return refused

    def _actual(self, hop: Hop) -> HttpRequest:
        origin = origin_header(hop, self._request, self._engine)
        mode = self._request.credentials
        headers = joined(hop.headers)
        return HttpRequest(
            url=str(hop.url),
            method=hop.method,
            headers=headers if origin is None else (*headers, (b"Origin", origin.encode())),
            credentials=mode == "include" or (mode == "same-origin" and hop.tainting == "basic"),
            body=hop.body,
        )

    def _send(self, request: HttpRequest) -> _Sending:
        response = yield request
        self._exchanges.append(Exchange(request=request, response=response))
        last = len(self._exchanges) - 1
        if response is None:
            return BrowserReason.NETWORK_ERROR, Culprit(exchange=last, header=STATUS, lines=(), subject=request.url)
        if len(set(response.lines(LOCATION))) > 1 and self._engine.several_locations == "alike":
            return BrowserReason.REDIRECT_INVALID, blame(response, LOCATION, exchange=last, subject=request.url)
        return response

    def _check(self, hop: Hop, response: HttpResponse) -> Blocked | None:
        if hop.tainting != "cors":
            return None
        request, engine = self._request, self._engine
        include = request.include or (
            engine.redirect_checked_with_credentials
            and request.credentials == "same-origin"
            and self._exchanges[0].request.credentials
            and is_redirect(response, engine)
        )
        last = len(self._exchanges) - 1
        return cors_check(response, origin_of(hop, request), engine, include=include, exchange=last)

    def _leads_on(self, response: HttpResponse) -> bool:
        if self._request.redirect == "error" and not self._engine.error_needs_location:
            return response.status in REDIRECT_STATUSES
        return is_redirect(response, self._engine)

    def _redirected(self, hop: Hop, response: HttpResponse) -> Hop | Blocked:
        last = len(self._exchanges) - 1
        if self._request.redirect == "error":
            culprit = blame(response, LOCATION, exchange=last, subject=hop.url.whole)
            return BrowserReason.REDIRECT_NOT_FOLLOWED, culprit
        return follow(hop, response, self._request, self._engine, last)

    def _done(self, hop: Hop, response: HttpResponse) -> Verdict:
        if self._request.redirect == "manual" and response.status in REDIRECT_STATUSES:
            return self._verdict("opaqueredirect")
        exposed = exposed_names(response, hop.tainting, self._engine, self._request)
        return self._verdict(hop.tainting, exposed)

    def _failed(self, hop: Hop, blocked: Blocked) -> Verdict:
        """End what was sent without a response, and forget what the engine forgets then.

        https://fetch.spec.whatwg.org/#concept-main-fetch: what was preflighted and fails clears the cache.
        """
        forgets = self._engine.forgets_after_blocked
        by_page = blocked[0] is BrowserReason.REDIRECT_NOT_FOLLOWED
        if (forgets == "asked" and hop.preflighted) or (forgets == "any" and not by_page):
            self._cache.forget(self._asker(hop), hop.url.whole)
        return self._blocked(blocked)

    def _blocked(self, blocked: Blocked) -> Verdict:
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
