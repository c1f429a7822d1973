"""Write a verdict down for someone whose assertion just failed: what was sent, what came, why, and what mends it."""

import json
from collections.abc import Sequence

from crossorigin.browser.console import console_text
from crossorigin.browser.reasons import BrowserReason, advice
from crossorigin.browser.request import Culprit, Exchange, Verdict
from crossorigin.fetch.origin import OPAQUE_ORIGIN

# What the options of the policy decide about.
_OF_OPTIONS = frozenset(
    {
        BrowserReason.MISSING_ALLOW_ORIGIN_HEADER,
        BrowserReason.PREFLIGHT_INVALID_STATUS,
        BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE,
        BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE,
    }
)


def describe(verdict: Verdict, *, hidden: Sequence[str] = (), wanted: BrowserReason | None = None) -> str:
    """Return the whole message; `hidden` are names that should be readable, `wanted` the reason that was expected."""
    request = verdict.request
    who = f"a page of {request.origin}"
    what = f"{request.method} {request.url}"
    if verdict.reason is None:
        can = f"{who} can {what}" if not hidden else f"{who} cannot read {', '.join(hidden)} of {what}"
        lines = [can if wanted is None else f"{can}; expected {wanted}"]
        lines += _hidden(verdict, hidden)
    else:
        expected = "" if wanted is None else f"; expected {wanted}"
        lines = [f"{who} cannot {what}: {verdict.reason}{expected}", *_reason(verdict, verdict.reason)]
    return "\n".join([*lines, *_exchanges(verdict)])


def _reason(verdict: Verdict, reason: BrowserReason) -> list[str]:
    told = advice(reason)
    culprit = [] if verdict.culprit is None else [f"  found: {_found(verdict.culprit, verdict)}"]
    # Nobody has the standard's own console: the one that most developers look at.
    text = console_text(verdict, "chromium" if verdict.engine == "standard" else verdict.engine)
    console = [] if text is None else [f"  console: {text}"]
    return [*culprit, f"  means: {told.meaning}", f"  fix: {told.fix}", *_allow(verdict, reason), *console]


def _allow(verdict: Verdict, reason: BrowserReason) -> list[str]:
    """Return the options that allow what was refused, to be pasted; they mend neither `null` nor a crash."""
    if verdict.culprit is None or reason.of_request() not in _OF_OPTIONS:
        return []
    exchange = verdict.exchanges[verdict.culprit.exchange]
    request, response = exchange.request, exchange.response
    sent = {name.lower(): value.decode("latin-1") for name, value in request.headers}
    method = sent.get(b"access-control-request-method", request.method)
    names = sent.get(b"access-control-request-headers", "")
    origin = sent[b"origin"]
    if origin == OPAQUE_ORIGIN or (response is not None and response.error is not None):
        return []
    options = {
        "allow_origins": [origin],
        "allow_methods": [method],
        "allow_headers": names.split(",") if names else [],
    }
    written = [f"{name}={json.dumps(values)}" for name, values in options.items() if values]
    return [f"  allow: {', '.join([*written, *(['allow_credentials=True'] * verdict.request.include)])}"]


def _found(culprit: Culprit, verdict: Verdict) -> str:
    value = "no such header" if culprit.value is None else repr(culprit.value)
    request = verdict.exchanges[culprit.exchange].request
    return f"{culprit.header}: {value}, in the response to {request.method} (asked for {culprit.subject})"


def _hidden(verdict: Verdict, hidden: Sequence[str]) -> list[str]:
    response = verdict.exchanges[-1].response
    own = {name.lower().decode("latin-1") for name, _ in response.headers} if response is not None else set[str]()
    return [
        f"  {name}: "
        + ("not in Access-Control-Expose-Headers" if name.lower() in own else "the response has no such header")
        for name in hidden
    ]


def _exchanges(verdict: Verdict) -> list[str]:
    if not verdict.exchanges:
        return ["  nothing was sent"]
    return [line for exchange in verdict.exchanges for line in _exchange(exchange)]


def _exchange(exchange: Exchange) -> list[str]:
    request, response = exchange.request, exchange.response
    status = "no response" if response is None else str(response.status)
    asked = [f"    > {_line(*header)}" for header in request.headers]
    answered = () if response is None else response.headers
    told = [f"    < {_line(*header)}" for header in answered if _tells(header[0])]
    raised = "" if response is None or response.error is None else f" (the app raised {response.error!r})"
    return [f"  {request.method} {request.url} -> {status}{raised}", *asked, *told]


def _tells(name: bytes) -> bool:
    return name.lower().startswith(b"access-control-") or name.lower() in {b"location", b"vary"}


def _line(name: bytes, value: bytes) -> str:
    return f"{name.decode('latin-1')}: {value.decode('latin-1')}"
