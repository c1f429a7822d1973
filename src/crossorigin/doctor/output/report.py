"""A diagnosis as text, line by line, each with its style: the verdict, the cause and the fix come first. Pure."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from crossorigin.browser import BrowserReason, Culprit, Exchange, advice, console_text
from crossorigin.browser.preflight import STATUS
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.causes.cause import CauseCode
from crossorigin.doctor.diagnosis import Diagnosis
from crossorigin.doctor.findings import FINDINGS, Finding, FindingCode
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.servers import TITLES
from crossorigin.doctor.wording import (
    BROWSERS,
    answered_headers,
    clean,
    cut,
    failed_step,
    sent_headers,
    verdict_line,
)

Style = Literal["good", "bad", "guilty", "heading", "code", "plain", "quiet"]
MARK = "   <-- here"
_INDENT = "   "
_SHOWN_LINES = 3
# A finding that only repeats what the cause says.
_COVERED: dict[FindingCode, frozenset[CauseCode]] = {
    FindingCode.PREFLIGHT_NEEDS_AUTHENTICATION: frozenset({CauseCode.AUTHENTICATION}),
    FindingCode.PREFLIGHT_REFUSED_BY_LISTS: frozenset({CauseCode.NOT_LISTED, CauseCode.ORIGIN_NOT_LISTED}),
    FindingCode.PREFLIGHT_REDIRECTED: frozenset(
        {
            CauseCode.REDIRECT_TO_SLASH,
            CauseCode.REDIRECT_TO_HTTPS,
            CauseCode.REDIRECT_LEAVES_HTTPS,
            CauseCode.REDIRECT_TO_OTHER_URL,
        }
    ),
    FindingCode.DUPLICATE_HEADER: frozenset(
        {CauseCode.DOUBLED, CauseCode.DOUBLED_BY_PROXY, CauseCode.DOUBLED_BY_SOCKETIO}
    ),
    FindingCode.ERROR_WITHOUT_CORS_HEADERS: frozenset(
        {
            CauseCode.APP_UNREACHABLE,
            CauseCode.CRASH,
            CauseCode.AUTHENTICATION,
            CauseCode.ANSWERED_ELSEWHERE,
            CauseCode.NGINX_WITHOUT_ALWAYS,
            CauseCode.RATE_LIMITED,
            CauseCode.UNKNOWN_HOST,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report."""

    text: str
    style: Style = "plain"


def report(diagnosis: Diagnosis, *, width: int, verbose: bool = False) -> Iterator[Line]:
    """Yield the lines. Everything but code and URLs is at most `width` wide.

    Exchanges and console messages follow the fix. Unless `verbose` is true, they are short: only the exchange that
    failed, and no console messages.
    """
    lead = diagnosis.lead
    for line in _wrapped(verdict_line(diagnosis.verdicts), width):
        yield Line(line.text, "good" if lead.allowed else "bad")
    yield from _cause(diagnosis, width)
    yield from _fix(diagnosis, width)
    findings = [finding for finding in diagnosis.findings if not _is_covered(finding, diagnosis)]
    yield from _findings(findings, width)
    yield from _exchanges(diagnosis, width, verbose=verbose)
    if verbose:
        yield from _consoles(diagnosis, width)
    # The reason for a refusal comes first. Findings show their codes themselves.
    code = lead.reason or next((finding.code for finding in findings), None)
    if code is not None:
        more = "" if verbose else "; --verbose shows all exchanges and console messages"
        yield Line("")
        yield from (Line(line.text, "quiet") for line in _wrapped(f"More: crossorigin explain {code}{more}", width))


def _is_covered(finding: Finding, diagnosis: Diagnosis) -> bool:
    return diagnosis.cause is not None and diagnosis.cause.code in _COVERED.get(finding.code, frozenset())


def _cause(diagnosis: Diagnosis, width: int) -> Iterator[Line]:
    lead = diagnosis.lead
    if lead.reason is None:
        return
    yield from (Line(""), Line("Cause", "heading"))
    if diagnosis.cause is not None:
        yield from _wrapped(diagnosis.cause.text, width, indent=_INDENT)
    else:
        yield from _wrapped(advice(lead.reason).meaning, width, indent=_INDENT)
    yield from _wrapped(f"The request fails {failed_step(lead)}.", width, indent=_INDENT)


def _fix(diagnosis: Diagnosis, width: int) -> Iterator[Line]:
    fix = diagnosis.fix
    if fix is None:
        return
    yield from (Line(""), Line("Fix", "heading"))
    yield from _wrapped(fix.text, width, indent=_INDENT)
    if fix.edits:
        recognized = diagnosis.recognized
        yield from _wrapped(f"({TITLES[fix.server]}: {recognized.sign}.)", width, indent=_INDENT)
    for place, edits in groupby(fix.edits, lambda edit: (edit.kind, edit.place)):
        yield from _edits(place[1], [*edits], width)
    if fix.headers:
        yield Line("")
        yield from _code("\n".join(fix.headers))


def _edits(place: str, edits: Sequence[Edit], width: int) -> Iterator[Line]:
    """Yield edits that go to the same place."""
    yield Line("")
    yield from _wrapped(place, width, indent=_INDENT)
    yield Line("")
    for edit in edits:
        yield from _code(edit.code)
    for edit in edits:
        if edit.kind == "add":
            yield Line("")
            yield from _define(edit, width)


