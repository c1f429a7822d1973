"""Find in recorded exchanges what a browser does not complain of, or not in these words. Pure."""

import re
from collections.abc import Iterator

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


def detect(verdict: Verdict, *, answers_differ: bool = False) -> Iterator[Finding]:
    """Yield what the exchanges of a verdict show.

    `answers_differ` tells whether the last answer was seen to be another one for another origin, without `Vary`.
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
        detail = f"Another origin gets another {ALLOW_ORIGIN}, and nothing tells caches."
        yield Finding(code=FindingCode.MISSING_VARY, exchange=place, header="Vary", detail=detail)


def needs_second_opinion(verdict: Verdict) -> bool:
    """Tell whether only the answer to another origin shows that `Vary` is missing.

    Without it, an answer that names an origin is right if it is always the same one. Caches store answers to GET
    and HEAD.
    """
    if not verdict.exchanges or verdict.type != "cors":
        return False
    last = verdict.exchanges[-1]
    if last.response is None or last.request.method not in _STORED:
        return False
    return ",".join(text_lines(last.response, ALLOW_ORIGIN)) != WILDCARD and not varies_by_origin(last.response)


def varies_by_origin(response: HttpResponse) -> bool:
    """Tell whether caches know that the answer depends on `Origin`."""
    elements = {element.lower() for element in split_list(response.lines("Vary"))[0]}
    return bool(elements & {b"origin", b"*"})


def _doubled(response: HttpResponse, place: int) -> Iterator[Finding]:
    for name in (*_ONE_VALUE, *_LISTS):
        lines = text_lines(response, name)
        # A list may stand on several lines; the same line twice was set twice.
        if len(lines) > 1 and (name in _ONE_VALUE or len(set(lines)) < len(lines)):
            detail = f"{name} stands on {len(lines)} lines: {' and '.join(lines)}."
            yield Finding(code=FindingCode.DUPLICATE_HEADER, exchange=place, header=name, detail=detail)


def _of_preflight(response: HttpResponse, place: int) -> Iterator[Finding]:
    challenge = "WWW-Authenticate"
    if response.status in _AUTHENTICATE or (response.status >= _FIRST_ERROR and response.lines(challenge)):
        detail = f"OPTIONS is answered with {response.status}: the server wants to know who asks."
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
    """Yield what the lists of an error do not allow: browsers look at its status, and no further."""
    if response.status < _FIRST_ERROR or not any(response.lines(name) for name in _ALLOW_LISTS):
        return
    asked = {name.lower(): value for name, value in exchange.request.headers}
    method = asked[b"access-control-request-method"].decode()
    names = tuple(split_list([asked.get(b"access-control-request-headers", b"")])[0])
    # One of them at a time: GET needs no list.
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
    if response.error is not None:
        detail = f"{type(response.error).__name__}: {response.error}"
        yield Finding(code=FindingCode.APP_EXCEPTION, exchange=place, detail=detail)
    exposed = split_list(response.lines(_EXPOSE_HEADERS))[0]
    if verdict.type == "cors" and verdict.request.includes_credentials and WILDCARD.encode() in exposed:
        detail = f"{_EXPOSE_HEADERS} is {', '.join(text_lines(response, _EXPOSE_HEADERS))}."
        yield Finding(
            code=FindingCode.WILDCARD_IGNORED_WITH_CREDENTIALS, exchange=place, header=_EXPOSE_HEADERS, detail=detail
        )


def _is_error_of_cors(verdict: Verdict, exchange: Exchange, response: HttpResponse) -> bool:
    """Tell whether a page of another origin asks to read an error."""
    url = parse_url(exchange.request.url)
    crosses = url is not None and str(url.origin) != verdict.request.origin
    return crosses and verdict.request.mode == "cors" and response.status >= _FIRST_ERROR
