"""Wording that the text and the documents of a report share. Pure."""

from collections.abc import Mapping, Sequence

from crossorigin.browser import EngineName, Exchange, Verdict

BROWSERS: Mapping[EngineName, str] = {
    "standard": "a browser that follows the Fetch standard",
    "chromium": "Chrome",
    "firefox": "Firefox",
    "webkit": "Safari",
}
HIDDEN = "..."
_LONGEST = 300
_SHOWN = frozenset({b"allow", b"location", b"server", b"vary", b"www-authenticate"})
# Browsers look at the values of these headers. Of other headers only the name matters, and the value may be secret.
_SHOWN_VALUES = frozenset(
    {
        b"accept",
        b"accept-language",
        b"access-control-request-headers",
        b"access-control-request-method",
        b"content-language",
        b"content-type",
        b"origin",
        b"range",
    }
)


def verdict_line(verdicts: Sequence[Verdict]) -> str:
    """Return one line that says which browsers would allow the request."""
    allow = [verdict for verdict in verdicts if verdict.allowed]
    block = [verdict for verdict in verdicts if not verdict.allowed]
    by_reason: dict[str, list[Verdict]] = {}
    for verdict in block:
        by_reason.setdefault(str(verdict.reason), []).append(verdict)
    if not allow:
        first, *others = by_reason.items()
        rest = "".join(f"; {_names(verdicts)}: {reason}" for reason, verdicts in others)
        return f"{_names(first[1])} would block this: {first[0]}{rest}"
    said = f"{_names(allow)} would allow this"
    if block:
        return f"{said}; {_names(block)} would block it: {', '.join(by_reason)}"
    return f"{said}{_what_the_page_gets(allow[0])}"


def failed_step(verdict: Verdict) -> str:
    """Return at which step a refused request failed."""
    culprit = verdict.culprit
    if not verdict.exchanges:
        return "before anything is sent"
    if culprit is None:
        return f"at the redirect to {cut(verdict.url)}"
    exchange = verdict.exchanges[culprit.exchange]
    return f"at {title(exchange)}, in exchange {culprit.exchange + 1} of {len(verdict.exchanges)}"


def title(exchange: Exchange) -> str:
    """Return the name of an exchange."""
    request = exchange.request
    kind = "the preflight" if request.preflight else "the request"
    return f"{kind}, {request.method} {cut(request.url)}"


def sent_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the lines of a request as text. Values that do not matter may be secret, and are hidden."""
    return [
        (name.decode("latin-1"), value.decode("latin-1") if name.lower() in _SHOWN_VALUES else HIDDEN)
        for name, value in exchange.request.headers
    ]


def answered_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the lines of a response that matter to CORS, as text."""
    response = exchange.response
    lines = () if response is None else response.headers
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in lines
        if name.lower().startswith(b"access-control-") or name.lower() in _SHOWN
    ]


def clean(text: str) -> str:
    """Return untrusted text without the characters that a terminal would obey."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _names(verdicts: Sequence[Verdict]) -> str:
    *most, last = [BROWSERS[verdict.engine] for verdict in verdicts]
    named = f"{', '.join(most)} and {last}" if most else last
    return named[0].upper() + named[1:]


def _what_the_page_gets(verdict: Verdict) -> str:
    match verdict.type:
        case "basic":
            return f", because it is the page's own origin: status {verdict.status}"
        case "opaque":
            return ", but the page cannot read the response"
        case _:
            return f": status {verdict.status}"


def cut(text: str) -> str:
    """Return text from a server or a page, cut if it is long."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