def _define(edit: Edit, width: int) -> Iterator[Line]:
    if edit.define is None:
        yield from _wrapped(f"If {edit.name} is not set, leave it out.", width, indent=_INDENT)
        return
    yield from _wrapped(f"If {edit.name} is not set yet, write instead:", width, indent=_INDENT)
    yield Line("")
    yield from _code(edit.define)


def _code(text: str) -> Iterator[Line]:
    return (Line(f"       {clean(line)}".rstrip(), "code") for line in text.splitlines())


def _exchanges(diagnosis: Diagnosis, width: int, *, verbose: bool) -> Iterator[Line]:
    verdict = diagnosis.lead
    failed = None if verdict.culprit is None else verdict.culprit.exchange
    for place, exchange in enumerate(verdict.exchanges):
        if not verbose and failed is not None and place != failed:
            continue
        culprit = verdict.culprit if place == failed else None
        yield Line("")
        yield from (Line(line.text, "heading") for line in _wrapped(f"{place + 1}. {_asked(exchange)}", width))
        for name, value in sent_headers(exchange):
            yield from _header(f"> {name}: {value}", width)
        yield from _answer(exchange, culprit, width, recorded=diagnosis.recorded)


def _asked(exchange: Exchange) -> str:
    request = exchange.request
    return f"{request.method} {cut(request.url)}{' (preflight)' if request.preflight else ''}"


def _answer(exchange: Exchange, culprit: Culprit | None, width: int, *, recorded: bool) -> Iterator[Line]:
    guilty = "" if culprit is None else culprit.header.lower()
    missing = "not recorded" if recorded else "no answer"
    status = missing if exchange.response is None else f"status {exchange.response.status}"
    yield _marked(f"{_INDENT}< {status}", is_guilty=guilty == STATUS)
    if place := policy_of(exchange.response):
        yield Line(clean(f"{_INDENT}by the policy of {place}"), "quiet")
    headers = answered_headers(exchange)
    seen: dict[str, int] = {}
    for name, value in headers:
        count = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        if count <= _SHOWN_LINES:
            yield from _header(f"< {name}: {value}", width, is_guilty=name.lower() == guilty)
    for name, count in seen.items():
        if count > _SHOWN_LINES:
            yield Line(f"{_INDENT}< ... {count - _SHOWN_LINES} more lines of {clean(name)}", "quiet")
    if culprit is not None and exchange.response is not None and guilty not in {STATUS, *seen}:
        yield _marked(f"{_INDENT}< no {clean(culprit.header)}", is_guilty=True)


def _marked(text: str, *, is_guilty: bool) -> Line:
    return Line(f"{text}{MARK}", "guilty") if is_guilty else Line(text)


def _header(text: str, width: int, *, is_guilty: bool = False) -> Iterator[Line]:
    """Yield a header line, folded at the width."""
    lines = [*_wrapped(cut(text), width - len(MARK), indent=_INDENT, hanging=4, breaks=True)]
    for place, line in enumerate(lines):
        yield _marked(line.text, is_guilty=is_guilty and place == len(lines) - 1)


def _consoles(diagnosis: Diagnosis, width: int) -> Iterator[Line]:
    shown = [(verdict, console_text(verdict)) for verdict in diagnosis.verdicts]
    if any(text for _, text in shown):
        yield from (Line(""), Line("What the consoles say", "heading"))
    for verdict, text in shown:
        if text is not None:
            yield from _wrapped(f"{BROWSERS[verdict.engine]}: {cut(text)}", width, indent=_INDENT, hanging=2)


def _findings(findings: Iterable[Finding], width: int) -> Iterator[Line]:
    by_code: dict[FindingCode, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    if by_code:
        yield from (Line(""), Line("Also noticed", "heading"))
    for code, found in by_code.items():
        info = " (information)" if all(finding.is_info for finding in found) else ""
        yield Line(f"{_INDENT}{code}{info}", "guilty")
        advised = FINDINGS[code]
        for text in (*map(_seen, found[:_SHOWN_LINES]), advised.meaning, f"Fix: {advised.fix}"):
            yield from _wrapped(text, width, indent=_INDENT * 2)


def _seen(finding: Finding) -> str:
    detail = cut(finding.detail)
    return detail if finding.exchange is None else f"In exchange {finding.exchange + 1}: {detail}"


def _wrapped(text: str, width: int, *, indent: str = "", hanging: int = 0, breaks: bool = False) -> Iterator[Line]:
    lines = textwrap.wrap(
        clean(text),
        width,
        initial_indent=indent,
        subsequent_indent=indent + " " * hanging,
        break_long_words=breaks,
        break_on_hyphens=False,
    )
    return map(Line, lines)


def message_report(reason: BrowserReason, command: str, width: int) -> Iterator[Line]:
    """Yield the lines that explain a console message."""
    advised = advice(reason)
    yield Line(f"This message means: {reason}", "bad")
    for heading, text in (("Cause", advised.meaning), ("Fix", advised.fix)):
        yield from (Line(""), Line(heading, "heading"))
        yield from _wrapped(text, width, indent=_INDENT)
    yield from (Line(""), Line("To find the cause on your server:", "plain"), Line(f"   {clean(command)}", "code"))
    yield from (Line(""), Line(f"More: crossorigin explain {reason}", "quiet"))
