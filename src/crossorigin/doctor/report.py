"""Write a diagnosis down as text, line by line, each with its style. Pure: who prints it knows of colors."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from crossorigin.browser import Culprit, Exchange, Verdict, advice, console_text
from crossorigin.browser.preflight import STATUS
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.diagnosis import Diagnosis
from crossorigin.doctor.findings import FINDINGS, Finding, FindingCode
from crossorigin.doctor.servers import TITLES
from crossorigin.doctor.wording import (
    BROWSERS,
    answered_headers,
    clean,
    failed_step,
    sent_headers,
    verdict_line,
)

Style = Literal["good", "bad", "guilty", "heading", "code", "plain", "quiet"]
MARK = "   <-- here"


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line of a report."""

    text: str
    style: Style = "plain"


def report(diagnosis: Diagnosis, *, width: int) -> Iterator[Line]:
    """Yield the lines; sentences are broken at `width`, headers, console messages and code never are."""
    lead = diagnosis.lead
    yield Line(clean(verdict_line(diagnosis.verdicts)), "good" if lead.allowed else "bad")
    yield from _reason(lead, width)
    yield from _exchanges(lead)
    yield from _consoles(diagnosis)
    yield from _fix(diagnosis, width)
    yield from _findings(diagnosis.findings, width)
    # What blocks comes first; each finding stands there with its code.
    code = lead.reason or next((finding.code for finding in diagnosis.findings), None)
    if code is not None:
        yield from (Line(""), Line(f"More of it: crossorigin explain {code}", "quiet"))


def _reason(verdict: Verdict, width: int) -> Iterator[Line]:
    if verdict.reason is None:
        return
    yield Line("")
    yield from _wrapped(f"It fails {failed_step(verdict)}.", width)
    yield from _wrapped(advice(verdict.reason).meaning, width)


def _exchanges(verdict: Verdict) -> Iterator[Line]:
    for place, exchange in enumerate(verdict.exchanges):
        culprit = verdict.culprit if verdict.culprit is not None and verdict.culprit.exchange == place else None
        yield from (Line(""), Line(clean(f"{place + 1}. {_asked(exchange)}"), "heading"))
        for name, value in sent_headers(exchange):
            yield Line(clean(f"   > {name}: {value}"))
        yield from _answer(exchange, culprit)


def _asked(exchange: Exchange) -> str:
    request = exchange.request
    return f"{request.method} {request.url}{' (preflight)' if request.preflight else ''}"


def _answer(exchange: Exchange, culprit: Culprit | None) -> Iterator[Line]:
    guilty = "" if culprit is None else culprit.header.lower()
    status = "no answer" if exchange.response is None else f"status {exchange.response.status}"
    yield _marked(f"   < {status}", is_guilty=guilty == STATUS)
    if place := policy_of(exchange.response):
        yield Line(clean(f"   by the policy of {place}"), "quiet")
    headers = answered_headers(exchange)
    for name, value in headers:
        yield _marked(clean(f"   < {name}: {value}"), is_guilty=name.lower() == guilty)
    if culprit is not None and guilty != STATUS and guilty not in {name.lower() for name, _ in headers}:
        yield _marked(f"   < no {culprit.header}", is_guilty=True)


def _marked(text: str, *, is_guilty: bool) -> Line:
    return Line(text + MARK, "guilty") if is_guilty else Line(text)


def _consoles(diagnosis: Diagnosis) -> Iterator[Line]:
    told = [(verdict, console_text(verdict)) for verdict in diagnosis.verdicts if not verdict.allowed]
    if any(text is not None for _, text in told):
        yield from (Line(""), Line("What the consoles say", "heading"))
    for verdict, text in told:
        if text is not None:
            yield Line(f"   {BROWSERS[verdict.engine]}: {clean(text)}")


def _fix(diagnosis: Diagnosis, width: int) -> Iterator[Line]:
    fix = diagnosis.fix
    if fix is None:
        return
    yield from (Line(""), Line("Fix", "heading"))
    yield from _wrapped(fix.text, width, indent="   ")
    if fix.code is not None:
        recognized = diagnosis.recognized
        place = "in place of what is there" if recognized.options else "together with what is allowed already"
        told = f"For {TITLES[fix.server]} ({recognized.sign}), {place}:"
        if fix.on is not None:
            told = f"On {fix.on}, whose own policy decided, together with what it allows already:"
        yield from _wrapped(told, width, indent="   ")
        yield Line("")
        yield from (Line(f"       {line}".rstrip(), "code") for line in fix.code.splitlines())


def _findings(findings: Iterable[Finding], width: int) -> Iterator[Line]:
    by_code: dict[FindingCode, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    if by_code:
        yield from (Line(""), Line("Also noticed", "heading"))
    for code, found in by_code.items():
        yield Line(f"   {code}", "guilty")
        told = FINDINGS[code]
        for text in (*map(_seen, found), told.meaning, f"Fix: {told.fix}"):
            yield from _wrapped(text, width, indent="      ")


def _seen(finding: Finding) -> str:
    return finding.detail if finding.exchange is None else f"In exchange {finding.exchange + 1}: {finding.detail}"


def _wrapped(text: str, width: int, *, indent: str = "") -> Iterator[Line]:
    lines = textwrap.wrap(
        clean(text),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return map(Line, lines)
