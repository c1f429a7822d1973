"""A diagnosis as JSON: one document, whose form is in `check.schema.json`. Pure.

Under one `schema_version`, a field is never removed and never changes its meaning. New fields may be added.
"""

from collections.abc import Sequence
from typing import Any

from crossorigin.browser import Exchange, Verdict, advice, console_text
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.diagnosis import Diagnosis
from crossorigin.doctor.findings import FINDINGS, Finding
from crossorigin.doctor.fixes.edits import Fix
from crossorigin.doctor.wording import BROWSERS, answered_headers, cut, failed_step, sent_headers, verdict_line

SCHEMA_VERSION = 2
_MOST_LINES = 100

Document = dict[str, Any]


def document(diagnosis: Diagnosis) -> Document:
    """Return the content of the report, for programs."""
    lead, request = diagnosis.lead, diagnosis.lead.request
    cause = diagnosis.cause
    return {
        "schema_version": SCHEMA_VERSION,
        "outcome": "failed" if diagnosis.failed else "clean" if diagnosis.clean else "warnings",
        "verdict": verdict_line(diagnosis.verdicts),
        "allowed": lead.allowed,
        "request": {
            "url": request.url,
            "origin": request.origin,
            "method": request.method,
            "headers": [name for name, _ in request.headers],
            "credentials": request.credentials,
            "mode": request.mode,
        },
        "recorded": diagnosis.recorded,
        "reason": None if lead.reason is None else _reason(lead),
        "cause": None if cause is None else {"code": str(cause.code), "text": cut(cause.text)},
        "fix": None if diagnosis.fix is None else _fix(diagnosis.fix),
        "server": {"name": str(diagnosis.recognized.server), "sign": diagnosis.recognized.sign},
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "browsers": [_browser(verdict) for verdict in diagnosis.verdicts],
        "exchanges": [_exchange(exchange) for exchange in lead.exchanges],
    }


def not_run(kind: str, message: str) -> Document:
    """Return the document of a check that could not run."""
    return {"schema_version": SCHEMA_VERSION, "outcome": "not-run", "error": {"kind": kind, "message": message}}


def combined(documents: Sequence[Document]) -> Document:
    """Return one document for all checks: that of a single check, or one with a list of them."""
    if len(documents) == 1:
        return documents[0]
    order = ("not-run", "failed", "warnings", "clean")
    outcome = min((found["outcome"] for found in documents), key=order.index)
    return {"schema_version": SCHEMA_VERSION, "outcome": outcome, "checks": list(documents)}


def _reason(verdict: Verdict) -> Document:
    assert verdict.reason is not None  # noqa: S101  # only called for refusals
    return {"code": str(verdict.reason), "step": failed_step(verdict), "meaning": advice(verdict.reason).meaning}


def _fix(fix: Fix) -> Document:
    edits = [
        {
            "kind": edit.kind,
            "place": edit.place,
            "within": edit.within,
            "name": edit.name,
            "code": edit.code,
            "define": edit.define,
        }
        for edit in fix.edits
    ]
    return {"text": fix.text, "code": fix.code, "edits": edits, "headers": list(fix.headers)}


def _browser(verdict: Verdict) -> Document:
    culprit = verdict.culprit
    console = console_text(verdict)
    return {
        "engine": verdict.engine,
        "name": BROWSERS[verdict.engine],
        "allowed": verdict.allowed,
        "reason": None if verdict.reason is None else str(verdict.reason),
        "culprit": None
        if culprit is None
        else {
            "exchange": culprit.exchange,
            "header": culprit.header,
            "lines": [cut(line) for line in culprit.lines[:_MOST_LINES]],
            "subject": culprit.subject,
        },
        "console": None if console is None else cut(console),
        "status": verdict.status,
        "exposed": list(verdict.exposed[:_MOST_LINES]),
    }


def _exchange(exchange: Exchange) -> Document:
    request, response = exchange.request, exchange.response
    return {
        "preflight": request.preflight,
        "method": request.method,
        "url": request.url,
        "request_headers": [list(header) for header in sent_headers(exchange)],
        "status": None if response is None else response.status,
        "response_headers": [[name, cut(value)] for name, value in answered_headers(exchange)[:_MOST_LINES]],
        "policy_of": policy_of(response),
    }


def _finding(finding: Finding) -> Document:
    advised = FINDINGS[finding.code]
    return {
        "code": str(finding.code),
        "severity": finding.severity,
        "exchange": finding.exchange,
        "header": finding.header,
        "detail": cut(finding.detail),
        "meaning": advised.meaning,
        "fix": advised.fix,
    }
