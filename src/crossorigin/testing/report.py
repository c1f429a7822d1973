"""The message of a failed assertion: the reason, the fix, and the requests and responses."""

import json
from collections.abc import Sequence

from crossorigin.browser.console import console_text
from crossorigin.browser.reasons import BrowserReason, advice
from crossorigin.browser.request import Culprit, Exchange, Verdict
from crossorigin.fetch.headers import ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.origin import OPAQUE_ORIGIN

# The reasons that a change of the policy options can fix.
_FIXED_BY_OPTIONS = frozenset(
    {
        BrowserReason.MISSING_ALLOW_ORIGIN_HEADER,
        BrowserReason.PREFLIGHT_INVALID_STATUS,
        BrowserReason.METHOD_DISALLOWED_BY_PREFLIGHT_RESPONSE,
        BrowserReason.HEADER_DISALLOWED_BY_PREFLIGHT_RESPONSE,
    }
)


def describe(verdict: Verdict, *, hidden: Sequence[str] = (), wanted: BrowserReason | None = None) -> str:
    """Return the whole message.

    `hidden` contains the header names that should have been readable, and `wanted` is the expected reason.
    """
    request = verdict.request
    page = f"a page of {request.origin}"
    call = f"{request.method} {request.url}"
    if verdict.reason is None:
        outcome = (
            f"{page} can {call}" if not hidden else f"{page} cannot read {', '.join(hidden)} in the response to {call}"
        )
        lines = [outcome if wanted is None else f"{outcome}; expected {wanted}"]
        lines += _hidden_lines(verdict, hidden)
    else:
        expected = "" if wanted is None else f"; expected {wanted}"
        lines = [f"{page} cannot {call}: {verdict.reason}{expected}", *_reason_lines(verdict, verdict.reason)]
    return "\n".join([*lines, *_exchange_lines(verdict)])


def _reason_lines(verdict: Verdict, reason: BrowserReason) -> list[str]:
    texts = advice(reason)
    culprit = [] if verdict.culprit is None else [f"  found: {_found(verdict.culprit, verdict)}"]
    # The standard defines no console messages, so Chromium's are shown: most developers know them.
    message = console_text(verdict, "chromium" if verdict.engine == "standard" else verdict.engine)
    console = [] if message is None else [f"  console: {message}"]
    return [
        *culprit,
        f"  means: {texts.meaning}",
        f"  fix: {texts.fix}",
        *_options(verdict, reason),
        *console,
    ]


def _options(verdict: Verdict, reason: BrowserReason) -> list[str]:
    """Return the policy options that allow the request, ready to be pasted; empty for a `null` origin or a crash."""
    if verdict.culprit is None or reason.for_request() not in _FIXED_BY_OPTIONS:
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
        # The page should not send response headers, so the report does not suggest to allow them.
        "allow_headers": [name for name in names.split(",") if name and name not in ALL_CORS_RESPONSE_HEADERS],
    }
    written = [f"{name}={json.dumps(values)}" for name, values in options.items() if values]
    return [f"  allow: {', '.join([*written, *(['allow_credentials=True'] * verdict.request.includes_credentials)])}"]


def _found(culprit: Culprit, verdict: Verdict) -> str:
    value = "missing" if culprit.value is None else repr(culprit.value)
    request = verdict.exchanges[culprit.exchange].request
    return f"{culprit.header}: {value}, in the response to {request.method} (expected {culprit.subject})"


def _hidden_lines(verdict: Verdict, hidden: Sequence[str]) -> list[str]:
    response = verdict.exchanges[-1].response
    sent = {name.lower().decode("latin-1") for name, _ in response.headers} if response is not None else set[str]()
    return [
        f"  {name}: "
        + ("not in Access-Control-Expose-Headers" if name.lower() in sent else "the response does not have this header")
        for name in hidden
    ]


def _exchange_lines(verdict: Verdict) -> list[str]:
    if not verdict.exchanges:
        return ["  no request was sent"]
    return [line for exchange in verdict.exchanges for line in _lines_of(exchange)]


def _lines_of(exchange: Exchange) -> list[str]:
    request, response = exchange.request, exchange.response
    status = "no response" if response is None else str(response.status)
    sent = [f"    > {_line(*header)}" for header in request.headers]
    headers = () if response is None else response.headers
    received = [f"    < {_line(*header)}" for header in headers if _is_shown(header[0])]
    raised = "" if response is None or response.error is None else f" (the app raised {response.error!r})"
    return [f"  {request.method} {request.url} -> {status}{raised}", *sent, *received]


def _is_shown(name: bytes) -> bool:
    return name.lower().startswith(b"access-control-") or name.lower() in {b"location", b"vary"}


def _line(name: bytes, value: bytes) -> str:
    return f"{name.decode('latin-1')}: {value.decode('latin-1')}"
