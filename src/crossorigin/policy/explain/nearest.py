"""Hold what a policy has nearest to an origin that it refuses, and in what the two differ.

Most refused origins that matter are a slip of the one who deploys: http for https, another port, 127.0.0.1 for
localhost, a name above or below the listed one. They are found by look-ups in a table of hosts, a few for each label,
so that a stranger's origin costs the same whether a policy lists one origin or a hundred thousand.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from crossorigin.fetch.origin import DEFAULT_PORTS, Origin
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.pattern import ANY_PORT, OriginPattern, parse_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crossorigin.policy.fields import PolicyFields

# Of what is listed for one host, so much is compared: more ports than anyone develops on.
MAX_COMPARED = 64
_BELOW = "listing a host does not allow the names below it"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Nearest:
    """Find what a policy has nearest to an origin.

    Reads the whole list once, when it is built; `find` reads at most `MAX_COMPARED` entries for each host it looks up.
    """

    __slots__ = ("_listed", "_matcher")

    def __init__(self, policy: PolicyFields) -> None:
        """Make the table of hosts."""
        self._matcher = OriginMatcher((), policy.allow_origin_regex)
        self._listed: dict[str, list[str]] = {}
        for text in policy.allow_origins:
            self._listed.setdefault(_host_of(text), []).append(text)

    def find(self, origin: Origin) -> tuple[str, str] | None:
        """Return the nearest pattern, or an origin that the regular expression matches, and what differs.

        None if nothing is near.

        >>> from crossorigin import Policy
        >>> Nearest(Policy(allow_origins=["https://app.example.com"])).find(Origin("http", "app.example.com"))
        ('https://app.example.com', 'the scheme differs')
        """
        for host in _hosts_near(origin.host):
            listed = map(parse_pattern, self._listed.get(host, ())[:MAX_COMPARED])
            found = _nearest_of((pattern for pattern in listed if pattern is not None), origin)
            if found is not None:
                return found
        return _nearest_of(self._matching(origin), origin)

    def _matching(self, origin: Origin) -> Iterator[OriginPattern]:
        """Yield the neighbors of `origin` that the regular expression matches."""
        hosts = dict.fromkeys((origin.host, origin.host.removesuffix(".")))
        for scheme, host, port in product(DEFAULT_PORTS, hosts, dict.fromkeys((origin.port, None))):
            if self._matcher.matches_regex(Origin(scheme, host, port)):
                yield OriginPattern(scheme, host, port, subdomains=False)


def _nearest_of(patterns: Iterable[OriginPattern], origin: Origin) -> tuple[str, str] | None:
    near = [(*difference, str(pattern)) for pattern in patterns if (difference := _difference(pattern, origin))]
    if not near:
        return None
    # The first of those that differ least.
    _, words, text = min(near, key=lambda found: found[0])
    return text, words


def _host_of(text: str) -> str:
    """Return the host of a pattern, without what is before the wildcard's base and without a final dot."""
    authority = text.partition("://")[2].removeprefix("*.")
    host, colon, port = authority.rpartition(":")
    return (host if colon and "]" not in port else authority).removesuffix(".")


def _hosts_near(host: str) -> Iterator[str]:
    """Yield the hosts to look up: itself, those above it, the one with `www.`, other names of this machine."""
    host = host.removesuffix(".")
    yield host
    above = host
    while "." in above:
        above = above.partition(".")[2]
        yield above
    yield f"www.{host}"
    if host in _LOOPBACK:
        yield from _LOOPBACK


def _difference(pattern: OriginPattern, origin: Origin) -> tuple[int, str] | None:
    """Return in how much a pattern and an origin differ, and the words for it; None if they are not near."""
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
    if host == _BELOW and not differing:
        words = [f"{host}; {replace(pattern, subdomains=True)} would"]
    if differing:
        words.append(f"{' and '.join(differing)} {'differs' if len(differing) == 1 else 'differ'}")
    return (len(differing) + bool(host), ", and ".join(words)) if words else None


def _difference_of_hosts(pattern: OriginPattern, host: str) -> str | None:
    """Say in what two hosts that were looked up differ, final dots aside: empty if in nothing, None if in all."""
    listed, asked = pattern.host.removesuffix("."), host.removesuffix(".")
    if pattern.subdomains:
        if listed == asked:
            return f"*.{listed} stands for the names below {listed}, not for {listed} itself"
        return "" if asked.endswith(f".{listed}") else None
    if listed == asked:
        return ""
    if asked.endswith(f".{listed}"):
        return _BELOW
    if listed == f"www.{asked}":
        return "its host lacks the www."
    return f"{listed} and {asked} are two hosts to a browser"
