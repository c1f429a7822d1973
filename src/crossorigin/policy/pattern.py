"""Hold the pattern of an origin: exact, a wildcard for whole leading labels, any port, or the last two together.

    https://app.example.com     that origin
    https://*.example.com       every host below example.com, at any depth, never example.com itself
    http://localhost:*          any port, also none
    https://*.example.com:*     both

That is all. A `*` anywhere else would be a substring match in disguise, and those let neighbours in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.origin import OPAQUE_ORIGIN, Origin, parse_origin

ANY_PORT = "*"
# Origins by their form, which no page ever has: a WebSocket handshake carries the origin of its page, and a file's
# page sends `null`.
_OF_NO_PAGE = ("file:", "ws:", "wss:")
_SUBDOMAINS = "*."
_ANY_PORT_SUFFIX = ":*"


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """Hold a parsed pattern; `str()` gives the text it was parsed from.

    `host` is without its leading `*.`; `port` is a number, None for the default one, or `ANY_PORT`.
    """

    scheme: str
    host: str
    port: int | str | None
    subdomains: bool

    def __str__(self) -> str:
        """Write the pattern as a policy lists it."""
        host = f"{_SUBDOMAINS}{self.host}" if self.subdomains else self.host
        return f"{self.scheme}://{host}" if self.port is None else f"{self.scheme}://{host}:{self.port}"


def parse_pattern(text: str) -> OriginPattern | None:
    """Parse a pattern; return None where it could never match what a browser sends.

    Without a `*` it accepts exactly what `parse_origin` accepts.

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
    # One label stands for the wildcard, so that a pattern whose shortest match is no origin is no pattern either.
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
    """Tell whether a policy may list `text`: as `*`, as `null`, or as a pattern of origins that pages have."""
    if text in {"*", OPAQUE_ORIGIN}:
        return True
    return parse_pattern(text) is not None and not text.startswith(_OF_NO_PAGE)


def patterns_of(origin: Origin) -> Iterator[str]:
    """Yield the text of every pattern with a `*` that matches `origin`, the nearest first.

    There are at most two for each label of the host, so looking an origin up costs the same whether a policy lists
    one pattern or a hundred thousand.
    """
    port = "" if origin.port is None else f":{origin.port}"
    yield f"{origin.scheme}://{origin.host}{_ANY_PORT_SUFFIX}"
    # Cut only at a dot that has a label before and behind it: the final dot of `localhost.` ends no label.
    cut = origin.host.find(".")
    while 0 <= cut < len(origin.host) - 1:
        wildcard = f"{origin.scheme}://*{origin.host[cut:]}"
        yield wildcard + port
        yield wildcard + _ANY_PORT_SUFFIX
        cut = origin.host.find(".", cut + 1)
