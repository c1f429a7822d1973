"""Patterns of allowed origins: one origin, a wildcard for whole leading labels, any port, or both.

    https://app.example.com     this origin
    https://*.example.com       every host below example.com, at any depth, but not example.com itself
    http://localhost:*          any port, or none
    https://*.example.com:*     both
    http://192.168.*.*:*        whole octets at the end of a private IPv4 address, for http only

Other forms are invalid. A `*` at any other position would be a substring match, which also matches other people's
hosts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.origin import DEFAULT_PORTS, OPAQUE_ORIGIN, Origin, is_common_origin, parse_origin

ANY_PORT = "*"
# These have the form of an origin, but no page has such an origin: a WebSocket handshake has the origin of its page,
# and a page loaded from a file sends `null`.
_NEVER_SENT_SCHEMES = ("file:", "ws:", "wss:")
# Schemes that have another meaning, and differ from http or https by one or two letters.
_NOT_MISSPELLED = frozenset(
    {
        "ftp",
        "ftps",
        "hcp",
        "htcp",
        "nntp",
        "ntp",
        "rtmp",
        "rtmps",
        "rtp",
        "rtsp",
        "rtsps",
        "sftp",
        "smtp",
        "tcp",
        "tftp",
    }
)
_DOUBLED = re.compile(r"(?:https?)+(https?)")
_MOST_WRONG_LETTERS = 2
_SUBDOMAINS = "*."
_ANY_PORT_SUFFIX = ":*"
_ANY_OCTET = ".*"
_PLAIN = "http"
_PRIVATE_NETWORKS = ("10.", "192.168.", *(f"172.{octet}." for octet in range(16, 32)))


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """A parsed pattern. Its `str()` is the text that it was parsed from.

    `host` does not include the leading `*.`. `port` is a number, None for the default port, or `ANY_PORT`.
    """

    scheme: str
    host: str
    port: int | str | None
    subdomains: bool

    def __str__(self) -> str:
        """Return the pattern as a policy lists it."""
        host = f"{_SUBDOMAINS}{self.host}" if self.subdomains else self.host
        return f"{self.scheme}://{host}" if self.port is None else f"{self.scheme}://{host}:{self.port}"


def parse_pattern(text: str) -> OriginPattern | None:
    """Parse a pattern; return None if it could never match what a browser sends.

    Without a `*`, the accepted texts are those that `parse_origin` accepts.

    >>> str(parse_pattern("https://*.example.com"))
    'https://*.example.com'
    >>> parse_pattern("https://*example.com") is None
    True
    """
    scheme, separator, authority = text.partition("://")
    any_port = authority.endswith(_ANY_PORT_SUFFIX)
    authority = authority.removesuffix(_ANY_PORT_SUFFIX)
    if _ANY_OCTET in authority:
        return _parse_private_network(scheme, authority, any_port=any_port)
    subdomains = authority.startswith(_SUBDOMAINS)
    host = authority.removeprefix(_SUBDOMAINS)
    # One label replaces the wildcard, so that a pattern is rejected if its shortest match is not an origin.
    shortest = parse_origin(f"{scheme}{separator}{'a.' if subdomains else ''}{host}")
    if shortest is None or (any_port and shortest.port is not None):
        return None
    if not subdomains:
        return OriginPattern(shortest.scheme, shortest.host, ANY_PORT if any_port else shortest.port, subdomains=False)
    base = shortest.host.removeprefix("a.")
    if not base or is_ipv4(base.removesuffix(".")):
        return None
    return OriginPattern(shortest.scheme, base, ANY_PORT if any_port else shortest.port, subdomains=True)


def _parse_private_network(scheme: str, authority: str, *, any_port: bool) -> OriginPattern | None:
    host, colon, port = authority.partition(":")
    fixed = host.rstrip(_ANY_OCTET)
    count = (len(host) - len(fixed)) // len(_ANY_OCTET)
    if host != fixed + _ANY_OCTET * count or not f"{fixed}.".startswith(_PRIVATE_NETWORKS):
        return None
    first = parse_origin(f"{scheme}://{fixed}{'.0' * count}{colon}{port}")
    if first is None or first.scheme != _PLAIN or not is_ipv4(first.host) or (any_port and first.port is not None):
        return None
    return OriginPattern(first.scheme, host, ANY_PORT if any_port else first.port, subdomains=False)


def is_private_network(host: str) -> bool:
    """Return whether a host, or the host of a pattern, is in a private IPv4 range. RFC 1918, section 3."""
    return host.startswith(_PRIVATE_NETWORKS) and is_ipv4(host.replace(_ANY_OCTET, ".0"))


def can_be_listed(text: str) -> bool:
    """Return whether a policy may list `text`: `*`, `null`, or a pattern of origins that pages can have."""
    # The common form is checked first, because validating a long list consists of little else.
    if text in {"*", OPAQUE_ORIGIN} or (text.isascii() and is_common_origin(text.encode())):
        return True
    pattern = parse_pattern(text)
    if pattern is None or text.startswith(_NEVER_SENT_SCHEMES):
        return False
    return pattern.scheme in DEFAULT_PORTS or near_web_scheme(pattern.scheme) is None


def near_web_scheme(scheme: str) -> str | None:
    """Return `http` or `https` if `scheme` is one or two letters away from it, as in `htttp` or `htps`, else None.

    The same holds for a scheme that is written twice, as in `httphttps`, of which the last one counts. Schemes that are
    registered for something else are not misspelled.
    """
    doubled = _DOUBLED.fullmatch(scheme)
    if doubled is not None:
        return doubled[1]
    if (
        scheme in DEFAULT_PORTS
        or scheme in _NOT_MISSPELLED
        or abs(len(scheme) - len("https")) > _MOST_WRONG_LETTERS + 1
    ):
        return None
    # Of two equally near ones the last letter decides.
    candidates = ("https", "http") if scheme.endswith("s") else ("http", "https")
    near = min(candidates, key=lambda candidate: _count_edits(scheme, candidate))
    return near if _count_edits(scheme, near) <= _MOST_WRONG_LETTERS else None


def _count_edits(text: str, other: str) -> int:
    """Return how many letters to insert, delete or replace so that `text` is `other`."""
    previous = list(range(len(other) + 1))
    for row, letter in enumerate(text, start=1):
        current = [row]
        for column, wanted in enumerate(other):
            current.append(min(previous[column + 1] + 1, current[column] + 1, previous[column] + (letter != wanted)))
        previous = current
    return previous[-1]


def patterns_of(origin: Origin) -> Iterator[str]:
    """Yield the text of every pattern with a `*` that matches `origin`, the most specific first.

    There are at most two for each label of the host, so a look-up costs the same whether a policy lists one pattern
    or 100,000.
    """
    port = "" if origin.port is None else f":{origin.port}"
    yield f"{origin.scheme}://{origin.host}{_ANY_PORT_SUFFIX}"
    if origin.scheme == _PLAIN and is_private_network(origin.host):
        network = origin.host
        for count in (1, 2, 3):
            network = network.rpartition(".")[0]
            wildcard = f"{_PLAIN}://{network}{_ANY_OCTET * count}"
            yield wildcard + port
            yield wildcard + _ANY_PORT_SUFFIX
        return
    # The host is cut only at a dot between two labels, so not at the final dot of `localhost.`.
    cut = origin.host.find(".")
    while 0 <= cut < len(origin.host) - 1:
        wildcard = f"{origin.scheme}://*{origin.host[cut:]}"
        yield wildcard + port
        yield wildcard + _ANY_PORT_SUFFIX
        cut = origin.host.find(".", cut + 1)
