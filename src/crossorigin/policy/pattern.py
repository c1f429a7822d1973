"""Patterns of allowed origins: one origin, a wildcard for whole leading labels, any port, or both.

    https://app.example.com     this origin
    https://*.example.com       every host below example.com, at any depth, but not example.com itself
    http://localhost:*          any port, or none
    https://*.example.com:*     both

Other forms are invalid. A `*` at any other position would be a substring match, which also matches other people's
hosts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.origin import OPAQUE_ORIGIN, Origin, parse_origin

ANY_PORT = "*"
# These have the form of an origin, but no page has such an origin: a WebSocket handshake has the origin of its page,
# and a page loaded from a file sends `null`.
_NEVER_SENT_SCHEMES = ("file:", "ws:", "wss:")
_SUBDOMAINS = "*."
_ANY_PORT_SUFFIX = ":*"


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


def can_be_listed(text: str) -> bool:
    """Return whether a policy may list `text`: `*`, `null`, or a pattern of origins that pages can have."""
    if text in {"*", OPAQUE_ORIGIN}:
        return True
    return parse_pattern(text) is not None and not text.startswith(_NEVER_SENT_SCHEMES)


def patterns_of(origin: Origin) -> Iterator[str]:
    """Yield the text of every pattern with a `*` that matches `origin`, the most specific first.

    There are at most two for each label of the host, so a look-up costs the same whether a policy lists one pattern
    or 100,000.
    """
    port = "" if origin.port is None else f":{origin.port}"
    yield f"{origin.scheme}://{origin.host}{_ANY_PORT_SUFFIX}"
    # The host is cut only at a dot between two labels, so not at the final dot of `localhost.`.
    cut = origin.host.find(".")
    while 0 <= cut < len(origin.host) - 1:
        wildcard = f"{origin.scheme}://*{origin.host[cut:]}"
        yield wildcard + port
        yield wildcard + _ANY_PORT_SUFFIX
        cut = origin.host.find(".", cut + 1)
