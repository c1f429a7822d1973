"""The differences between the origin of a page and an allowed one, in words. Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace

from crossorigin.doctor.evidence import Situation, options_of, texts_in
from crossorigin.fetch.origin import DEFAULT_PORTS, Origin, parse_origin
from crossorigin.policy.pattern import can_be_listed

_LOOPBACK = ("localhost", "127.0.0.1")
_SEPARATORS = re.compile(r"[,;\s]+")
_MOST_COMPARED = 1000


def near_origins(origin: str) -> Iterator[str]:
    """Yield texts that servers often list in place of `origin`, the most frequent first.

    >>> list(near_origins("http://localhost:5173"))
    ['http://127.0.0.1:5173', 'http://localhost:5173/', 'https://localhost:5173', 'http://localhost']
    """
    page = parse_origin(origin)
    if page is None or page.scheme not in DEFAULT_PORTS:
        return
    for host in _other_hosts(page.host):
        yield str(replace(page, host=host))
    yield f"{origin}/"
    yield str(Origin("http" if page.scheme == "https" else "https", page.host, page.port))
    if page.port is not None:
        yield str(replace(page, port=None))


def _other_hosts(host: str) -> Iterator[str]:
    if host in _LOOPBACK:
        yield next(other for other in _LOOPBACK if other != host)
    elif host.startswith("www."):
        yield host.removeprefix("www.")
    elif not host.startswith("[") and not host.replace(".", "").isdigit():
        yield f"www.{host}"


def difference(listed: str, origin: str) -> str | None:
    """Return in words how a listed text differs from the origin of a page, or None if they are not close.

    >>> difference("http://localhost:5173/", "http://localhost:5173")
    'it has a trailing slash, and browsers send origins without one'
    """
    page = parse_origin(origin)
    if page is None or listed == origin:
        return None
    other = parse_origin(listed)
    return _misspelling(listed, page) if other is None else _difference_of_origins(other, page)


def _misspelling(listed: str, page: Origin) -> str | None:
    """Return why a text that is not an origin was meant to be the page's, or None."""
    origin = str(page)
    spellings = (
        (listed.rstrip("/") == origin, "it has a trailing slash, and browsers send origins without one"),
        (listed.lower() == origin, "it has upper-case letters, and browsers send origins in lower case"),
        (
            listed == f"{origin}:{DEFAULT_PORTS.get(page.scheme)}",
            "it has the default port, and browsers leave that out",
        ),
        (listed.startswith(f"{origin}/"), "it has a path, and an origin ends after the host and port"),
        (f"{page.scheme}://{listed}" == origin, "it has no scheme"),
        (origin in _SEPARATORS.split(listed), "it is several origins in one string, and each needs its own"),
        (_is_pattern_for(listed, origin), "it is a pattern, and this package compares whole origins"),
    )
    return next((words for applies, words in spellings if applies), None)


def _is_pattern_for(listed: str, origin: str) -> bool:
    from crossorigin.policy.decide.matcher import OriginMatcher

    return "*" in listed and can_be_listed(listed) and OriginMatcher([listed]).allows(origin.encode())


def _difference_of_origins(other: Origin, page: Origin) -> str | None:
    hosts = {other.host, page.host}
    if other.host == page.host:
        words = [
            *([f"its scheme is {other.scheme}, not {page.scheme}"] if other.scheme != page.scheme else []),
            *([f"its port is {_port(other)}, not {_port(page)}"] if other.port != page.port else []),
        ]
        return " and ".join(words)
    if (other.scheme, other.port) != (page.scheme, page.port):
        return None
    if hosts == {*_LOOPBACK}:
        return "browsers treat localhost and 127.0.0.1 as different hosts"
    if {host.removeprefix("www.") for host in hosts} == {page.host.removeprefix("www.")}:
        return "with and without www. are different hosts"
    return None


def _port(origin: Origin) -> str:
    return f"{origin.port}" if origin.port is not None else f"{DEFAULT_PORTS.get(origin.scheme)} (the default)"


def nearest(situation: Situation) -> tuple[str, str] | None:
    """Return the allowed text that is closest to the origin of the page, and the difference."""
    origin = situation.wanted.origin
    candidates: list[str] = [] if situation.evidence.near is None else [situation.evidence.near]
    if situation.layer is not None:
        candidates += texts_in(options_of(situation.layer).get("allow_origins"))
    found = ((text, words) for text in candidates[:_MOST_COMPARED] if (words := difference(text, origin)))
    return next(found, None)
