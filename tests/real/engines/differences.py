"""The differences between an engine and the model that are deliberately not part of the model.

Each difference has a name, an exchange that shows it in every run, and a rule that turns the model's transcript into
the engine's. There are few, and a difference that no longer exists must be removed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.real.engines.exchange import Exchange, fields
from tests.real.engines.transcripts import Transcript

# The model's prediction of another exchange.
Model = Callable[[Exchange], Transcript]
Rule = Callable[[Exchange, Transcript, Model], Transcript]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference: its engine, the group and name of the exchange that shows it, and its rule."""

    name: str
    engine: str
    shown_by: tuple[str, str]
    adjusted: Rule


def _each_line(change: Callable[[Exchange, str], str]) -> Rule:
    return lambda exchange, told, _: replace(told, lines=tuple(change(exchange, line) for line in told.lines))


def _last_content_type(exchange: Exchange, line: str) -> str:
    ask = exchange.steps[0].ask
    types = [value for name, value in ask.headers if name.lower() == "content-type"]
    if ask.initiator == "xhr" or len(types) < 2:
        return line
    return line.replace(f"content-type: {', '.join(types)}", f"content-type: {types[-1]}")


def _type_of_the_body(exchange: Exchange, line: str) -> str:
    ask = exchange.steps[0].ask
    brought = ask.initiator == "xhr" and all(name.lower() != "content-type" for name, _ in ask.headers)
    return re.sub(r"  content-type: \S+", "", line) if brought and line.startswith("-> GET") else line


def _preflight_first(exchange: Exchange, told: Transcript, model: Model) -> Transcript:
    """Insert the preflight for the next hop, which the engine sends before it refuses the redirect."""
    step = exchange.steps[0]
    if step.hops[0].at != "page" or step.ask.credentials == "include" or exchange.opaque:
        return told
    *sent, last = [line for line in told.lines if line.startswith("->")] or [""]
    match = re.match(r"-> (?!OPTIONS )\S+ \w+/(\d+)  (?:.*  )?origin: (\S+)", last)
    if not match or not re.search(
        r"denied by .* (?:credentials flag is true|Credentials flag is true)", told.text or ""
    ):
        return told
    at, origin = int(match[1]), match[2]
    hops = list(step.hops)
    hop = hops[at]
    lines = [line for line in hop.actual.lines if not line.lower().startswith("access-control-allow-")]
    granted = (*lines, f"Access-Control-Allow-Origin: {origin}", "Access-Control-Allow-Credentials: true")
    hops[at] = replace(hop, actual=replace(hop.actual, lines=granted))
    other = model(replace(exchange, steps=(replace(step, hops=tuple(hops)),)))
    following, then, *_ = other.lines[len(sent) + 1 :]
    if not following.startswith("-> OPTIONS"):
        return told
    text = other.text if then == "<- blocked" else told.text
    return replace(told, lines=(*sent, last, following, "<- blocked"), text=text)


def _cookies_kept(exchange: Exchange, told: Transcript, model: Model) -> Transcript:
    step = exchange.steps[0]
    if (
        exchange.opaque
        or step.ask.mode != "no-cors"
        or step.hops[0].at != "page"
        or step.ask.credentials != "same-origin"
    ):
        return told
    kept = [f"{line}  with cookies" if re.match(r"-> \S+ \w+/[1-9]", line) else line for line in told.lines]
    return replace(told, lines=tuple(line.replace("  with cookies" * 2, "  with cookies") for line in kept))


_HINTS = re.compile(r"  (?:device-memory|downlink|dpr|ect|rtt|viewport-width|width): \S*")


def _without_hints(exchange: Exchange, line: str) -> str:
    redirected = exchange.steps[0].ask.initiator == "worker" and re.match(r"-> \S+ \w+/[1-9]", line)
    return _HINTS.sub("", line) if redirected else line


def _type_left_behind(exchange: Exchange, line: str) -> str:
    step = exchange.steps[0]
    at = re.match(r"-> GET \w+/([1-9]\d*)", line)
    if step.ask.mode != "no-cors" or step.ask.method.upper() in {"GET", "HEAD"} or not at:
        return line
    # Otherwise, headers that describe the body are not restored, except for its type after a 307 or 308.
    line = re.sub(r"  content-language: ?(?:\S+(?: \S+)*)?", "", line)
    left_home = step.ask.credentials == "same-origin" and step.hops[0].at == "page" != step.hops[1].at
    again = step.hops[int(at[1]) - 1].actual.code > 303
    return line if again and not left_home else re.sub(r"  content-type: ?(?:\S+(?: \S+)*)?", "", line)


def _without_user_agent(exchange: Exchange, line: str) -> str:
    return re.sub(r"  user-agent: \S+", "", line) if re.match(r"-> \S+ page/[1-9]", line) else line


def _origin_of_the_server(exchange: Exchange, line: str) -> str:
    beacon = exchange.opaque and exchange.steps[0].ask.initiator == "beacon"
    return line.replace("origin: null", "origin: {page}") if beacon else line


