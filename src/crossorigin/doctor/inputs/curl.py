"""cURL commands, as browsers copy them. Pure."""

import re
import shlex
from collections.abc import Iterator

from crossorigin.browser import BrowserRequest
from crossorigin.doctor.inputs.har import REQUESTED_METHOD, asked_by, of_page

_WITH_VALUE = {
    "-X": "method",
    "--request": "method",
    "-H": "header",
    "--header": "header",
    "-d": "data",
    "--data": "data",
    "--data-raw": "data",
    "--data-binary": "data",
    "--data-ascii": "data",
    "--data-urlencode": "data",
    "--json": "json",
    "-b": "cookie",
    "--cookie": "cookie",
    "--url": "url",
    "-A": "agent",
    "--user-agent": "agent",
    "-e": "referer",
    "--referer": "referer",
    "-u": "user",
    "--user": "user",
    "-o": "output",
    "--output": "output",
    "-m": "time",
    "--max-time": "time",
}


_WINDOWS = re.compile(r'\^"|\^\r?\n')
# A text with escapes, as browsers write it for bash: $'it\'s'.
_ANSI_C = re.compile(r"(?<![^\s=])\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{1,4}|x[0-9A-Fa-f]{1,2}|[^ux])", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"', "!": "!"}


def read_curl(text: str, origin: str | None = None) -> BrowserRequest:
    """Return the request of a page that a browser copied as a cURL command.

    Cookies are not kept. A request that had some is one with credentials.

    Raises:
        ValueError: It is not such a command, or it has no `Origin` and none is given.
    """
    found: dict[str, list[str]] = {}
    for name, value in _arguments(text):
        found.setdefault(name, []).append(value)
    if "url" not in found:
        raise ValueError("The cURL command has no URL")
    headers = [_header(line) for line in found.get("header", [])]
    names = {name.lower(): value for name, value in headers}
    page = origin or names.get("origin")
    if page is None:
        raise ValueError("The cURL command has no Origin header, so pass --origin with the origin of the page")
    data = found.get("data", []) + found.get("json", [])
    if "json" in found and "content-type" not in names:
        headers.append(("Content-Type", "application/json"))
    has_cookies = "cookie" in found or "cookie" in names
    method = found.get("method", ["POST" if data else "GET"])[-1]
    if method == "OPTIONS" and REQUESTED_METHOD in names:
        return asked_by(found["url"][0], page, names)
    return BrowserRequest(
        url=found["url"][0],
        origin=page,
        method=method,
        headers=tuple(of_page(headers)),
        credentials="include" if has_cookies else "same-origin",
        body=data[0].encode() if data else None,
    )


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    words = iter(_words(text))
    if not next(words, "").rpartition("/")[2].startswith("curl"):
        raise ValueError('Not a cURL command: it has to start with curl. Use "Copy as cURL" in the browser')
    for word in words:
        if word in _WITH_VALUE:
            yield _WITH_VALUE[word], next(words, "")
        elif word.startswith("--") and "=" in word and word.partition("=")[0] in _WITH_VALUE:
            name, _, value = word.partition("=")
            yield _WITH_VALUE[name], value
        elif len(word) > 2 and word[:2] in _WITH_VALUE and not word.startswith("--"):
            yield _WITH_VALUE[word[:2]], word[2:]
        elif not word.startswith("-"):
            yield "url", word


def _words(text: str) -> list[str]:
    """Return the words of a command for bash or for the command line of Windows.

    Raises:
        ValueError: A quote is not closed.
    """
    if _WINDOWS.search(text):
        # The caret escapes the next character, also at the end of a line, and a backslash a quote in quotes.
        return shlex.split(re.sub(r"\^\r?\n", " ", text).replace("^", "").replace("'", "\\'"))
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ")
    return shlex.split(_ANSI_C.sub(lambda found: shlex.quote(_decoded(found[1])), joined))


def _decoded(quoted: str) -> str:
    """Return the text between $' and ', in which bash has escapes."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1]) or chr(int(found[1][1:], 16)), quoted)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
