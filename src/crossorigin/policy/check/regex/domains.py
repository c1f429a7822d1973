"""The registrable domains among the hosts that an expression accepts.

A host belongs to the owner of its registrable domain: its public suffix and one more label. For this reason, hosts are
followed from the right along the tree of public suffixes, and the labels that can come directly before each suffix are
counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from crossorigin.policy.check.public_suffix import PRIVATE_NAMES, SuffixNode, suffix_tree
from crossorigin.policy.check.regex.hosts import HOSTING_CHARACTERS, LABEL_CHARACTERS
from crossorigin.policy.check.regex.readable import readable_origin
from crossorigin.policy.regex.limits import RegexTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossorigin.policy.check.regex.claims import Claims
    from crossorigin.policy.check.regex.hosts import Hosts, States
    from crossorigin.policy.check.regex.written import WrittenNames

_COMMON = ("com", "net", "org", "dev", "app", "io")


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """An accepted registrable domain, its public suffix, and the node of the suffix in the tree.

    `origin` is an example with that domain. It is None if the shortest such origin cannot be sent, or if nobody else
    can register the domain.
    """

    name: str
    origin: str | None
    suffix: str
    node: SuffixNode
    hosts: Hosts

    @property
    def is_hosted(self) -> bool:
        """Whether such names are given to users of a service, instead of sold by a registry."""
        return self.node.section == "hosting" or _has_hosting_wildcard(self.node)


class DomainCounter:
    """A counter of the accepted domains, over all schemes.

    With `lift_hosting`, names below hosting suffixes and below unknown top-level names count as trusted, as set by
    `dangerously_allow_public_suffixes`.
    """

    def __init__(self, claims: Claims, written: WrittenNames, *, lift_hosting: bool) -> None:
        """Start without domains."""
        self.claims = claims
        self.found: dict[str, Domain] = {}
        self._written = written
        self._lift_hosting = lift_hosting
        self.example: str | None = None

    def count(self, hosts: Hosts) -> None:
        """Count the domains of some hosts until there are too many, starting with the shortest suffixes.

        `example` is set to an origin with one of them, if there is one.
        """
        self.example = None
        level = [("", suffix_tree(), hosts.last)]
        while level and not self.claims.are_too_many():
            below: list[tuple[str, SuffixNode, States]] = []
            for name, node, states in level:
                for label, child in self._children(name, node, states, hosts):
                    full = f"{label}.{name}" if name else label
                    ends = hosts.back(states, label)
                    before = hosts.back(ends, ".")
                    if child.section == "exception" and ends:
                        self._claim(full, name, node, ends, hosts)
                    if not before or full in PRIVATE_NAMES or self._is_lifted(child):
                        continue
                    if child.is_suffix or (_has_hosting_wildcard(child) and not self._lift_hosting):
                        self._count_below(full, child, before, hosts)
                    if self.claims.are_too_many():
                        return
                    if child.children or child.wildcard is not None:
                        below.append((full, child, before))
            level = below

    def _is_lifted(self, node: SuffixNode) -> bool:
        return self._lift_hosting and node.section == "hosting"

    def _children(self, name: str, node: SuffixNode, states: States, hosts: Hosts) -> Iterator[tuple[str, SuffixNode]]:
        """Yield the labels that lead to public suffixes, starting with those that make the best examples."""
        yield from sorted(node.children.items(), key=lambda child: _rank(child[0]))
        if node.wildcard is not None and not self._is_lifted(node.wildcard):
            for label in hosts.labels(states, hosts.later, suffix=name):
                if label not in node.children:
                    yield label, node.wildcard
        if not name and not self._lift_hosting:
            # An unknown top-level name is counted only if it is written out, because it may exist in the operator's
            # network. Names produced by a dot or a class do not exist.
            unknown = SuffixNode()
            unknown.section = "hosting"
            yield from ((top, unknown) for top in self._written.top_level_names(hosts) if top not in node.children)

    def _count_below(self, suffix: str, node: SuffixNode, states: States, hosts: Hosts) -> None:
        # A top-level name that the list does not know is not a hosting service, although the switch treats it like one.
        is_hosting = node.section == "hosting" and "." in suffix
        characters = HOSTING_CHARACTERS if is_hosting else LABEL_CHARACTERS
        for label in hosts.labels(states, hosts.begin_states, suffix=suffix, characters=characters):
            # This does not use the wildcard, because users can also have names of one label below a hosting suffix.
            child = node.children.get(label)
            if child is None or child.section is None:
                self._claim(f"{label}.{suffix}", suffix, node, hosts.back(states, label), hosts)
            if self.claims.are_too_many():
                return

    def _claim(self, domain: str, suffix: str, node: SuffixNode, states: States, hosts: Hosts) -> None:
        """Count a domain if a host that ends with it is short enough."""
        if not hosts.has_room_for(states, domain):
            return
        origin = hosts.origin_with(states, domain)
        self.example = self.example or origin
        if domain not in self.found:
            # `www.ck` already has an owner, so it is not an example of a name that anyone can register.
            is_taken = not node.is_suffix and not _has_hosting_wildcard(node)
            self.found[domain] = Domain(
                name=domain, origin=None if is_taken else origin, suffix=suffix, node=node, hosts=hosts
            )
            is_written = self._written.contain(domain, hosts.begin_states)
            self.claims.add(domain, letters=len(domain) - len(suffix) - 1, is_written=is_written)

    def best(self) -> Domain | None:
        """Return the open domain to show: the one with the fewest labels, then the most readable, then the shortest.

        Return None if no browser sends the origins that were found.
        """
        open_domains = (self.found[name] for name in self.claims.open)
        shown = sorted((domain for domain in open_domains if domain.origin is not None), key=_order)
        if not shown:
            return None
        # For `example\.[a-z]+` and `(example)+\.com`, the first domain belongs to the author.
        is_one_name = len({domain.name.removesuffix(domain.suffix) for domain in shown}) == 1
        is_own = is_one_name or shown[0].name in self.claims.written
        best = shown[1 if len(shown) > 1 and is_own else 0]
        try:
            origin = self._readable_origin(best)
        except RegexTooLargeError:
            origin = None  # the verdict is the same, with a less readable name
        return best if origin is None else replace(best, origin=origin)

    def _readable_origin(self, domain: Domain) -> str | None:
        hosts, suffix, node = domain.hosts, domain.suffix, domain.node

        def is_open(name: str) -> bool:
            child = node.children.get(name.partition(".")[0])
            return (child is None or child.section is None) and not self._written.contain(name, hosts.begin_states)

        return readable_origin(hosts, suffix, is_open)


def _has_hosting_wildcard(node: SuffixNode) -> bool:
    """Return whether there is a hosting suffix with a wildcard below a name, as in `*.compute-1.amazonaws.com`."""
    return node.wildcard is not None and node.wildcard.section == "hosting"


def _rank(suffix: str) -> tuple[int, int]:
    return (_COMMON.index(suffix) if suffix in _COMMON else len(_COMMON), 99 if "xn--" in suffix else len(suffix))


def _order(domain: Domain) -> tuple[bool, int, tuple[int, int], int, int]:
    labels = (domain.origin or "").count(".")
    return not domain.node.is_suffix, domain.name.count("."), _rank(domain.suffix), labels, len(domain.name)
