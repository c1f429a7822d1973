"""Header blocks of responses, as people paste them. Pure."""

import re
from collections.abc import Iterator

from crossorigin.browser import BrowserRequest, HttpResponse
from crossorigin.doctor.inputs.recorded import NotRecordedError, Recording

_STATUS_LINE = re.compile(r"(?:< ?)?HTTP/[0-9.]+ ([1-5][0-9]{2})\b")
_STATUS_FIELD = re.compile(r"(?::status|status(?: code)?): *([1-5][0-9]{2})\b", re.IGNORECASE)
_FIELD = re.compile(r"(?:< ?)?([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
# A name without a value: with a colon, or with the hyphen that most names have.
_NAME = re.compile(
    r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+:?|[A-Za-z][A-Za-z0-9]*:|(?:Server|Vary|Allow|Location|Date)"
)
_OF_PREFLIGHT = ("Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age")


def read_response(text: str, request: BrowserRequest) -> Recording:
    """Return the recording of a request with one pasted response, or with the one to its preflight before it.

    A response without a status line counts as 200 for the request itself, because its status does not matter there.

    Raises:
        ValueError: The text has no header lines.
        NotRecordedError: The status of a response to a preflight is missing.
    """
    blocks = [block for part in _split(text) if (block := _read(part)) is not None]
    if not blocks:
        raise ValueError("The text has no header lines such as Content-Type: application/json")
    preflight = response = None
    if len(blocks) > 1:
        preflight, response = blocks[0], blocks[1]
    elif any(blocks[0].lines(name) for name in _OF_PREFLIGHT):
        preflight = blocks[0]
    else:
        response = blocks[0]
    if preflight is not None and not preflight.status:
        raise NotRecordedError(
            "The status of the response to the preflight is not recorded: paste its status line, too."
        )
    if response is not None and not response.status:
        response = HttpResponse(status=200, headers=response.headers)
    return Recording(request=request, preflight=preflight, response=response)


def _split(text: str) -> list[str]:
    parts: list[list[str]] = [[]]
    for line in text.strip().splitlines():
        if _STATUS_LINE.match(line.strip()) and parts[-1]:
            parts.append([])
        parts[-1].append(line.strip())
    return ["\n".join(part) for part in parts]


def _read(block: str) -> HttpResponse | None:
    status, headers = 0, list[tuple[bytes, bytes]]()
    for line in _joined(block.splitlines()):
        found = _STATUS_LINE.match(line) or _STATUS_FIELD.match(line)
        if found is not None:
            status = int(found[1])
        elif field := _FIELD.match(line):
            headers.append((field[1].encode(), field[2].strip().encode("latin-1", "replace")))
    return HttpResponse(status=status, headers=tuple(headers)) if status or headers else None


def _joined(lines: list[str]) -> Iterator[str]:
    """Yield the lines. A table of a network panel is copied with each name and each value on a separate line."""
    left = iter(lines)
    for line in left:
        yield f"{line.rstrip(':')}: {next(left, '')}" if _NAME.fullmatch(line) else line
