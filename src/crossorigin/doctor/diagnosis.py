"""A diagnosis: the verdicts of the browsers, the cause of a refusal with its fix, and what else was noticed. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crossorigin.browser import Exchange, Verdict, advice
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.causes.find import find_cause
from crossorigin.doctor.detect import detect
from crossorigin.doctor.evidence import Evidence, Situation
from crossorigin.doctor.findings import Finding
from crossorigin.doctor.fixes.edits import Fix
from crossorigin.doctor.fixes.routes import edits_of_route, name_of_owner
from crossorigin.doctor.servers import Recognized, recognize


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found about one request of one page. The verdicts are in the order in which the browsers were asked for.

    `recorded` is true if the exchanges come from a recording, in which something may be missing.
    """

    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    recognized: Recognized
    cause: Cause | None
    fix: Fix | None
    recorded: bool = False

    @property
    def lead(self) -> Verdict:
        """The verdict that the report describes: the first that blocks the request, or else the first."""
        return next((verdict for verdict in self.verdicts if not verdict.allowed), self.verdicts[0])

    @property
    def clean(self) -> bool:
        """Whether all browsers allow the request, and there is nothing else to report."""
        return self.lead.allowed and not any(finding.severity != "info" for finding in self.findings)

    @property
    def failed(self) -> bool:
        """Whether the page does not get what it asks for: a browser blocks it, or a finding is an error."""
        return not self.lead.allowed or any(finding.severity == "error" for finding in self.findings)


def diagnose(
    verdicts: Sequence[Verdict],
    *,
    app: Recognized | None = None,
    evidence: Evidence | None = None,
    answers_differ: bool = False,
    probed: Iterable[Finding] = (),
    exposes: Sequence[str] = (),
    recorded: bool = False,
) -> Diagnosis:
    """Return the diagnosis of one request in several browsers.

    Args:
        verdicts: One for each browser, at least one.
        app: What the app is, if it was asked in process.
        evidence: The answers to further requests.
        answers_differ: Whether the last answer is different for another origin, and has no `Vary`.
        probed: What a probe found.
        exposes: The names of response headers that the page must be able to read.
        recorded: Whether the exchanges come from a recording.
    """
    lead = next((verdict for verdict in verdicts if not verdict.allowed), verdicts[0])
    evidence = evidence or Evidence()
    recognized = recognize(_answered(lead, evidence)) if app is None else app
    cause, fix = _explain(lead, recognized, evidence)
    findings = detect(lead, answers_differ=answers_differ, exposes=exposes)
    return Diagnosis(
        verdicts=tuple(verdicts),
        findings=(*findings, *probed),
        recognized=recognized,
        cause=cause,
        fix=fix,
        recorded=recorded,
    )


def _answered(lead: Verdict, evidence: Evidence) -> Iterator[Exchange]:
    yield from (*lead.exchanges, *evidence.preflights)
    if evidence.simple is not None:
        yield evidence.simple


def _explain(lead: Verdict, recognized: Recognized, evidence: Evidence) -> tuple[Cause | None, Fix | None]:
    """Return the cause of a refusal, and the fix that follows from it."""
    if lead.reason is None:
        return None, None
    situation = Situation(verdict=lead, reason=lead.reason, recognized=recognized, evidence=evidence)
    on = policy_of(situation.response)
    cause = find_cause(situation)
    server = recognized.server
    if cause is None:
        return None, Fix(server=server, text=advice(lead.reason).fix)
    if on is not None and cause.edits and cause.code is not CauseCode.PATH_NOT_COVERED:
        name = name_of_owner(server, on)
        text = f"Add what is missing to the policy of {name}, which decides here. If it is None, write options instead."
        return cause, Fix(server=server, text=text, edits=edits_of_route(situation, on), on=on)
    return cause, Fix(server=server, text=cause.fix, edits=cause.edits, headers=cause.headers)
