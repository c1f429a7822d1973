"""The CORS-preflight request: when it is sent, what it contains, and how its response is checked.

https://fetch.spec.whatwg.org/#cors-preflight-fetch-0. The preflight is sent without credentials. Its response is
checked with the credentials mode of the request that follows.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from crossorigin.browser.check import Blocked, cors_check, culprit_in
from crossorigin.browser.engines import Engine
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.request import Culprit, HttpRequest, HttpResponse
from crossorigin.fetch.fields import WILDCARD_BYTES, Header, split_list
from crossorigin.fetch.headers import CORS_NON_WILDCARD_REQUEST_HEADERS
from crossorigin.fetch.methods import CORS_SAFELISTED_METHODS, is_token_bytes
from crossorigin.fetch.safelist import cors_unsafe_request_header_names, is_cors_safelisted_request_header

ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
LOCATION = "Location"
STATUS = ":status"
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

# The reasons that mean a valid list does not allow the request.
LIST_REASONS = frozenset(
    {
        BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE,
        BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE,
    }
)
CORS_NON_WILDCARD = frozenset(name.encode() for name in CORS_NON_WILDCARD_REQUEST_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a preflight asks: whether a request may use this method and these CORS-unsafe header names.

    `url` includes the fragment. `forced` means that the preflight is sent even if the method and all headers are
    safelisted. `checked` means that the response has to pass the CORS check.
    """

    url: str
    origin: str
    method: str
    names: tuple[bytes, ...]
    includes_credentials: bool
    forced: bool = False
    checked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedLists:
    """The methods and header names that a preflight response lists; names are in lower case.

    `methods` is None if the response has no Access-Control-Allow-Methods.
    """

    methods: frozenset[bytes] | None
    names: frozenset[bytes]


def unsafe_names(headers: Iterable[Header], engine: Engine) -> tuple[bytes, ...]:
    """Return the names in `headers` that the engine lists in a preflight."""
    lines = list(headers)
    names = cors_unsafe_request_header_names(
        lines, is_safelisted=lambda name, value: _is_header_safelisted(name.lower(), value, engine)
    )
    if not engine.preflight_repeats_names:
        return names
    return tuple(sorted(name.lower() for name, _ in lines if name.lower() in names))


def _is_header_safelisted(name: bytes, value: bytes, engine: Engine) -> bool:
    for patterns, safelisted in ((engine.extra_safelisted, True), (engine.never_safelisted, False)):
        pattern = patterns.get(name)
        if pattern is not None and pattern.match(value):
            return safelisted
    if name == b"range" and engine.lenient_ranges:
        value = value.lower().replace(b"+", b"")
    return is_cors_safelisted_request_header(name, value)


def is_safelisted(method: str) -> bool:
    """Return whether the method needs no preflight."""
    return method in CORS_SAFELISTED_METHODS


def preflight_request(question: Question, url: str, engine: Engine) -> HttpRequest:
    """Return the preflight as the engine sends it.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 3 and 5
    """
    origin = (b"Origin", question.origin.encode())
    questions = [(b"Access-Control-Request-Method", question.method.encode())]
    if question.names:
        # Step 5: the header is never empty, and its names are joined without spaces.
        questions.append((b"Access-Control-Request-Headers", b",".join(question.names)))
    ordered = [origin, *questions] if engine.preflight_origin_first else [*questions, origin]
    headers = ((b"Accept", b"*/*"), *ordered)
    return HttpRequest(url=url, method="OPTIONS", headers=headers, credentials=False, preflight=True)


def check_access(response: HttpResponse, question: Question, engine: Engine, exchange: int) -> Blocked | None:
    """Return why the response to a preflight fails before its lists are read, or None if it does not.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7
    """
    access = _access(response, question, engine, exchange)
    status: Blocked | None = None
    if response.status in REDIRECT_STATUSES and response.lines(LOCATION):
        culprit = culprit_in(response, LOCATION, exchange=exchange, subject=question.url)
        status = (BrowserReason.PREFLIGHT_DISALLOWED_REDIRECT, culprit)
        # The other engines check nothing else in a redirect.
        return access or status if engine.cors_check_before_redirect else status
    if not 200 <= response.status <= 299:  # an ok status
        culprit = Culprit(exchange=exchange, header=STATUS, lines=(str(response.status),), subject="200 to 299")
        status = (BrowserReason.PREFLIGHT_INVALID_STATUS, culprit)
    return status or access if engine.status_before_cors_check else access or status


