"""The values of the browser model: the page's request, the HTTP messages, and the verdict.

These are the requests and responses of the Fetch standard, as far as they matter to CORS. Cookies, `Referer`,
`User-Agent` and `Sec-Fetch-*` are not modeled because the CORS headers of a response must not depend on them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from crossorigin.browser.engines import EngineName
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.url import parse_url, scheme_of
from crossorigin.fetch.fields import Header
from crossorigin.fetch.methods import is_token, normalize_method
from crossorigin.fetch.origin import DEFAULT_PORTS, OPAQUE_ORIGIN, parse_origin

Mode = Literal["cors", "no-cors", "same-origin"]
Credentials = Literal["omit", "same-origin", "include"]
Redirect = Literal["follow", "error", "manual"]
ReferrerPolicy = Literal[
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
]
Initiator = Literal["fetch", "xhr", "script", "image", "stylesheet", "font", "video", "eventsource", "beacon"]
Tainting = Literal["basic", "cors", "opaque"]
ResponseType = Literal["basic", "cors", "opaque", "opaqueredirect", "error"]

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "mode": get_args(Mode),
    "credentials": get_args(Credentials),
    "redirect": get_args(Redirect),
    "referrer_policy": get_args(ReferrerPolicy),
    "initiator": get_args(Initiator),
}
# The browser serves URLs of these schemes itself, without a request.
_LOCAL_SCHEMES = frozenset({"about", "blob", "data"})

# These characters are stripped from the ends of the values that a page sets.
HTTP_WHITESPACE = "\t\n\r "
_FORBIDDEN_IN_VALUE = re.compile("[\x00\r\n\u0100-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRequest:
    """The request that a page makes to its browser.

    Args:
        url: The absolute URL.
        origin: The page's origin as the browser serializes it, or `null`.
        method: The method as the page writes it: `put` becomes `PUT`, and `patch` stays `patch`.
        headers: The headers that the page sets, in order. Headers that a page cannot set are left out, as browsers do.
        mode: The request mode: `cors` for `fetch` and XMLHttpRequest, `no-cors` for an `<img>` without `crossorigin`.
        credentials: The credentials mode. An XMLHttpRequest uses `include` with `withCredentials`, and `same-origin`
            without it.
        redirect: The redirect mode: follow redirects, fail on them, or return them unread.
        referrer_policy: The referrer policy, which can hide the origin of requests outside CORS.
        body: The body.
        content_type: The type of the body, which is used if the page sets no `Content-Type`.
        stream: Whether the body is a stream of unknown length.
        upload_listener: Whether an XMLHttpRequest has an upload listener.
        initiator: The API or element that makes the request. Console messages name it, and engines treat some kinds
            differently.

    Raises:
        ValueError: No page can make such a request.
    """

    url: str
    origin: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    mode: Mode = "cors"
    credentials: Credentials = "same-origin"
    redirect: Redirect = "follow"
    referrer_policy: ReferrerPolicy = "strict-origin-when-cross-origin"
    body: bytes | None = None
    content_type: str | None = None
    stream: bool = False
    upload_listener: bool = False
    initiator: Initiator = "fetch"

    def __post_init__(self) -> None:
        """Raise an error if no page can make this request."""
        problem = _problem(self)
        if problem is not None:
            raise ValueError(problem)

    @property
    def includes_credentials(self) -> bool:
        """Whether the credentials mode is `include`; no `*` is a wildcard then."""
        return self.credentials == "include"


def _problem(request: BrowserRequest) -> str | None:
    for name, choices in _CHOICES.items():
        value = getattr(request, name)
        if value not in choices:
            return f"Invalid {name} {value!r}: expected one of {', '.join(choices)}"
    if request.origin != OPAQUE_ORIGIN and parse_origin(request.origin) is None:
        expected = "expected scheme://host[:port], for example https://app.example.com, or null"
        return f"Invalid origin {request.origin!r}: {expected}"
    if not is_token(request.method):
        return f"Invalid method {request.method!r}: not a token"
    has_body = request.body is not None or request.content_type is not None or request.stream
    if has_body and normalize_method(request.method) in {"GET", "HEAD"}:
        return f"A {request.method} request cannot have a body"
    if request.stream and request.mode == "no-cors":
        return "A streamed body requires mode cors or same-origin"
    headers = [*request.headers, ("Content-Type", request.content_type or "")]
    problems = (_problem_of_url(request.url), *(_problem_of_header(*header) for header in headers))
    return next(filter(None, problems), None)


def _problem_of_url(text: str) -> str | None:
    scheme = scheme_of(text)
    if scheme is None:
        return f"Invalid URL {text!r}: not absolute"
    if scheme in _LOCAL_SCHEMES:
        return f"Invalid URL {text!r}: browsers load {scheme} URLs themselves and send no request to a server"
    if scheme not in DEFAULT_PORTS:
        return None
    url = parse_url(text)
    if url is None:
        return f"Invalid URL {text!r}: browsers cannot fetch it"
    return f"Invalid URL {text!r}: fetch rejects URLs with a user name or password" if url.has_userinfo else None


def _problem_of_header(name: str, value: str) -> str | None:
    if not is_token(name):
        return f"Invalid header name {name!r}: not a token"
    if _FORBIDDEN_IN_VALUE.search(value.strip(HTTP_WHITESPACE)):
        return f"Invalid value {value!r} of {name}: contains NUL, a line break or a character beyond U+00FF"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request as the browser sends it.

    `headers` contains the headers that matter to CORS: those of the page and `Origin`, or those of a preflight.
    `credentials` is true if cookies, HTTP authentication and client certificates are included.
    """

    url: str
    method: str
    headers: tuple[Header, ...]
    credentials: bool
    body: bytes | None = None
    preflight: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One response: its status, and its header lines as received, with names in any case.

    `error` is the exception that an app in the same process raised after the response; browsers do not see it.
    """

    status: int
    headers: tuple[Header, ...] = ()
    error: Exception | None = field(default=None, compare=False, repr=False)

    def lines(self, name: str) -> tuple[bytes, ...]:
        """Return the values of one header, one per line, without surrounding whitespace."""
        wanted = name.lower().encode()
        return tuple(value.strip(b" \t") for own, value in self.headers if own.lower() == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its response, which is None if the network failed."""

    request: HttpRequest
    response: HttpResponse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """The response header, or status, that made a request fail.

    `exchange` is an index into `Verdict.exchanges`. `header` is the name of the response header, or `:status`.
    `lines` contains its values as received and is empty if the header is absent. `subject` is the origin, method,
    name or value that the browser expected.
    """

    exchange: int
    header: str
    lines: tuple[str, ...]
    subject: str

    @property
    def value(self) -> str | None:
        """The value of the header as browsers read it, all lines joined, or None if the header is absent."""
        return ", ".join(self.lines) if self.lines else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a request.

    `type` is the type of the response that the page gets, or `error` if the browser blocks it; `reason` is then the
    cause. `exposed` contains the names of the response headers that the page can read, in lower case, sorted. `url`
    is the last URL that was requested.
    """

    request: BrowserRequest
    engine: EngineName
    type: ResponseType
    exchanges: tuple[Exchange, ...]
    url: str
    reason: BrowserReason | None = None
    culprit: Culprit | None = None
    exposed: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the page gets a response, even an opaque one."""
        return self.reason is None

    @property
    def status(self) -> int | None:
        """The status of the last response, or None if there was none."""
        response = self.exchanges[-1].response if self.exchanges else None
        return None if response is None else response.status

    @property
    def readable(self) -> bool:
        """Whether the page can read the response."""
        return self.type in {"basic", "cors"}
