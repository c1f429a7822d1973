"""Hold the values that go in and out: what a page asks for, what goes over the wire, and what comes of it.

The standard's requests and responses, as far as CORS looks at them. Cookies, `Referer`, `User-Agent` and
`Sec-Fetch-*` are not modelled: no server's CORS answer may depend on them.
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
# Answered by the browser itself, without a request.
_ANSWERED_AT_HOME = frozenset({"about", "blob", "data"})

# Stripped from the values that a page sets.
HTTP_WHITESPACE = "\t\n\r "
_NEVER_IN_A_VALUE = re.compile("[\x00\r\n\u0100-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRequest:
    """Hold what a page asks its browser for.

    Args:
        url: The absolute URL.
        origin: The page's origin as the browser serializes it, or `null`.
        method: The method as the page writes it: `put` becomes `PUT`, `patch` stays what it is.
        headers: The headers that the page sets, in order. Those that no page can set are left out, as browsers do.
        mode: The request mode: `cors` for `fetch` and XMLHttpRequest, `no-cors` for an `<img>` without `crossorigin`.
        credentials: The credentials mode; `withCredentials` of an XMLHttpRequest is `include`, without it
            `same-origin`.
        redirect: What becomes of redirects.
        referrer_policy: The referrer policy, which can hide the origin of requests outside CORS.
        body: The body.
        content_type: What the body brings along where the page sets no `Content-Type`.
        stream: Whether the body is a stream, of unknown length.
        upload_listener: Whether an XMLHttpRequest listens to its upload.
        initiator: What the page used; it words the messages, and some engines treat some kinds differently.

    Raises:
        ValueError: No browser can be asked for that.
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
        """Refuse what no page can ask for."""
        problem = _problem(self)
        if problem is not None:
            raise ValueError(problem)

    @property
    def include(self) -> bool:
        """Tell whether the credentials mode is `include`, which takes the meaning from every `*`."""
        return self.credentials == "include"


def _problem(request: BrowserRequest) -> str | None:
    for name, choices in _CHOICES.items():
        value = getattr(request, name)
        if value not in choices:
            return f"{name}={value!r} is none of {', '.join(choices)}"
    if request.origin != OPAQUE_ORIGIN and parse_origin(request.origin) is None:
        return f"origin={request.origin!r} is no serialized origin: write one as https://app.example.com, or null"
    if not is_token(request.method):
        return f"method={request.method!r} is not a token"
    has_body = request.body is not None or request.content_type is not None or request.stream
    if has_body and normalize_method(request.method) in {"GET", "HEAD"}:
        return f"a {request.method} request has no body"
    if request.stream and request.mode == "no-cors":
        return "a streamed body needs mode cors or same-origin"
    headers = [*request.headers, ("Content-Type", request.content_type or "")]
    problems = (_problem_of_url(request.url), *(_problem_of_header(*header) for header in headers))
    return next(filter(None, problems), None)


def _problem_of_url(text: str) -> str | None:
    scheme = scheme_of(text)
    if scheme is None:
        return f"url={text!r} is not absolute"
    if scheme in _ANSWERED_AT_HOME:
        return f"url={text!r} is answered by the browser itself, without a request: there is nothing to ask of a server"
    if scheme not in DEFAULT_PORTS:
        return None
    url = parse_url(text)
    if url is None:
        return f"url={text!r} is no URL that a browser can fetch"
    return f"url={text!r} has a user name or a password, which fetch refuses" if url.has_userinfo else None


def _problem_of_header(name: str, value: str) -> str | None:
    if not is_token(name):
        return f"the header name {name!r} is not a token"
    if _NEVER_IN_A_VALUE.search(value.strip(HTTP_WHITESPACE)):
        return f"the value {value!r} of {name} has a NUL, a line break or a character beyond U+00FF"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """Hold one request as the browser sends it.

    `headers` are what CORS decides about: those of the page, and `Origin`; or those of a preflight. `credentials`
    tells whether cookies, HTTP authentication and client certificates go along.
    """

    url: str
    method: str
    headers: tuple[Header, ...]
    credentials: bool
    body: bytes | None = None
    preflight: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """Hold one response: its status and its header lines as they came, names in any case.

    `error` is what an app in process raised after it; no browser learns of that.
    """

    status: int
    headers: tuple[Header, ...] = ()
    error: Exception | None = field(default=None, compare=False, repr=False)

    def lines(self, name: str) -> tuple[bytes, ...]:
        """Return the values of one header, a line each, without the whitespace around them."""
        wanted = name.lower().encode()
        return tuple(value.strip(b" \t") for own, value in self.headers if own.lower() == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Hold a request and its response; None where the network failed."""

    request: HttpRequest
    response: HttpResponse | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """Hold what a refusal is about.

    `exchange` is the place in `Verdict.exchanges`; `header` the response header, or `:status`; `lines` its values
    as they came, none where it is absent; `subject` the origin, method, name or value that was looked for.
    """

    exchange: int
    header: str
    lines: tuple[str, ...]
    subject: str

    @property
    def value(self) -> str | None:
        """Return the value of the header as browsers read it, all lines joined; None where it is absent."""
        return ", ".join(self.lines) if self.lines else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Hold what comes of a request.

    `type` is that of the response that the page gets, `error` if it gets none; then `reason` says why. `exposed`
    are the names of the response's headers that the page can read, in lower case, sorted. `url` is where the
    exchanges ended.
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
        """Tell whether the page gets a response, be it one that it cannot look into."""
        return self.reason is None

    @property
    def status(self) -> int | None:
        """Return the status of the last response, None where there was none."""
        response = self.exchanges[-1].response if self.exchanges else None
        return None if response is None else response.status

    @property
    def readable(self) -> bool:
        """Tell whether the page can read the response."""
        return self.type in {"basic", "cors"}
