"""Write a diagnosis down as JSON: one document, whose form is in `check.schema.json`. Pure.

A field is never removed and never changes its meaning under one `schema_version`; new ones may be added.
"""

from typing import Any

from crossorigin.browser import Exchange, Verdict, advice, console_text
from crossorigin.doctor.answers import policy_of
from crossorigin.doctor.diagnosis import Diagnosis
from crossorigin.doctor.findings import FINDINGS, Finding
from crossorigin.doctor.wording import BROWSERS, answered_headers, failed_step, sent_headers, verdict_line

SCHEMA_VERSION = 1

Document = dict[str, Any]


def document(diagnosis: Diagnosis) -> Document:
    """Return what the report says, for programs."""
    lead, request = diagnosis.lead, diagnosis.lead.request
    return {
        "schema_version": SCHEMA_VERSION,
        "outcome": "clean" if diagnosis.clean else "findings",
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
        "reason": None if lead.reason is None else _reason(lead),
        "browsers": [_browser(verdict) for verdict in diagnosis.verdicts],
        "exchanges": [_exchange(exchange) for exchange in lead.exchanges],
        "server": {"name": str(diagnosis.recognized.server), "sign": diagnosis.recognized.sign},
        "fix": None if diagnosis.fix is None else {"text": diagnosis.fix.text, "code": diagnosis.fix.code},
        "findings": [_finding(finding) for finding in diagnosis.findings],
    }


def not_run(kind: str, message: str) -> Document:
    """Return the document of a check that could not run."""
    return {"schema_version": SCHEMA_VERSION, "outcome": "not-run", "error": {"kind": kind, "message": message}}


def _reason(verdict: Verdict) -> Document:
    assert verdict.reason is not None  # noqa: S101  # asked of refusals alone
    return {"code": str(verdict.reason), "step": failed_step(verdict), "meaning": advice(verdict.reason).meaning}


def _browser(verdict: Verdict) -> Document:
    culprit = verdict.culprit
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
            "lines": list(culprit.lines),
            "subject": culprit.subject,
        },
        "console": console_text(verdict),
        "status": verdict.status,
        "exposed": list(verdict.exposed),
    }


def _exchange(exchange: Exchange) -> Document:
    request, response = exchange.request, exchange.response
    return {
        "preflight": request.preflight,
        "method": request.method,
        "url": request.url,
        "request_headers": [list(header) for header in sent_headers(exchange)],
        "status": None if response is None else response.status,
        "response_headers": [list(header) for header in answered_headers(exchange)],
        "policy_of": policy_of(response),
    }


def _finding(finding: Finding) -> Document:
    told = FINDINGS[finding.code]
    return {
        "code": str(finding.code),
        "exchange": finding.exchange,
        "header": finding.header,
        "detail": finding.detail,
        "meaning": told.meaning,
        "fix": told.fix,
    }