def _font_without_cors(exchange: Exchange, told: Transcript, model: Model) -> Transcript:
    step = exchange.steps[0]
    if step.ask.initiator != "font" or step.ask.mode != "cors":
        return told
    ask = replace(step.ask, mode="no-cors", credentials="include")
    return model(replace(exchange, steps=(replace(step, ask=ask),)))


_NAME = "\u2018Access-Control-Allow-Origin\u2019"


def _spelled_apart(exchange: Exchange, told: Transcript, model: Model) -> Transcript:
    if told.text is None or "<- blocked" not in told.lines:
        return told
    before = told.lines[: told.lines.index("<- blocked")]
    step = exchange.steps[sum(line.startswith("<-") for line in before)]
    match = re.match(r"-> (\S+) \w+/(\d+)", before[-1]) if before else None
    if match is None:
        return told
    hop = step.hops[int(match[2])]
    answer = hop.preflight if match[1] == "OPTIONS" else hop.actual
    lines = [line for line in answer.lines if line.lower().startswith("access-control-allow-origin:")]
    if len({line.partition(":")[0] for line in lines}) < 2:
        return told
    joined = ", ".join(value for _, value in fields(lines))
    several = f"Multiple CORS header {_NAME} not allowed"
    mismatch = f"CORS header {_NAME} does not match \u2018{joined}\u2019"
    return replace(told, text=told.text.replace(several, mismatch))


def _without_ftp(exchange: Exchange, told: Transcript, model: Model) -> Transcript:
    to_ftp = told.text and told.text.startswith("Cross-origin redirection to ftp:")
    return replace(told, text="FTP URLs are disabled") if to_ftp else told


DIFFERENCES = (
    # The standard combines the lines. The model only covers the decision about a preflight.
    Difference(
        name="the last of two Content-Types is sent",
        engine="firefox",
        shown_by=("header sets", "['content-type'] by '', same-origin"),
        adjusted=_each_line(_last_content_type),
    ),
    # They depend on the document, and a worker has none. For a page's fetch, the model predicts them.
    Difference(
        name="the client hints of a worker are not redirected",
        engine="chromium",
        shown_by=("redirected headers", "client hints of a worker page>page"),
        adjusted=_each_line(_without_hints),
    ),
    Difference(
        name="what the body of an XMLHttpRequest brings along does not come back",
        engine="firefox",
        shown_by=("redirected headers", "XHR api>api>api ('302 Found', '308 Permanent')"),
        adjusted=_each_line(_type_of_the_body),
    ),
    # Two processes check a redirect, and the second one checks its CORS headers.
    Difference(
        name="the next preflight is sent before a redirect is refused",
        engine="webkit",
        shown_by=("redirects", "GET with headers page>api>api by *, same-origin"),
        adjusted=_preflight_first,
    ),
    # The model does not include the cookies of requests outside CORS.
    Difference(
        name="a no-cors request keeps its cookies when it is redirected",
        engine="webkit",
        shown_by=("modes", "GET no-cors page>api"),
        adjusted=_cookies_kept,
    ),
    # The model does not include this either, because no server uses it outside CORS.
    Difference(
        name="the type of a no-cors body seldom comes back",
        engine="webkit",
        shown_by=("redirected headers", "no-cors api>other>api ('302 Found', '302 Found')"),
        adjusted=_each_line(_type_left_behind),
    ),
    # No CORS decision depends on the User-Agent.
    Difference(
        name="a User-Agent of the page is not redirected",
        engine="webkit",
        shown_by=("redirected headers", "User-Agent page>page"),
        adjusted=_each_line(_without_user_agent),
    ),
    # The caller of the model chooses the mode of a font request.
    Difference(
        name="fonts are loaded without CORS",
        engine="webkit",
        shown_by=("initiators", "font same-origin ()"),
        adjusted=_font_without_cors,
    ),
    # sendBeacon ignores that the page was sandboxed.
    Difference(
        name="the beacon of an opaque page names its server's origin",
        engine="webkit",
        shown_by=("beacons", "(), opaque"),
        adjusted=_each_line(_origin_of_the_server),
    ),
    # Only the words differ. The cause and the fix are the same for both spellings of a duplicate header.
    Difference(
        name="a header doubled in two spellings is not called doubled",
        engine="firefox",
        shown_by=("origin", "GET ('Access-Control-Allow-Origin: *', 'access-control-allow-origin: {page}')"),
        adjusted=_spelled_apart,
    ),
    # Only the words differ, for a scheme that no current browser supports.
    Difference(
        name="a redirect to ftp is refused for what it is",
        engine="webkit",
        shown_by=("locations", "'ftp://127.0.0.1/'"),
        adjusted=_without_ftp,
    ),
)


def differences_of(engine: str) -> list[Difference]:
    """Return the differences of an engine."""
    return [difference for difference in DIFFERENCES if difference.engine == engine]
