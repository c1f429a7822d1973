"""The transcript of an exchange as lines, made from observations or from the predictions of the model.

There is a line for each request that was sent, and one for the page's result of each step. Two transcripts are equal if
their lines are equal.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from crossorigin.browser import (
    BrowserRequest,
    EngineName,
    HttpRequest,
    HttpResponse,
    PreflightCache,
    Verdict,
    browse,
    console_text,
)
from tests.real.engines.exchange import Ask, Exchange, Step, World, fields
from tests.real.engines.server import Arrival, framed

# In a preflight, only these headers come from the page. In other requests, the headers that the page sets do too.
_COMPARED = {"origin", "access-control-request-method", "access-control-request-headers", "authorization"}
# Each engine encodes and prints characters outside ASCII differently.
_NOT_PLAIN = re.compile(r"(?:[^ -~\u2018\u2019]|\\u[0-9A-F]{4})+")
_NAMED_HEADER = re.compile(r"(?<=^Request header field )\S+|(?<=policy: Request header field )\S+")
# The types that sendBeacon sends without a preflight.
_SAFE_TYPES = {None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}
# The headers that a browser sends whether the page sets them or not.
_BROWSERS_OWN = {"accept", "accept-encoding", "accept-language", "connection", "host", "referer", "user-agent"}
_INITIATORS = {
    "worker": "fetch", "events": "eventsource", "module": "script", "style": "stylesheet",
}  # fmt: skip
_ALWAYS_CORS = {"fetch", "xhr", "worker", "events", "module", "font"}
_ANSWERS = {"fetch", "xhr", "worker"}


@dataclass(frozen=True, slots=True)
class Transcript:
    """The lines of an exchange, and the reason for a blocked response.

    The reason has a code and a text; each is None if it is not reported.
    """

    lines: tuple[str, ...]
    code: str | None = None
    text: str | None = None
    # When each step started: a cached preflight expires after some seconds.
    times: tuple[float, ...] = ()

    def told(self, seen: "Transcript") -> list[str]:
        """Return the lines, and the reason as far as the other transcript has one."""
        pairs = ((self.code, seen.code), (self.text, seen.text))
        return [*self.lines, *(mine or "no reason" for mine, other in pairs if other)]


def _plain(value: str) -> str:
    return _NOT_PLAIN.sub("?", value)


def _line(method: str, where: str, headers: Iterable[tuple[str, str]], *, cookies: bool) -> str:
    told = [f"{name}: {_shown(name, value)}" for name, value in sorted(headers)]
    return "  ".join([f"-> {method} {where}", *told, *(["with cookies"] if cookies else [])])


def _shown(name: str, value: str) -> str:
    # Engines differ in how they write ranges and in the case of a charset.
    return "..." if name == "range" else _plain(value.lower() if name == "content-type" else value)


def _compared(ask: Ask, *, preflight: bool) -> set[str]:
    names = {name.lower() for name, _ in ask.headers}
    if ask.body is not None or ask.body_type is not None:
        names.add("content-type")
    return _COMPARED if preflight else _COMPARED | names


def observed(
    world: World,
    exchange: Exchange,
    *,
    arrivals: Sequence[Sequence[Arrival]],
    results: Sequence[dict[str, Any]],
    codes: Sequence[str],
    texts: Sequence[str],
) -> Transcript:
    """Return the transcript of what a browser did."""
    lines = []
    for step, arrived, result in zip(exchange.steps, arrivals, results, strict=True):
        for arrival in arrived:
            sent = dict(arrival.headers)
            preflight = arrival.method == "OPTIONS" and "access-control-request-method" in sent
            names = _compared(step.ask, preflight=preflight)
            headers = [(n, v) for n, v in arrival.headers if n in names and _asked(step.ask, n, v)]
            cookies = "cookie" in sent and not exchange.opaque
            lines.append(_line(arrival.method, f"{arrival.place}/{arrival.hop}", headers, cookies=cookies))
        lines.append(_seen(step.ask, result))
    times = list(accumulate((arrived[0].time if arrived else 0.0 for arrived in arrivals), max))
    return replace(_story(world, lines, next(iter(codes), None), next(iter(texts), None)), times=tuple(times))


def _story(world: World, lines: Sequence[str], code: str | None, text: str | None) -> Transcript:
    if text is not None:
        # If several headers are refused, Chromium names any of them, and WebKit the first in the page's spelling.
        several = any("," in line.partition("access-control-request-headers: ")[2].split(" ")[0] for line in lines)
        text = _plain(world.names(text))
        text = _NAMED_HEADER.sub(lambda match: "..." if several else match[0].lower(), text)
    return Transcript(tuple(map(world.names, lines)), code, text)


def _asked(ask: Ask, name: str, value: str) -> bool:
    """Return whether the page set a header, as opposed to the browser."""
    own = [page for own, page in ask.headers if own.lower() == name]
    return name not in _BROWSERS_OWN or _plain(value) in {_plain(page) for page in (*own, ", ".join(own))}


def _seen(ask: Ask, result: dict[str, Any]) -> str:
    if ask.initiator == "beacon":
        return "<- unknown"
    if "error" in result:
        return "<- hang" if result["error"] == "hang" else "<- blocked"
    if ask.initiator not in _ANSWERS:
        return "<- loaded"
    kind = "" if ask.initiator == "xhr" else f" {result['type']}"
    return f"<- {result['status']}{kind} {', '.join(sorted(result['names']))}"


def request_of(world: World, number: int, exchange: Exchange, step: Step) -> BrowserRequest:
    """Return the request for the model."""
    ask = step.ask
    mode, credentials = ask.mode, ask.credentials
    if ask.initiator == "beacon":
        mode = "no-cors" if ask.body_type in _SAFE_TYPES else "cors"
    elif ask.initiator == "xhr" and credentials != "include":
        credentials = "same-origin"
    elif ask.initiator not in _ALWAYS_CORS and credentials == "omit":
        mode, credentials = "no-cors", "include"
    elif ask.initiator == "module" and credentials == "omit":
        credentials = "same-origin"
    content_type = None
    if ask.body is not None:
        content_type = "text/plain;charset=UTF-8" if ask.body_type is None else ask.body_type.lower() or None
    options: dict[str, Any] = {"referrer_policy": ask.referrer_policy} if ask.referrer_policy else {}
    return BrowserRequest(
        url=world.url(number, step, 0),
        origin="null" if exchange.opaque else world.origin("page"),
        method=ask.method,
        headers=ask.headers,
        mode=mode,
        credentials=credentials,
        redirect=ask.redirect,
        body=None if ask.body is None else ask.body.encode(),
        content_type=content_type,
        upload_listener=ask.upload_listener,
        initiator=_INITIATORS.get(ask.initiator, ask.initiator),
        **options,
    )


def predicted(world: World, number: int, exchange: Exchange, engine: EngineName, times: Sequence[float]) -> Transcript:
    """Return the transcript of what the model predicts for requests at those times."""
    lines: list[str] = []
    blocked: Verdict | None = None
    cache = PreflightCache()
    for step, time in zip(exchange.steps, times, strict=True):
        try:
            request = request_of(world, number, exchange, step)
        except ValueError:
            # No page can send that request: the browser raises an exception immediately.
            lines.append("<- blocked")
            continue
        fetching = browse(request, engine=engine, cache=cache, now=time)
        answer: HttpResponse | None = None
        try:
            sent = next(fetching)
            while True:
                lines.append(_sent(world, exchange, step.ask, sent))
                answer = _answer(world, number, step, sent)
                sent = fetching.send(answer)
        except StopIteration as end:
            verdict: Verdict = end.value
            lines.append(_got(step.ask, verdict, answer))
            if not verdict.allowed:
                blocked = blocked or verdict
    if blocked is None or blocked.reason is None:
        return _story(world, lines, None, None)
    return _story(world, lines, blocked.reason.cors_error, console_text(blocked, engine))


def _sent(world: World, exchange: Exchange, ask: Ask, sent: HttpRequest) -> str:
    where = world.place(sent.url)
    names = _compared(ask, preflight=sent.preflight)
    headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in sent.headers]
    headers = [(name, value) for name, value in headers if name in names]
    # The cookie is sent to its own site only, and a page with an opaque origin belongs to no site.
    cookies = sent.credentials and not exchange.opaque
    return _line(sent.method, "?" if where is None else f"{where[0]}/{where[2]}", headers, cookies=cookies)


def _answer(world: World, number: int, step: Step, sent: HttpRequest) -> HttpResponse | None:
    where = world.place(sent.url)
    if where is None:
        return None
    hop = step.hops[where[2]]
    answer = hop.preflight if sent.preflight else hop.actual
    lines = framed(world.lines(number, step, where[2], answer), step.ask.initiator, answer.code, sent.method)[0]
    headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields(lines))
    return HttpResponse(status=answer.code, headers=headers)


def _got(ask: Ask, verdict: Verdict, answer: HttpResponse | None) -> str:
    if ask.initiator == "beacon":
        return "<- unknown"
    if not verdict.allowed:
        return "<- blocked"
    assert answer
    if ask.initiator not in _ANSWERS:
        # An unsuccessful response is not loaded, whatever its CORS headers are.
        return "<- loaded" if 200 <= answer.status < 300 or ask.initiator == "image" else "<- blocked"
    kind = "" if ask.initiator == "xhr" else f" {verdict.type}"
    return f"<- {answer.status if verdict.readable else 0}{kind} {', '.join(verdict.exposed)}"