def _access(response: HttpResponse, question: Question, engine: Engine, exchange: int) -> Blocked | None:
    if not question.checked:
        return None
    refused = cors_check(
        response, question.origin, engine, includes_credentials=question.includes_credentials, exchange=exchange
    )
    return None if refused is None else (refused[0].for_preflight(), refused[1])


def read_lists(response: HttpResponse) -> AllowedLists:
    """Return the methods and header names that a response lists."""
    methods, names = (_elements(response, name) for name in (ALLOW_METHODS, ALLOW_HEADERS))
    return AllowedLists(
        methods=None if methods is None else frozenset(methods),
        names=frozenset(name.lower() for name in names or ()),
    )


def _elements(response: HttpResponse, name: str) -> Sequence[bytes] | None:
    lines = response.lines(name)
    return split_list(lines)[0] if lines else None


def check_lists(response: HttpResponse, question: Question, engine: Engine, exchange: int) -> Blocked | None:
    """Return why the lists of a preflight response do not allow the request, or None if they do.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7.3 to 7.7
    """
    lists = read_lists(response)
    # Step 7.3: one invalid element invalidates the whole list.
    invalid_methods = _invalid(
        response, ALLOW_METHODS, BrowserReason.INVALID_ALLOW_METHODS_PREFLIGHT_RESPONSE, exchange
    )
    invalid_headers = _invalid(
        response, ALLOW_HEADERS, BrowserReason.INVALID_ALLOW_HEADERS_PREFLIGHT_RESPONSE, exchange
    )
    method = None
    if not _allows_method(lists, question, engine):
        culprit = culprit_in(response, ALLOW_METHODS, exchange=exchange, subject=question.method)
        method = (BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE, culprit)
    name = None
    missing = missing_name(lists.names, question, covers_authorization=engine.wildcard_covers_authorization)
    if missing is not None:
        culprit = culprit_in(response, ALLOW_HEADERS, exchange=exchange, subject=missing.decode("latin-1"))
        name = (BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE, culprit)
    if engine.method_before_header_list:
        return invalid_methods or method or invalid_headers or name
    return invalid_methods or invalid_headers or method or name


def _invalid(response: HttpResponse, header: str, reason: BrowserReason, exchange: int) -> Blocked | None:
    for element in _elements(response, header) or ():
        if not is_token_bytes(element):
            return reason, culprit_in(response, header, exchange=exchange, subject=element.decode("latin-1"))
    return None


def _allows_method(lists: AllowedLists, question: Question, engine: Engine) -> bool:
    methods = lists.methods
    # Step 7.4: an absent list counts as a list of this method.
    if methods is None and question.forced and engine.absent_methods_allow_forced:
        return True
    # Step 7.5: methods are compared byte for byte, and a safelisted method does not have to be listed.
    if is_safelisted(question.method):
        return True
    if methods is None:
        return False
    return lists_method(methods, question)


def lists_method(methods: Container[bytes], question: Question) -> bool:
    """Return whether a list contains the method, or `*`, which is a wildcard only without credentials."""
    return question.method.encode() in methods or (WILDCARD_BYTES in methods and not question.includes_credentials)


def missing_name(names: Container[bytes], question: Question, *, covers_authorization: bool) -> bytes | None:
    """Return the first name that is neither listed nor covered by `*`, or None if there is none.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, steps 7.6 and 7.7
    """
    wildcard = WILDCARD_BYTES in names and not question.includes_credentials
    for name in question.names:
        # Step 7.6: `*` does not cover Authorization. Step 7.7: it covers every other name.
        covered = wildcard and (name not in CORS_NON_WILDCARD or covers_authorization)
        if not covered and name not in names:
            return name
    return None
