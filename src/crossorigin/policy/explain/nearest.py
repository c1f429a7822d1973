"""The allowed origin that is closest to a refused one, and the differences between the two.

A refused origin is often a deployment error: http instead of https, another port, 127.0.0.1 instead of localhost, a
parent domain or a subdomain of the listed host. The closest origin is found by look-ups, a limited number for each
label, because the first refused request of a server waits for it.

Policies of at most `MAX_IN_TABLE` entries have a table by host. In longer ones, the entries that are close in the most
frequent ways are looked up: other schemes, a final dot, a wildcard, no port, the port of the request, any port and
`_FREQUENT_PORTS`. Live origins are looked up in the same way, so that no table has to follow their changes.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from crossorigin.fetch.origin import DEFAULT_PORTS, Origin
from crossorigin.policy.pattern import ANY_PORT, OriginPattern, parse_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crossorigin.policy.fields import PolicyFields
    from crossorigin.policy.origin_source import OriginSource

# The number of entries for one host that are compared. No list has more ports of one host in practice.
MAX_COMPARED = 64
# A table of this many entries takes two milliseconds to build.
MAX_IN_TABLE = 1000
# The ports of development servers, and those that servers use besides 80 and 443.
_FREQUENT_PORTS = (3000, 4200, 5000, 5173, 8000, 8080, 8443, 8888)
# The number of parent domains that are looked up. A hostile host can have 126.
_MAX_PARENTS = 8
_SUBDOMAIN = "a listed host does not cover its subdomains"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Nearest:
    """The allowed origins of a policy and the live origins next to it, searchable for the closest one.

    A short list is read once, when the object is created. `find` reads at most `MAX_COMPARED` entries for each host
    that it looks up.
    """

    __slots__ = ("_is_long", "_listed", "_live", "_matcher")

    def __init__(self, policy: PolicyFields, live: OriginSource | None = None) -> None:
        """Create the table of hosts, unless the list is long."""
        self._live = live
        self._matcher = policy.origin_matcher
        self._listed: dict[str, list[str]] = {}
        self._is_long = len(policy.allow_origins) > MAX_IN_TABLE
        if not self._is_long:
            for text in policy.allow_origins:
                self._listed.setdefault(_host_of(text), []).append(text)

    def find(self, origin: Origin) -> tuple[str, str] | None:
        """Return the closest pattern, or an origin that the regular expression matches, and the difference in words.

        Returns None if no allowed origin is close.

        >>> from crossorigin import Policy
        >>> Nearest(Policy(allow_origins=["https://app.example.com"])).find(Origin("http", "app.example.com"))
        ('https://app.example.com', 'the scheme differs')
        """
        for host in _hosts_near(origin.host):
            texts = [] if self._is_long else self._listed.get(host, [])
            if self._is_long or self._live is not None:
                texts = [*texts, *self._look_up(host, origin)]
            listed = map(parse_pattern, texts[:MAX_COMPARED])
            found = _nearest_of((pattern for pattern in listed if pattern is not None), origin)
            if found is not None:
                return found
        return _nearest_of(self._matching(origin), origin)

    def _look_up(self, host: str, origin: Origin) -> list[str]:
        """Return the entries for a host that are close to an origin in a frequent way."""
        schemes = dict.fromkeys((origin.scheme, *DEFAULT_PORTS))
        ports = dict.fromkeys((origin.port, None, ANY_PORT, *_FREQUENT_PORTS))
        endings = ["" if port is None else f":{port}" for port in ports]
        texts = (
            f"{scheme}://{wildcard}{host}{dot}{ending}"
            for scheme, wildcard, dot, ending in product(schemes, ("", "*."), ("", "."), endings)
        )
        if self._live is None:
            return [text for text in texts if self._matcher.lists(text)]
        live = self._live.table
        return [text for text in texts if (self._is_long and self._matcher.lists(text)) or text.encode("utf-8") in live]

    def _matching(self, origin: Origin) -> Iterator[OriginPattern]:
        """Yield the neighbors of `origin` that the regular expression matches."""
        hosts = dict.fromkeys((origin.host, origin.host.removesuffix(".")))
        for scheme, host, port in product(DEFAULT_PORTS, hosts, dict.fromkeys((origin.port, None))):
            if self._matcher.matches_regex(str(Origin(scheme, host, port)).encode()):
                yield OriginPattern(scheme, host, port, subdomains=False)


def _nearest_of(patterns: Iterable[OriginPattern], origin: Origin) -> tuple[str, str] | None:
    near = [(*difference, str(pattern)) for pattern in patterns if (difference := _difference(pattern, origin))]
    if not near:
        return None
    # The first of those with the fewest differences.
    _, words, text = min(near, key=lambda found: found[0])
    return text, words


def _host_of(text: str) -> str:
    """Return the host of a pattern, without a leading `*.` and without a final dot."""
    authority = text.partition("://")[2].removeprefix("*.")
    host, colon, port = authority.rpartition(":")
    return (host if colon and "]" not in port else authority).removesuffix(".")


def _hosts_near(host: str) -> Iterator[str]:
    """Yield the hosts to look up: the host, its parent domains, the host with `www.`, and other loopback names."""
    host = host.removesuffix(".")
    yield host
    above = host
    for _ in range(min(host.count("."), _MAX_PARENTS)):
        above = above.partition(".")[2]
        yield above
    yield f"www.{host}"
    if host in _LOOPBACK:
        yield from _LOOPBACK


def _difference(pattern: OriginPattern, origin: Origin) -> tuple[int, str] | None:
    """Return the number of differences between a pattern and an origin, and a description; None if they are not close.

    An origin that the pattern matches differs in nothing, and is not close either.
    """
    host = _difference_of_hosts(pattern, origin.host)
    if host is None:
        return None
    parts = {
        "scheme": pattern.scheme == origin.scheme,
        "final dot": pattern.host.endswith(".") == origin.host.endswith("."),
        "port": pattern.port in {ANY_PORT, origin.port},
    }
    differing = [f"the {part}" for part, same in parts.items() if not same]
    words = [host] if host else []
    if host == _SUBDOMAIN and not differing:
        words = [f"{host}; {replace(pattern, subdomains=True)} would"]
    if differing:
        words.append(f"{' and '.join(differing)} {'differs' if len(differing) == 1 else 'differ'}")
    return (len(differing) + bool(host), ", and ".join(words)) if words else None


def _difference_of_hosts(pattern: OriginPattern, host: str) -> str | None:
    """Return the difference between the host of a pattern and another one, in words, ignoring final dots.

    It is empty if they do not differ, and None if they are not close.
    """
    listed, refused = pattern.host.removesuffix("."), host.removesuffix(".")
    if pattern.subdomains:
        if listed == refused:
            return f"*.{listed} matches the subdomains of {listed}, but not {listed} itself"
        return "" if refused.endswith(f".{listed}") else None
    if listed == refused:
        return ""
    if refused.endswith(f".{listed}"):
        return _SUBDOMAIN
    if listed == f"www.{refused}":
        return "the refused host has no www. prefix"
    return f"browsers treat {listed} and {refused} as different hosts"
