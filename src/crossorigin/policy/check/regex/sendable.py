"""The check whether an expression matches any origin that a browser can send."""

from __future__ import annotations

from crossorigin.fetch.origin import DEFAULT_PORTS
from crossorigin.policy.check.regex.hosts import Hosts
from crossorigin.policy.check.regex.schemes import NEVER_SENT, find_schemes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.regex.automaton import Automaton


def can_match(automaton: Automaton) -> bool:
    """Return whether the automaton accepts an origin that a page can have."""
    return any(
        _has_host(Hosts(automaton, scheme, starts), is_web=scheme in DEFAULT_PORTS)
        for scheme, starts in find_schemes(automaton).items()
        if scheme not in NEVER_SENT
    )


def _has_host(hosts: Hosts, *, is_web: bool) -> bool:
    if not is_web:
        # Other schemes can have any host of letters and digits, and `app://.` has a dot as its host.
        dots = (hosts.automaton.walk(start, ".") for start in hosts.starts)
        if hosts.ends or any(dot is not None and hosts.tail(dot) is not None for dot in dots):
            return True
    return _has_name(hosts) or any(True for _ in hosts.addresses(only_public=False))


def _has_name(hosts: Hosts) -> bool:
    """Return whether the automaton accepts a host whose last label is not a number."""
    todo = [(state, "") for state in hosts.begins]
    seen = set(todo)
    while todo:
        state, label = todo.pop()
        hosts.budget.spend(1)
        if label == "name" and state in hosts.ends:
            return True
        for char, target in hosts.automaton.rows[state].items():
            following = (target, _kind_of_label(label, char))
            if char not in ".:[]/+" and following not in seen:
                seen.add(following)
                todo.append(following)
    return False


def _kind_of_label(kind: str, char: str) -> str:
    """Return the new kind of a label after one more character: "0", "0x", "number" or "name".

    https://url.spec.whatwg.org/#ends-in-a-number-checker
    """
    if char.isdigit() and kind in {"", "0", "number"}:
        return "0" if (kind, char) == ("", "0") else "number"
    if kind == "0" and char == "x":
        return "0x"
    return "0x" if kind == "0x" and char in "0123456789abcdef" else "name"
