"""Findings in recorded exchanges: what browsers do not complain about, or not in these words. Pure."""

import re
from collections.abc import Iterator, Sequence

from crossorigin.browser import ENGINES, Exchange, HttpResponse, Verdict
from crossorigin.browser.check import text_lines
from crossorigin.browser.preflight import ALLOW_HEADERS, ALLOW_METHODS, LIST_REASONS, Question, check_lists
from crossorigin.browser.url import parse_url
from crossorigin.doctor.findings import Finding, FindingCode
from crossorigin.fetch.fields import WILDCARD, split_list

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_MAX_AGE = "Access-Control-Max-Age"
_EXPOSE_HEADERS = "Access-Control-Expose-Headers"
_ONE_VALUE = (ALLOW_ORIGIN, "Access-Control-Allow-Credentials", _MAX_AGE)
_ALLOW_LISTS = (ALLOW_METHODS, ALLOW_HEADERS)
_LISTS = (*_ALLOW_LISTS, _EXPOSE_HEADERS)
# What Firefox keeps, and nobody keeps longer.
_LONGEST_KEPT = 86400
# With a sign it is followed by some: -1 turns recording off.
_WHOLE_NUMBER = re.compile(rb"[+-]?[0-9]{1,15}\Z")
_STORED = frozenset({"GET", "HEAD"})
_AUTHENTICATE = frozenset({401, 407})
_FIRST_ERROR = 400
_NOT_FOUND = frozenset({404, 410})
_FIRST_FAILURE = 500
# Headers that pages usually read, and headers that they seldom need.
_USUALLY_READ = (
    "Content-Disposition",
    "Content-Range",
    "Mcp-Session-Id",
    "Retry-After",
    "X-Page",
    "X-Per-Page",
    "X-RateLimit-Remaining",
    "X-Total",
    "X-Total-Count",
    "X-Total-Pages",
)
_SELDOM_READ = ("ETag", "Location", "X-Request-Id", "Link")


def detect(verdict: Verdict, *, answers_differ: bool = False, exposes: Sequence[str] = ()) -> Iterator[Finding]:
    """Yield what the exchanges of a verdict show.

    Args:
        verdict: The verdict of one browser.
        answers_differ: Whether the last answer is different for another origin, and has no `Vary`.
        exposes: The names of response headers that the page must be able to read.
    """
    for place, exchange in enumerate(verdict.exchanges):
        response = exchange.response
        if response is None:
            continue
        yield from _doubled(response, place)
        if exchange.request.preflight:
            yield from _of_preflight(response, place)
            yield from _of_lists(verdict, exchange, response, place)
        else:
            yield from _of_answer(verdict, exchange, response, place)
    if answers_differ:
        place = len(verdict.exchanges) - 1
        detail = f"Another origin gets a different {ALLOW_ORIGIN}, and there is no Vary: Origin."
        yield Finding(code=FindingCode.MISSING_VARY, exchange=place, header="Vary", detail=detail)
    yield from _of_exposure(verdict, exposes)


def needs_second_opinion(verdict: Verdict) -> bool:
    """Return whether only the answer to another origin shows that `Vary` is missing.

    A response that names an origin needs no `Vary` if it is the same for every origin. Caches store responses to GET
    and HEAD.
    """
    if not verdict.exchanges or verdict.type != "cors":
        return False
    last = verdict.exchanges[-1]
    if last.response is None or last.request.method not in _STORED:
        return False
    return ",".join(text_lines(last.response, ALLOW_ORIGIN)) != WILDCARD and not varies_by_origin(last.response)


def varies_by_origin(response: HttpResponse) -> bool:
    """Return whether caches know that the response depends on `Origin`."""
    elements = {element.lower() for element in split_list(response.lines("Vary"))[0]}
    return bool(elements & {b"origin", b"*"})


def _doubled(response: HttpResponse, place: int) -> Iterator[Finding]:
    for name in (*_ONE_VALUE, *_LISTS):
        lines = text_lines(response, name)
        # A list may be on several lines, but a line that appears twice was set twice.
        if len(lines) > 1 and (name in _ONE_VALUE or len(set(lines)) < len(lines)):
            detail = f"{name} is on {len(lines)} lines: {' and '.join(lines)}."
            yield Finding(code=FindingCode.DUPLICATE_HEADER, exchange=place, header=name, detail=detail)


