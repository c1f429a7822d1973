"""What is known about one refused request: its exchanges, further answers, and the options of the app. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from crossorigin.browser import ENGINES, BrowserReason, Exchange, HttpResponse, Verdict
from crossorigin.browser.check import text_lines
from crossorigin.browser.headers import header_list
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.layers import Layer
from crossorigin.doctor.servers import Recognized, is_cors, server_of
from crossorigin.fetch.fields import WILDCARD, split_list
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.methods import normalize_method
from crossorigin.fetch.safelist import cors_unsafe_request_header_names
from crossorigin.policy.options import is_list_like, members_of

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Answers to requests beyond those of the page.

    `preflights` are further preflights of the page: one if its request needed none, or smaller ones if its own was
    refused. `simple` is a GET of the page, if no answer to a preflight showed a CORS layer. `other` is the answer to a
    page of an unrelated origin, if it was requested. `near` is an allowed origin that differs little from the page's.
    `works_at` is the target of a redirect at which the same request works.
    """

    preflights: tuple[Exchange, ...] = ()
    simple: Exchange | None = None
    other: HttpResponse | None = None
    near: str | None = None
    works_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the server has to allow. Without a preflight, browsers ask for neither the method nor the headers."""

    origin: str
    method: str
    names: tuple[str, ...]
    credentials: bool
    preflight: bool


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A refused request and everything that is known about it."""

    verdict: Verdict
    reason: BrowserReason
    recognized: Recognized
    evidence: Evidence = field(default_factory=Evidence)

    @cached_property
    def last(self) -> Exchange | None:
        """The exchange that was refused, or None if nothing was sent."""
        return self.verdict.exchanges[-1] if self.verdict.exchanges else None

    @cached_property
    def response(self) -> HttpResponse | None:
        """The response that was refused."""
        return None if self.last is None else self.last.response

    @property
    def status(self) -> int:
        """The status of that response; 0 if there is none."""
        return 0 if self.response is None else self.response.status

    @property
    def in_preflight(self) -> bool:
        """Whether a preflight was refused."""
        return self.last is not None and self.last.request.preflight

    @cached_property
    def wanted(self) -> Wanted:
        """What the server has to allow."""
        request = self.verdict.request
        names = sent_names(self.verdict)
        return Wanted(
            origin=request.origin,
            method=normalize_method(request.method),
            names=tuple(name for name in names if name.lower() not in ALL_CORS_RESPONSE_HEADERS),
            credentials=request.includes_credentials,
            preflight=any(exchange.request.preflight for exchange in self.verdict.exchanges),
        )

    @cached_property
    def cors_layers(self) -> tuple[Layer, ...]:
        """The layers of the app in this process that set CORS headers, the outermost first."""
        app = self.recognized.app
        return () if app is None else tuple(layer for layer in app.layers if is_cors(layer))

    @cached_property
    def layer(self) -> Layer | None:
        """The layer whose options decide: the outermost one that is known.

        It is None if its options are not known, or if the policy of a route decided instead.
        """
        if policy_of(self.response) is not None:
            return None
        known = next((layer for layer in self.cors_layers if server_of(layer.owner)), None)
        return known if known is not None and known.is_read else None

    @cached_property
    def has_layer(self) -> bool:
        """Whether something sets CORS headers for some origin, even if not for this one."""
        if self.cors_layers or self.evidence.near is not None:
            return True
        return any(map(shows_a_layer, self.responses))

    @cached_property
    def origin_allowed(self) -> bool:
        """Whether an answer allows the origin of the page."""
        values = {*(text_lines(response, ALLOW_ORIGIN) for response in self.responses)}
        return bool(values & {(self.wanted.origin,), (WILDCARD,)})

    @cached_property
    def allows_any(self) -> bool:
        """Whether an answer allows every origin without credentials."""
        return any(text_lines(response, ALLOW_ORIGIN) == (WILDCARD,) for response in self.responses)

    @cached_property
    def responses(self) -> tuple[HttpResponse, ...]:
        """All answers of this host to requests of this page."""
        return tuple(response for exchange in self.exchanges if (response := exchange.response) is not None)

    @cached_property
    def misses_preflights(self) -> bool:
        """Whether something sets CORS headers, but not in any answer to a preflight."""
        simple = None if self.evidence.simple is None else self.evidence.simple.response
        answers = (exchange.response for exchange in self.exchanges if exchange.request.preflight)
        shown = any(response is not None and shows_a_layer(response) for response in answers)
        return self.in_preflight and not shown and simple is not None and shows_a_layer(simple)

    def listed(self, header: str) -> frozenset[str] | None:
        """Return what the answers to preflights list, or None if none has this header."""
        answers = [exchange.response for exchange in self.exchanges if exchange.request.preflight]
        lines = [line for response in answers if response is not None for line in response.lines(header)]
        return frozenset(element.decode("latin-1") for element in split_list(lines)[0]) if lines else None

    @property
    def exchanges(self) -> Iterator[Exchange]:
        """All exchanges of this page with the host that refused it; a redirect may have led there from another one.

        A preflight for another method may have been decided by the policy of another route, and shows nothing then.
        """
        host = "" if self.last is None else urlsplit(self.last.request.url).netloc
        owner = policy_of(self.response)
        further = (exchange for exchange in self.evidence.preflights if policy_of(exchange.response) == owner)
        simple = () if self.evidence.simple is None else (self.evidence.simple,)
        for exchange in (*self.verdict.exchanges, *further, *simple):
            if urlsplit(exchange.request.url).netloc == host:
                yield exchange


def shows_a_layer(response: HttpResponse) -> bool:
    """Return whether a response shows that something sets CORS headers."""
    if is_refusal_of_aiohttp(response):
        return True
    if any(name.lower().startswith(b"access-control-") for name, _ in response.headers):
        return True
    return any(element.lower() == b"origin" for element in split_list(response.lines("Vary"))[0])


def is_refusal_of_aiohttp(response: HttpResponse) -> bool:
    """Return whether a response looks like the refusal of a preflight by aiohttp-cors, which has no CORS headers."""
    is_aiohttp = any(b"aiohttp/" in line for line in response.lines("Server"))
    is_text = response.lines("Content-Type") == (b"text/plain; charset=utf-8",)
    return is_aiohttp and is_text and response.status == 403 and not response.lines("WWW-Authenticate")


def sent_names(verdict: Verdict) -> list[str]:
    """Return the names of the headers that the page sets and that need a preflight, as the page spells them."""
    lines = header_list(verdict.request, ENGINES["standard"])
    spelled = {name.lower(): name.decode("latin-1") for name, _ in lines}
    return [spelled[name] for name in cors_unsafe_request_header_names(lines)]


def texts_in(value: object) -> list[str]:
    """Return the strings in a list, tuple or set, or an empty list for anything else."""
    return [member for member in members_of(value) if isinstance(member, str)] if is_list_like(value) else []


def options_of(layer: Layer) -> Mapping[str, object]:
    """Return the options of a layer. Those of its `policy`, or of what a `LivePolicy` holds now, are written out."""
    policy = layer.options.get("policy")
    policy = getattr(policy, "current", policy)
    if policy is None:
        return layer.options
    written: Mapping[str, object] = getattr(policy, "to_dict", dict[str, object])()
    return {**layer.options, **written}
