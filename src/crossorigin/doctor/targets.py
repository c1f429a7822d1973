"""What the words of a command line ask for: URLs or an app, origins, headers. Pure but for the environment."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crossorigin.browser import BrowserRequest
from crossorigin.fetch.origin import OPAQUE_ORIGIN, parse_origin
from crossorigin.policy.check.origin_repair import repair
from crossorigin.settings.codespaces import codespace_origin

# The host of an app that is asked in process, as in Starlette's and FastAPI's TestClient.
BASE_URL = "http://testserver"
_TEXT = "text/plain;charset=UTF-8"
_USUAL = (
    "http://localhost:5173 (Vite)",
    "http://localhost:3000 (Next.js, Create React App)",
    "http://localhost:4200 (Angular)",
    "http://localhost:8080 (Vue CLI)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The URLs to ask, and the app that answers them, or None for the network. An empty name is the project's app."""

    urls: tuple[str, ...]
    app: str | None = None


def read_targets(words: Sequence[str]) -> Target:
    """Read the words that are not options: URLs, or an app and its paths.

    Raises:
        ValueError: The words are not understood. The message says what to write.
    """
    first, *others = words or ("/",)
    if _is_url(first):
        for other in others:
            if not _is_url(other):
                raise ValueError(f"{other}: write the path as part of the URL")
        return Target(urls=(first, *others))
    if first.startswith("/"):
        return Target(urls=tuple(_url_of(path) for path in (first, *others)), app="")
    if "://" in first:
        raise ValueError(f"{first} is not an http or https URL")
    module, colon, attribute = first.partition(":")
    if not colon or not all(part.isidentifier() for part in f"{module}.{attribute}".split(".")):
        raise ValueError(f"{first} is neither a URL nor an app: write http://{first}, or module:app")
    return Target(urls=tuple(_url_of(path) for path in others or ["/"]), app=first)


def _url_of(path: str) -> str:
    if ":" in path.partition("?")[0].partition("/")[0] and not _is_url(path):
        raise ValueError(f"{path}: write the app before its paths, and only one app")
    return path if _is_url(path) else f"{BASE_URL}/{path.removeprefix('/')}"


def _is_url(word: str) -> bool:
    return word.lower().startswith(("http://", "https://"))


def read_origin(text: str) -> str:
    """Return the origin that an option names.

    Raises:
        ValueError: It is not an origin. The message has the right one, if it is known.
    """
    if text == OPAQUE_ORIGIN or parse_origin(text) is not None:
        return text
    right = [origin for origin in repair(text) if parse_origin(origin) is not None]
    hint = f"write {' or '.join(right)}" if right else "write scheme://host[:port], such as https://app.example.com"
    raise ValueError(f"Invalid origin {text!r}: {hint}")


def _missing_origin() -> str:
    """Return the message for a check without an origin. In a codespace, it names the origin of a page there."""
    own = codespace_origin(os.environ)
    usual = _USUAL if own is None else (f"{own} (Vite in this codespace)", *_USUAL)
    return (
        "Missing option '--origin': the origin of the page, which is the start of its address up to the first slash."
        f" Usual ones while developing: {', '.join(usual)}."
    )


def read_header(line: str) -> tuple[str, str]:
    """Return the name and the value of a header.

    Raises:
        ValueError: There is no colon.
    """
    name, colon, value = line.partition(":")
    if not colon:
        raise ValueError(f"{line!r} is not a header: write 'Name: value'")
    return name.strip(), value.strip()


def requests_for(urls: Sequence[str], origins: Sequence[str], asked: dict[str, Any]) -> tuple[BrowserRequest, ...]:
    """Return one request for each URL and origin.

    Raises:
        ValueError: There is no origin, or no page can make such a request.
    """
    if not origins:
        raise ValueError(_missing_origin())
    body: str | None = asked["data"]
    return tuple(
        BrowserRequest(
            url=url,
            origin=read_origin(origin),
            method=asked["method"] or ("GET" if body is None else "POST"),
            headers=tuple(map(read_header, asked["headers"])),
            credentials="include" if asked["credentials"] else "same-origin",
            mode=asked["mode"],
            body=None if body is None else body.encode(),
            content_type=None if body is None else _TEXT,
        )
        for url in urls
        for origin in origins
    )
