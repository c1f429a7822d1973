"""Make the requests of a check: for each browser, and for the second opinion that some need."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from crossorigin.browser import (
    AsyncTransport,
    BrowserRequest,
    EngineName,
    HttpRequest,
    HttpResponse,
    Verdict,
    run_async,
)
from crossorigin.doctor.detect import ALLOW_ORIGIN, needs_second_opinion
from crossorigin.doctor.diagnosis import Diagnosis, diagnose
from crossorigin.doctor.findings import Finding
from crossorigin.doctor.probe import CannotRunError
from crossorigin.doctor.probe_origins import ProbeOrigin, findings_of, probe_origins, probe_request
from crossorigin.doctor.servers import Recognized

# Nobody's: RFC 2606 keeps the name for ever.
OTHER_ORIGIN = b"https://crossorigin-check.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Hold what is to be checked: what a page asks, in which browsers, and whether probes are tried too."""

    request: BrowserRequest
    engines: tuple[EngineName, ...]
    probe: bool = False


async def check(asked: Check, transport: AsyncTransport, *, app: Recognized | None = None) -> Diagnosis:
    """Ask over `transport` and say what is found; what it raises is raised."""
    verdicts = [await run_async(asked.request, transport, engine=engine) for engine in asked.engines]
    differ = await _answers_differ(verdicts, transport)
    probed = await _probe(asked.request, transport) if asked.probe else ()
    return diagnose(verdicts, app=app, answers_differ=differ, probed=probed)


async def _answers_differ(verdicts: Sequence[Verdict], transport: AsyncTransport) -> bool:
    """Ask as a page of another origin, where only that tells whether `Vary` is missing."""
    last = next((verdict.exchanges[-1] for verdict in verdicts if needs_second_opinion(verdict)), None)
    if last is None or last.response is None:
        return False
    headers = tuple((name, OTHER_ORIGIN if name == b"Origin" else value) for name, value in last.request.headers)
    other = await _if_answered(replace(last.request, headers=headers), transport)
    return other is not None and other.lines(ALLOW_ORIGIN) != last.response.lines(ALLOW_ORIGIN)


async def _probe(request: BrowserRequest, transport: AsyncTransport) -> Sequence[Finding]:
    answers: list[tuple[ProbeOrigin, HttpResponse]] = []
    for probe in probe_origins(request.origin):
        asking = probe_request(request, probe)
        response = None if asking is None else await _if_answered(asking, transport)
        if response is not None:
            answers.append((probe, response))
    return findings_of(answers)


async def _if_answered(request: HttpRequest, transport: AsyncTransport) -> HttpResponse | None:
    """Ask as a probe; who hangs up on probes has refused them, and what the page gets is known by now."""
    try:
        return await transport(request)
    except CannotRunError:
        return None
