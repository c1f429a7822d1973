"""The requests of a check: for each browser, and those that settle the cause of a refusal."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from crossorigin.browser import (
    AsyncTransport,
    BrowserRequest,
    EngineName,
    Exchange,
    HttpRequest,
    HttpResponse,
    Verdict,
    browse,
    run_async,
)
from crossorigin.browser.check import text_lines
from crossorigin.doctor.asking.probe import CannotRunError
from crossorigin.doctor.asking.probe_origins import ProbeOrigin, findings_of, probe_origins, probe_request
from crossorigin.doctor.causes.origins import near_origins
from crossorigin.doctor.causes.redirects import target_of
from crossorigin.doctor.detect import needs_second_opinion
from crossorigin.doctor.diagnosis import Diagnosis, diagnose
from crossorigin.doctor.evidence import ALLOW_METHODS, ALLOW_ORIGIN, Evidence, Situation, shows_a_layer
from crossorigin.doctor.findings import Finding
from crossorigin.doctor.servers import UNKNOWN, Recognized, is_cors
from crossorigin.fetch.methods import normalize_method
from crossorigin.fetch.origin import OPAQUE_ORIGIN

# No server has this name: RFC 2606 reserves it.
OTHER_ORIGIN = b"https://crossorigin-check.invalid"
_SAFE = frozenset({"GET", "HEAD"})
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What is to be checked: the request of a page, the browsers, and what the page must be able to read."""

    request: BrowserRequest
    engines: tuple[EngineName, ...]
    probe: bool = False
    exposes: tuple[str, ...] = ()


async def check(asked: Check, transport: AsyncTransport, *, app: Recognized | None = None) -> Diagnosis:
    """Make the requests over `transport` and return the diagnosis. Exceptions of the transport are raised."""
    verdicts = [await run_async(asked.request, transport, engine=engine) for engine in asked.engines]
    lead = next((verdict for verdict in verdicts if not verdict.allowed), verdicts[0])
    evidence = await _Settling(lead, transport, app).settle()
    differ = await _answers_differ(verdicts, transport)
    probed = await _probe(asked.request, transport) if asked.probe else ()
    return diagnose(verdicts, app=app, evidence=evidence, answers_differ=differ, probed=probed, exposes=asked.exposes)


