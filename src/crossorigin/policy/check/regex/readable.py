"""Example origins for messages, with domains that read like an attacker's."""

from __future__ import annotations

from collections import deque

from crossorigin.fetch.host import MAX_LABEL
from crossorigin.policy.check.regex.hosts import LABEL_CHARACTERS, can_be_sent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossorigin.policy.check.regex.hosts import Hosts, States

# Words that show that a name belongs to someone else, the best first.
WORDS = ("evil", "attacker", "a1", "a", "1")
# The number of label endings that are tried for each word.
_MOST_ENDINGS = 100


def readable_origin(hosts: Hosts, suffix: str, is_open: Callable[[str], bool]) -> str | None:
    """Return an origin below a suffix whose domain contains one of the words, or None if there is none.

    `is_open` returns whether anyone can have a domain and the expression does not write it out.
    """
    states = hosts.back(hosts.last, f".{suffix}")
    with_final_dot = None
    for word in WORDS:
        for label in _labels_with(word, hosts, states):
            domain = f"{label}.{suffix}"
            origin = hosts.origin_with(hosts.back(states, label), domain) if is_open(domain) else None
            if origin is not None and f"{suffix}." not in origin:
                return origin
            with_final_dot = with_final_dot or origin
    return with_final_dot


def _labels_with(word: str, hosts: Hosts, states: States) -> Iterator[str]:
    """Yield labels that contain a word, with as few other characters as possible."""
    for end, now in _endings(hosts, states):
        before = hosts.back(now, word)
        for goal in (hosts.starts, hosts.begins) if before else ():
            start = "" if before & goal.keys() else next(hosts.labels(before, goal, is_whole=False), None)
            label = f"{start}{word}{end}"
            if start is not None and len(label) <= MAX_LABEL and label.strip("-") == label and can_be_sent(label):
                yield label


def _endings(hosts: Hosts, states: States) -> Iterator[tuple[str, States]]:
    """Yield the endings of labels before `states`, shortest first, one for each set of states."""
    todo, seen = deque([("", states)]), {states}
    while todo:
        end, now = todo.popleft()
        yield end, now
        for char in LABEL_CHARACTERS:
            before = hosts.back(now, char)
            if before and before not in seen and len(seen) < _MOST_ENDINGS:
                seen.add(before)
                todo.append((char + end, before))
