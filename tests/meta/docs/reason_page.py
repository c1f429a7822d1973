"""The page of a browser's reason, and how it is read: what the page asks, what goes over the wire, what is said.

A `js` block is the call of a script, and each `http` block under "What happened" one exchange that follows from it,
with its answer; without an answer, the network failed. `console` blocks are what the engines print.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from crossorigin.browser import BrowserRequest, EngineName, Exchange, HttpRequest, HttpResponse, Verdict, run
from tests.meta.docs.documents import REASONS

SECTIONS = ["What the console says", "What happened", "Why", "The fix"]
CONSOLES: dict[EngineName, str] = {"chromium": "Chrome and Edge", "firefox": "Firefox", "webkit": "Safari"}

_HEADING = re.compile(r"^## (.+)\n", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ORIGIN = re.compile(r"^A page of `([^`]+)` runs:$", re.MULTILINE)
_FETCH = re.compile(r'^fetch\("([^"]+)"(?:, \{(.*)\})?\);$', re.MULTILINE | re.DOTALL)
_HEADERS = re.compile(r"headers: \{(.*?)\}", re.DOTALL)
_OPTION = re.compile(r'(method|mode|credentials|redirect): "([^"]*)"')
_STREAM = re.compile(r'body: stream,\s+duplex: "half"')
_NAMED = re.compile(r'"([^"]*)": "([^"]*)"')
_CODE = re.compile(r"`([^`]+)`")
_WHOLE = re.MULTILINE | re.DOTALL
# More redirects than any engine follows.
_TRIES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The parts of a reason's page: the request of the page, and the exchanges."""

    request: BrowserRequest
    exchanges: tuple[Exchange, ...]


def page_of(reason: str) -> Path:
    """Return the path of the page of a reason."""
    return REASONS / f"{reason}.md"


def sections_of(path: Path) -> dict[str, str]:
    """The text below each heading, including its blocks."""
    _, *parts = _HEADING.split(path.read_text("utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def blocks_of(text: str, language: str) -> list[str]:
    """The blocks of one language, in order."""
    return [block for named, block in _BLOCK.findall(text) if named == language]


def read_call(script: str, origin: str) -> BrowserRequest:
    """Read the `fetch` call of a script. Anything else is an error in the page."""
    match = _FETCH.search(script)
    assert match, script
    rest = match[2] or ""
    fields: dict[str, Any] = {}
    if headers := _HEADERS.search(rest):
        fields["headers"] = tuple(_NAMED.findall(headers[1]))
        rest = _HEADERS.sub("", rest)
    fields |= dict(_OPTION.findall(rest))
    rest, streams = _STREAM.subn("", _OPTION.sub("", rest))
    assert not rest.strip(" \n,"), rest
    return BrowserRequest(url=match[1], origin=origin, stream=bool(streams), **fields)


def read_exchange(path: Path) -> Shown:
    """Read an exchange."""
    happened = sections_of(path)["What happened"]
    origin = _ORIGIN.search(happened)
    assert origin, path
    (script,) = blocks_of(happened, "js")
    return Shown(request=read_call(script, origin[1]), exchanges=tuple(map(_exchange, blocks_of(happened, "http"))))


def read_fix(path: Path) -> BrowserRequest:
    """Read the final request for the app of the page: the same one, unless the fix changes it."""
    asked = read_exchange(path).request
    scripts = blocks_of(sections_of(path)["The fix"], "js")
    return read_call(scripts[0], asked.origin) if scripts else asked


def read_console(path: Path) -> dict[EngineName, str | None]:
    """Read what each console prints, or None if it prints nothing."""
    said = sections_of(path)[SECTIONS[0]]
    found: dict[EngineName, str | None] = {}
    for engine, name in CONSOLES.items():
        match = re.search(rf"^{name}(?:: (nothing) about CORS\.|[^\n]*:\n\n```console\n(.*?)\n```)$", said, _WHOLE)
        assert match, (path, name)
        found[engine] = None if match[1] else match[2]
    return found


def fix_lines(path: Path) -> dict[str, list[str]]:
    """Read the list of servers: the pieces of code in the line of each."""
    items = re.findall(r"^- \*\*(.+?)\*\*: (.+)$", sections_of(path).get("The fix", ""), flags=re.MULTILINE)
    return {name: _CODE.findall(line) for name, line in items}


def replay(shown: Shown, engine: EngineName) -> Verdict:
    """Replay the request of the page. Each request must be the one that is shown; the last one may repeat."""
    left = _again(shown.exchanges)

    def transport(request: HttpRequest) -> HttpResponse | None:
        exchange = next(left)
        assert wire(request) == wire(exchange.request)
        return exchange.response

    verdict = run(shown.request, transport, engine=engine)
    assert len(verdict.exchanges) >= len(shown.exchanges), "not all that is shown is asked for"
    return verdict


def _again(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    return chain(exchanges, repeat(exchanges[-1], _TRIES) if exchanges else ())


def wire(request: HttpRequest) -> tuple[str, str, list[tuple[bytes, bytes]]]:
    """Return the parts of a request that the page shows."""
    # Each engine has its own order of headers.
    return request.method, request.url, sorted((name.lower(), value) for name, value in request.headers)


def _exchange(block: str) -> Exchange:
    request, _, response = block.partition("\n\n")
    line, host, *headers = request.splitlines()
    method, path, _ = line.split(" ")
    sent = HttpRequest(
        url=f"https://{host.removeprefix('Host: ')}{path}", method=method, headers=_lines(headers), credentials=False
    )
    if not response:
        return Exchange(request=sent, response=None)
    status, *headers = response.splitlines()
    return Exchange(request=sent, response=HttpResponse(status=int(status.split(" ")[1]), headers=_lines(headers)))


def _lines(headers: Sequence[str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode(), value.strip().encode()) for name, _, value in (h.partition(":") for h in headers))