def _of_preflight(response: HttpResponse, place: int) -> Iterator[Finding]:
    challenge = "WWW-Authenticate"
    if response.status in _AUTHENTICATE or (response.status >= _FIRST_ERROR and response.lines(challenge)):
        detail = f"OPTIONS is answered with {response.status}: the server requires authentication."
        yield Finding(code=FindingCode.PREFLIGHT_NEEDS_AUTHENTICATION, exchange=place, header=challenge, detail=detail)
    location = text_lines(response, "Location")
    if 300 <= response.status < _FIRST_ERROR and location:  # the redirects
        detail = f"OPTIONS is answered with {response.status} to {location[0]}."
        yield Finding(code=FindingCode.PREFLIGHT_REDIRECTED, exchange=place, header="Location", detail=detail)
    for value in response.lines(_MAX_AGE)[:1]:
        if not _WHOLE_NUMBER.match(value) or int(value) > _LONGEST_KEPT:
            detail = f"{_MAX_AGE} is {value.decode('latin-1')}."
            yield Finding(code=FindingCode.MAX_AGE_CAPPED, exchange=place, header=_MAX_AGE, detail=detail)


def _of_lists(verdict: Verdict, exchange: Exchange, response: HttpResponse, place: int) -> Iterator[Finding]:
    """Yield what the lists of an error response do not allow. Browsers look only at its status."""
    if response.status < _FIRST_ERROR or not any(response.lines(name) for name in _ALLOW_LISTS):
        return
    asked = {name.lower(): value for name, value in exchange.request.headers}
    method = asked[b"access-control-request-method"].decode()
    names = tuple(split_list([asked.get(b"access-control-request-headers", b"")])[0])
    # The method and the headers are checked separately: GET needs no list.
    for about, unsafe in ((method, ()), ("GET", names)):
        question = Question(
            url=exchange.request.url,
            origin=verdict.request.origin,
            method=about,
            names=unsafe,
            includes_credentials=verdict.request.includes_credentials,
        )
        refused = check_lists(response, question, ENGINES["standard"], place)
        culprit = refused[1] if refused is not None and refused[0] in LIST_REASONS else None
        if culprit is not None:
            header = culprit.header
            detail = f"{header} does not allow {culprit.subject}."
            yield Finding(code=FindingCode.PREFLIGHT_REFUSED_BY_LISTS, exchange=place, header=header, detail=detail)


def _of_answer(verdict: Verdict, exchange: Exchange, response: HttpResponse, place: int) -> Iterator[Finding]:
    if _is_error_of_cors(verdict, exchange, response) and not response.lines(ALLOW_ORIGIN):
        detail = f"{exchange.request.method} is answered with {response.status}, and the page cannot see that."
        yield Finding(code=FindingCode.ERROR_WITHOUT_CORS_HEADERS, exchange=place, header=ALLOW_ORIGIN, detail=detail)
    is_result = verdict.allowed and place == len(verdict.exchanges) - 1
    if response.error is None and is_result and (response.status in _NOT_FOUND or response.status >= _FIRST_FAILURE):
        detail = f"{exchange.request.method} {exchange.request.url} is answered with {response.status}."
        yield Finding(code=FindingCode.ERROR_STATUS, exchange=place, detail=detail)
    if response.error is not None:
        detail = f"{type(response.error).__name__}: {response.error}"
        yield Finding(code=FindingCode.APP_EXCEPTION, exchange=place, detail=detail)
    exposed = split_list(response.lines(_EXPOSE_HEADERS))[0]
    if verdict.type == "cors" and verdict.request.includes_credentials and WILDCARD.encode() in exposed:
        detail = f"{_EXPOSE_HEADERS} is {', '.join(text_lines(response, _EXPOSE_HEADERS))}."
        yield Finding(
            code=FindingCode.WILDCARD_IGNORED_WITH_CREDENTIALS, exchange=place, header=_EXPOSE_HEADERS, detail=detail
        )


def _of_exposure(verdict: Verdict, exposes: Sequence[str]) -> Iterator[Finding]:
    """Yield the headers of the last response that the page cannot read."""
    if not verdict.exchanges or verdict.exchanges[-1].response is None or verdict.exchanges[-1].request.preflight:
        return
    place, response = len(verdict.exchanges) - 1, verdict.exchanges[-1].response
    required = {name.lower() for name in exposes}
    for name in exposes:
        if name.lower() not in verdict.exposed:
            what = "the page cannot read it" if response.lines(name) else "the response does not have it"
            detail = f"{name} is required, and {what}."
            code = FindingCode.REQUIRED_HEADER_NOT_EXPOSED
            yield Finding(code=code, exchange=place, header=name, detail=detail)
    if verdict.type != "cors":
        return
    for name in (*_USUALLY_READ, *_SELDOM_READ):
        if response.lines(name) and name.lower() not in {*verdict.exposed, *required}:
            detail = f"The page cannot read {name}."
            is_info = name in _SELDOM_READ
            code = FindingCode.UNEXPOSED_HEADER
            yield Finding(code=code, exchange=place, header=name, detail=detail, is_info=is_info)


def _is_error_of_cors(verdict: Verdict, exchange: Exchange, response: HttpResponse) -> bool:
    """Return whether a page of another origin would read an error response."""
    url = parse_url(exchange.request.url)
    crosses = url is not None and str(url.origin) != verdict.request.origin
    return crosses and verdict.request.mode == "cors" and response.status >= _FIRST_ERROR
