"""Hold the words that the text and the JSON of a report share. Pure."""

from collections.abc import Mapping, Sequence

from crossorigin.browser import EngineName, Exchange, Verdict

BROWSERS: Mapping[EngineName, str] = {
    "standard": "a browser that follows the Fetch standard",
    "chromium": "Chrome",
    "firefox": "Firefox",
    "webkit": "Safari",
}
HIDDEN = "..."
_SHOWN = frozenset({b"location", b"vary", b"www-authenticate"})
# Browsers look at the values of these; of all others at the name alone.
_TOLD_VALUES = frozenset(
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
    """Say in one line which browsers would allow it."""
    allow = [verdict for verdict in verdicts if verdict.allowed]
    block = [verdict for verdict in verdicts if not verdict.allowed]
    reasons = ", ".join(dict.fromkeys(str(verdict.reason) for verdict in block))
    if not allow:
        return f"{_names(block)} would block this: {reasons}"
    said = f"{_names(allow)} would allow this"
    if block:
        return f"{said}; {_names(block)} would block it: {reasons}"
    return f"{said}{_what_the_page_gets(allow[0])}"


def failed_step(verdict: Verdict) -> str:
    """Say at which step a refused request failed."""
    culprit = verdict.culprit
    if not verdict.exchanges:
        return "before anything is sent"
    if culprit is None:
        return f"on the way to {verdict.url}, to which a redirect leads"
    exchange = verdict.exchanges[culprit.exchange]
    return f"at {title(exchange)}, in exchange {culprit.exchange + 1} of {len(verdict.exchanges)}"


def title(exchange: Exchange) -> str:
    """Name an exchange."""
    request = exchange.request
    kind = "the preflight" if request.preflight else "the request"
    return f"{kind}, {request.method} {request.url}"


def sent_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the lines of a request as text; what a value cannot matter for may be a secret, and is not told."""
    return [
        (name.decode("latin-1"), value.decode("latin-1") if name.lower() in _TOLD_VALUES else HIDDEN)
        for name, value in exchange.request.headers
    ]


def answered_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Return the lines of a response that say something of CORS, as text."""
    response = exchange.response
    lines = () if response is None else response.headers
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in lines
        if name.lower().startswith(b"access-control-") or name.lower() in _SHOWN
    ]


def clean(text: str) -> str:
    """Return text of a stranger without what a terminal would obey."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _names(verdicts: Sequence[Verdict]) -> str:
    *most, last = [BROWSERS[verdict.engine] for verdict in verdicts]
    named = f"{', '.join(most)} and {last}" if most else last
    return named[0].upper() + named[1:]


def _what_the_page_gets(verdict: Verdict) -> str:
    match verdict.type:
        case "basic":
            return f", for it is the page's own origin: status {verdict.status}"
        case "opaque":
            return ", and the page cannot look into the response"
        case _:
            return f": status {verdict.status}"
