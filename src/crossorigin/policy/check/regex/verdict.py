"""The verdict on an expression with credentials: which untrusted origins it accepts.

The verdict is exact, not sampled: the language of the expression is intersected with the grammar of serialized
origins. The domain, address or extension id of an origin determines who controls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from crossorigin.fetch.origin import OPAQUE_ORIGIN
from crossorigin.policy.check.regex.claims import Claims
from crossorigin.policy.check.regex.domains import DomainCounter
from crossorigin.policy.check.regex.hosts import Hosts
from crossorigin.policy.check.regex.schemes import EXTENSIONS, NEVER_SENT, OTHER, extension_grammar, find_schemes
from crossorigin.policy.check.regex.search import find_texts
from crossorigin.policy.check.regex.written import WrittenNames
from crossorigin.policy.regex.limits import RegexTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.regex.automaton import Automaton

# Documentation addresses (RFC 5737, RFC 3849) are clearer examples than 1.0.0.0.
_SHOWN_ADDRESSES = ("203.0.113.7", "[2001:db8::1]")
_HTTP = "http"


class Danger(Enum):
    """The kinds of untrusted origins that an expression accepts, the most dangerous first."""

    ANY_ORIGIN = auto()
    NULL = auto()
    DOMAINS = auto()
    HOSTING = auto()
    ADDRESSES = auto()
    EXTENSIONS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on an expression.

    `danger` is None if the expression is safe. Otherwise `origin` is an accepted origin that anyone can have, and
    `suffix` is the public suffix of its domain. `domains` are the accepted registrable domains, `insecure` is an
    accepted http origin outside private networks, `never_sent` is a scheme in the expression that browsers never send,
    and `is_combined` says whether the domains are combined from parts that are each written out.
    """

    danger: Danger | None = None
    origin: str = ""
    suffix: str = ""
    domains: frozenset[str] = frozenset()
    insecure: str | None = None
    never_sent: str | None = None
    is_combined: bool = False


def judge(text: str, automaton: Automaton, *, lift_hosting: bool = False) -> Verdict:
    """Return the verdict on an expression.

    With `lift_hosting`, names below hosting suffixes count as trusted.

    Raises:
        RegexTooLargeError: The budget of the automaton is spent.
    """
    return _Judge(text, automaton, lift_hosting=lift_hosting).judge()


class _Judge:
    """The state while a verdict is computed, over all schemes."""

    def __init__(self, text: str, automaton: Automaton, *, lift_hosting: bool) -> None:
        self._text = text
        self._automaton = automaton
        self._written = WrittenNames(automaton)
        self._domains = DomainCounter(Claims(len(text)), self._written, lift_hosting=lift_hosting)
        self._addresses = Claims(len(text))
        self._address_origins: dict[str, str] = {}
        self._dangers: list[tuple[Danger, str | None, str]] = []
        self._insecure: str | None = None

    def judge(self) -> Verdict:
        schemes = find_schemes(self._automaton)
        if self._automaton.accepts(OPAQUE_ORIGIN):
            self._dangers.append((Danger.NULL, OPAQUE_ORIGIN, ""))
        self._judge_hosts({scheme: schemes[scheme] for scheme in ("https", _HTTP, OTHER) if scheme in schemes})
        if not self._dangers:
            for scheme in EXTENSIONS:
                self._judge_extensions(scheme, schemes.get(scheme, {}))
        danger, origin, suffix = min(self._dangers, key=lambda found: found[0].value, default=(None, "", ""))
        return Verdict(
            danger=danger,
            origin=origin or "",
            suffix=suffix,
            domains=frozenset(self._domains.found),
            insecure=self._insecure,
            is_combined=self._domains.claims.are_combined,
            never_sent=next(
                (scheme for scheme in NEVER_SENT if scheme in schemes and f"{scheme}:" in self._text), None
            ),
        )

    def _judge_hosts(self, schemes: dict[str, dict[int, str]]) -> None:
        examples: dict[tuple[frozenset[int], frozenset[int]], str | None] = {}
        for scheme, starts in schemes.items():
            hosts = Hosts(self._automaton, scheme, starts)
            # With `https?`, both schemes lead to the same hosts, so they are counted once.
            alike = (frozenset(starts), hosts.last)
            if alike not in examples:
                self._domains.count(hosts)
                examples[alike] = self._domains.example
            self._note_insecure(scheme, examples[alike])
            if self._domains.claims.are_too_many():
                self._dangers.append(self._danger_of_domains(hosts))
                return
            if scheme != OTHER:
                self._judge_addresses(scheme, hosts)
            if scheme == _HTTP:
                names = (name for name in self._written.one_label_hosts(hosts) if name != "localhost")
                self._note_insecure(scheme, next((f"{_HTTP}://{name}" for name in names), None))

    def _note_insecure(self, scheme: str, origin: str | None) -> None:
        if scheme == _HTTP and origin is not None and self._insecure is None:
            self._insecure = f"{_HTTP}://{origin.partition('://')[2]}"

    def _danger_of_domains(self, hosts: Hosts) -> tuple[Danger, str | None, str]:
        is_any_origin = _takes_every_host(hosts)
        domain = self._domains.best()
        if domain is None:
            # All names are Punycode, and none of the shortest ones is valid.
            raise RegexTooLargeError("it takes too many steps to find a host that it matches")
        if is_any_origin:
            return Danger.ANY_ORIGIN, domain.origin, domain.suffix
        return Danger.HOSTING if domain.is_hosted else Danger.DOMAINS, domain.origin, domain.suffix

    def _judge_addresses(self, scheme: str, hosts: Hosts) -> None:
        for address, origin in hosts.addresses(only_public=True):
            self._note_insecure(scheme, origin)
            if address not in self._address_origins:
                self._address_origins[address] = origin
                is_written = self._written.contain(address, hosts.begin_states)
                self._addresses.add(address, letters=len(address), is_written=is_written)
            if self._addresses.are_too_many():
                starts = frozenset(hosts.starts)
                shown = (hosts.origin_with(starts, known) for known in _SHOWN_ADDRESSES)
                first = self._address_origins[self._addresses.open[0]]
                self._dangers.append((Danger.ADDRESSES, next(filter(None, shown), first), ""))
                return

    def _judge_extensions(self, scheme: str, starts: dict[int, str]) -> None:
        claims = Claims(len(self._text))
        can_end = self._automaton.ends.__getitem__
        for start, head in starts.items():
            for extension, _ in find_texts(self._automaton, start, extension_grammar(scheme), can_end):
                is_written = self._written.contain(extension, frozenset(starts))
                claims.add(extension, letters=len(extension), is_written=is_written)
                if claims.are_too_many():
                    self._dangers.append((Danger.EXTENSIONS, head + claims.open[0], ""))
                    return


def _takes_every_host(hosts: Hosts) -> bool:
    """Return whether every host of letters and digits with a dot is accepted, with or without a port."""
    todo = [(state, False, 0) for state in hosts.starts]
    seen = set(todo)
    while todo:
        state, is_inside, dots = todo.pop()
        hosts.budget.spend(1)
        if is_inside and dots and state not in hosts.ends:
            return False
        for char in "abcdefghijklmnopqrstuvwxyz0123456789." if is_inside else "abcdefghijklmnopqrstuvwxyz0123456789":
            target = hosts.automaton.rows[state].get(char)
            if target is None:
                return False
            following = (target, char != ".", min(dots + (char == "."), 1))
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return True