class _Settling:
    """The further requests that settle the cause of one refusal."""

    def __init__(self, lead: Verdict, transport: AsyncTransport, app: Recognized | None) -> None:
        self._lead = lead
        self._request = lead.request
        self._transport = transport
        self._app = app

    async def settle(self) -> Evidence:
        """Return the answers. If the request is allowed, nothing is sent."""
        lead = self._lead
        if lead.reason is None or not lead.exchanges or self._request.origin == OPAQUE_ORIGIN:
            return Evidence()
        works_at = await self._works_at()
        if lead.reason.for_request().value.startswith("redirect-"):
            return Evidence(works_at=works_at)
        preflights = tuple([exchange async for exchange in self._preflights()])
        simple = await self._simple(preflights)
        evidence = Evidence(preflights=preflights, simple=simple, other=await self._other(), works_at=works_at)
        return replace(evidence, near=await self._near(evidence))

    async def _preflights(self) -> AsyncIterator[Exchange]:
        """Yield a preflight for a request that needed none, or smaller ones for a preflight that was refused."""
        last = self._lead.exchanges[-1]
        if not last.request.preflight:
            if not any(exchange.request.preflight for exchange in self._lead.exchanges):
                yield await self._exchange(replace(self._request, upload_listener=True))
            return
        if last.response is None or all(last.response.lines(name) for name in (ALLOW_ORIGIN, ALLOW_METHODS)):
            return
        bare = replace(self._bare(), upload_listener=True)
        first = await self._exchange(bare)
        yield first
        if last.response.lines(ALLOW_ORIGIN) or first.response is None or not first.response.lines(ALLOW_ORIGIN):
            return
        if normalize_method(self._request.method) != "GET":
            yield await self._exchange(replace(bare, method=self._request.method))
        for header in self._request.headers[:_MOST_NAMES]:
            yield await self._exchange(replace(bare, headers=(header,)))

    async def _simple(self, preflights: Sequence[Exchange]) -> Exchange | None:
        """Return a GET of the page, if no answer to a preflight shows a CORS layer, and none of an app is known."""
        last = self._lead.exchanges[-1]
        is_known = self._app is not None and self._app.app is not None and any(map(is_cors, self._app.app.layers))
        answers = (last.response, *(exchange.response for exchange in preflights))
        shown = any(response is not None and shows_a_layer(response) for response in answers)
        if not last.request.preflight or is_known or shown:
            return None
        return await self._exchange(self._bare())

    def _bare(self) -> BrowserRequest:
        """Return the page's request as a GET that needs no preflight."""
        return replace(self._request, method="GET", headers=(), body=None, content_type=None)

    async def _other(self) -> HttpResponse | None:
        """Return the answer to a page of an unrelated origin, if headers are doubled."""
        last = self._lead.exchanges[-1]
        if last.response is None or len(last.response.lines(ALLOW_ORIGIN)) < 2 or not self._is_safe():
            return None
        return await self._if_answered(_as_other(last.request))

    async def _near(self, evidence: Evidence) -> str | None:
        """Return an allowed origin that differs little from the page's, which is not allowed."""
        lead = self._lead
        assert lead.reason is not None  # noqa: S101  # settle returns earlier
        known = UNKNOWN if self._app is None else self._app
        situation = Situation(verdict=lead, reason=lead.reason, recognized=known, evidence=evidence)
        if situation.origin_allowed or situation.layer is not None:
            return None
        for origin in near_origins(self._request.origin):
            asking = self._first_as(origin)
            answer = None if asking is None else await self._if_answered(asking)
            if answer is not None and text_lines(answer, ALLOW_ORIGIN) == (origin,):
                return origin
        return None

    def _first_as(self, origin: str) -> HttpRequest | None:
        """Return what a page of another origin sends first. The text need not be an origin."""
        asking = next(browse(replace(self._request, upload_listener=not self._is_safe())), None)
        if asking is None:
            return None
        headers = tuple((name, origin.encode() if name == b"Origin" else value) for name, value in asking.headers)
        return replace(asking, headers=headers)

    async def _works_at(self) -> str | None:
        """Return the target of a redirect, if the same request works there."""
        target = next(filter(None, map(target_of, reversed(self._lead.exchanges))), None)
        if target is None or not self._is_safe():
            return None
        if target.startswith("http://") and self._request.url.startswith("https://"):
            target = target.replace("http://", "https://", 1)
        try:
            verdict = await run_async(replace(self._request, url=target), self._transport)
        except (CannotRunError, ValueError):
            return None
        return target if verdict.allowed else None

    async def _exchange(self, request: BrowserRequest) -> Exchange:
        sent = next(browse(request))
        return Exchange(request=sent, response=await self._if_answered(sent))

    async def _if_answered(self, request: HttpRequest) -> HttpResponse | None:
        return await _if_answered(request, self._transport)

    def _is_safe(self) -> bool:
        return normalize_method(self._request.method) in _SAFE


async def _answers_differ(verdicts: Sequence[Verdict], transport: AsyncTransport) -> bool:
    """Send the request as a page of another origin, if only that shows whether `Vary` is missing."""
    last = next((verdict.exchanges[-1] for verdict in verdicts if needs_second_opinion(verdict)), None)
    if last is None or last.response is None:
        return False
    other = await _if_answered(_as_other(last.request), transport)
    return other is not None and other.lines(ALLOW_ORIGIN) != last.response.lines(ALLOW_ORIGIN)


def _as_other(request: HttpRequest) -> HttpRequest:
    headers = tuple((name, OTHER_ORIGIN if name == b"Origin" else value) for name, value in request.headers)
    return replace(request, headers=headers)


async def _probe(request: BrowserRequest, transport: AsyncTransport) -> Sequence[Finding]:
    answers: list[tuple[ProbeOrigin, HttpResponse]] = []
    for probe in probe_origins(request.origin):
        asking = probe_request(request, probe)
        response = None if asking is None else await _if_answered(asking, transport)
        if response is not None:
            answers.append((probe, response))
    return findings_of(answers)


async def _if_answered(request: HttpRequest, transport: AsyncTransport) -> HttpResponse | None:
    """Send a request that is not the page's. A server that does not answer it has refused it."""
    try:
        return await transport(request)
    except CannotRunError:
        return None
