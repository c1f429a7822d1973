"""The hosts of the origins that an expression accepts, read from the right.

The end of a host determines who controls it, so hosts are read backwards along the automaton, over sets of states. For
`com` this is the set of states from which `com` leads to an end, and for `.com` the set from which `.com` does. The
texts that lead to a state of such a set are exactly those that can come before the name.
"""

from __future__ import annotations

import heapq
import re
from collections import deque

from crossorigin.fetch.host import MAX_HOST, MAX_LABEL, is_ace_label
from crossorigin.fetch.origin import DEFAULT_PORTS, parse_origin
from crossorigin.policy.check.regex.addresses import ipv4_grammar, ipv6_grammar, port_grammar
from crossorigin.policy.check.regex.search import find_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from crossorigin.policy.regex.automaton import Automaton

States = frozenset[int]

# The characters of labels that can be registered. Browsers also send underscores, and hyphens at the ends of labels.
LABEL_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-"
# Hosting services also give out names with underscores, for example those of storage buckets.
HOSTING_CHARACTERS = f"_{LABEL_CHARACTERS}"
_HOST_CHARACTERS = frozenset(f"{LABEL_CHARACTERS}_.")
_USUAL_PORTS = ("3000", "8080")
_ACE_PREFIX = "xn--"
_ACE_LABEL = re.compile(rf"(?<=[/.]){_ACE_PREFIX}[^.]*")
# Whether a label is valid Punycode is not a regular property. After this many invalid ones, known valid ones are tried.
_MOST_MISSES = 50
_A_LABELS = (
    *(f"{_ACE_PREFIX}{digit}ca" for digit in "012456789"),
    *(f"{_ACE_PREFIX}bb{letter}" for letter in "abfhijklm"),
)


class Hosts:
    """The hosts that an automaton accepts after `scheme://`.

    `starts` contains the states where a host begins, and `begins` those where any of its labels begins, each with the
    shortest text that leads there. `ends` contains the states where a host ends, each with the rest of the origin:
    nothing, a trailing dot or a port. `later` contains the states of `begins` that have a label before them.
    """

    def __init__(self, automaton: Automaton, scheme: str, starts: Mapping[int, str]) -> None:
        """Find where labels begin and hosts end."""
        self.automaton = automaton
        self.budget = automaton.budget
        self.starts = dict(starts)
        self.begins = dict(starts)
        self._ports = port_grammar(str(DEFAULT_PORTS.get(scheme, "")))
        self._port_behind: dict[int, str | None] = {}
        # How many characters of a host lead to a state, at least: no host may be longer than 253.
        self._shortest_ways = dict.fromkeys(self.starts, 0)
        inside = self._find_labels()
        self.begin_states: States = frozenset(self.begins)
        self._longest_way = max(self._shortest_ways.values())
        self.ends = {state: tail for state in sorted(inside) if (tail := self._tail_of_host(state)) is not None}
        self.last: States = frozenset(self.ends)
        # Characters that lead to the same states everywhere are represented by the first of them.
        region = sorted({*self.begins, *inside})
        self.budget.spend(4 * len(region))
        columns = {char: tuple(automaton.rows[state].get(char) for state in region) for char in f"{LABEL_CHARACTERS}_."}
        alike: dict[tuple[int | None, ...], str] = {}
        self._representative = {char: alike.setdefault(column, char) for char, column in columns.items()}
        self._sources: dict[tuple[int, str], set[int]] = {}
        for column, char in alike.items():
            for state, target in zip(region, column, strict=True):
                if target is not None:
                    self._sources.setdefault((target, char), set()).add(state)
        self._read: dict[tuple[States, str], States] = {}
        self._distances: dict[tuple[States, str], dict[int, int]] = {}
        self._missing_before: dict[tuple[States, States, str], int] = {}
        self.later = self._begins_behind_a_label()

    def _find_labels(self) -> set[int]:
        """Walk over all hosts, shortest first, and fill `begins`. Return the states inside or after a label."""
        # A state is visited again only with a shorter label, because more characters fit after it.
        shortest: dict[int, int] = {}
        todo = deque((state, 0, head, "") for state, head in self.starts.items())
        while todo:
            state, length, head, name = todo.popleft()
            if len(name) == MAX_HOST:
                continue
            for char, target in self._row(state):
                if char != "." and length < min(MAX_LABEL, shortest.get(target, MAX_LABEL + 1) - 1):
                    shortest[target] = length + 1
                    self._shortest_ways.setdefault(target, len(name) + 1)
                    todo.append((target, length + 1, head, name + char))
                elif char == "." and length and target not in self.begins:
                    self.begins[target] = head + name + char
                    self._shortest_ways.setdefault(target, len(name) + 1)
                    todo.append((target, 0, head, name + char))
        return set(shortest)

    def _row(self, state: int) -> list[tuple[str, int]]:
        """Return the host characters that can be read, one for each target."""
        row = self.automaton.rows[state]
        self.budget.spend(1 + len(row) // 4)
        targets: dict[tuple[int, bool], str] = {}
        for char, target in row.items():
            if char in _HOST_CHARACTERS:
                targets.setdefault((target, char == "."), char)
        return [(char, target) for (target, _), char in targets.items()]

    def _tail_of_host(self, state: int) -> str | None:
        for dot in ("", "."):
            behind = self.automaton.walk(state, dot)
            tail = None if behind is None else self.tail(behind)
            if tail is not None:
                return dot + tail
        return None

    def tail(self, state: int) -> str | None:
        """Return the text that completes an origin after its host, "" or a port, or None if there is none."""
        if self.automaton.ends[state]:
            return ""
        colon = self.automaton.rows[state].get(":")
        if colon is None:
            return None
        if colon not in self._port_behind:
            self._port_behind[colon] = self._find_port(colon)
        return self._port_behind[colon]

    def _find_port(self, state: int) -> str | None:
        ends = self.automaton.ends
        for port in _USUAL_PORTS:
            behind = self.automaton.walk(state, port)
            if behind is not None and ends[behind]:
                return f":{port}"
        found = next(find_texts(self.automaton, state, self._ports, ends.__getitem__), None)
        return None if found is None else f":{found[0]}"

    def _begins_behind_a_label(self) -> States:
        """Return the states where a label begins after a label that can be registered."""
        ends = {
            target
            for state in {*self._distance(self.begin_states, LABEL_CHARACTERS), *self.begins}
            for char, target in self.automaton.rows[state].items()
            if char.isalnum()
        }
        behind = {self.automaton.rows[state].get(".") for state in ends}
        return frozenset(state for state in behind if state in self.begins)

    def _distance(self, begins: States, characters: str) -> dict[int, int]:
        """Return how many characters of a label that can be registered lead from `begins` to each state."""
        if (begins, characters) not in self._distances:
            far: dict[int, int] = {}
            todo = deque((state, 0) for state in begins)
            while todo:
                state, length = todo.popleft()
                row = self.automaton.rows[state]
                self.budget.spend(1 + len(row) // 4)
                for char, target in row.items():
                    if target not in far and char in characters and (length or char != "-"):
                        far[target] = length + 1
                        todo.append((target, length + 1))
            self._distances[begins, characters] = far
        return self._distances[begins, characters]

    def back(self, states: States, text: str) -> States:
        """Return the states from which a text leads to one of `states`."""
        for char in reversed(text):
            if not states:
                break
            same = self._representative[char]
            found = self._read.get((states, same))
            if found is None:
                self.budget.spend(1 + len(states) // 4)
                found = frozenset(source for state in states for source in self._sources.get((state, same), ()))
                self._read[states, same] = found
            states = found
        self.budget.spend(1)
        return states

    def labels(
        self,
        states: States,
        begins: Collection[int],
        *,
        suffix: str = "",
        is_whole: bool = True,
        characters: str = LABEL_CHARACTERS,
    ) -> Iterator[str]:
        """Yield the registrable labels, shortest first, that lead from one of `begins` to `states`.

        Those that are too long before a suffix, whatever is before them, are left out.

        This is an A* search (Hart, Nilsson and Raphael, 1968) from the right. The number of missing characters is known
        exactly for each state, so the search goes straight to the next label. With `is_whole=False`, the label
        continues after `states`.
        """
        goal = frozenset(begins)
        count = misses = 0
        # Most expressions have only short paths.
        has_room = self._longest_way + MAX_LABEL + len(f".{suffix}") <= MAX_HOST
        todo: list[tuple[int, int, int, str, States]] = [(0, 0, 0, "", states)]
        while todo:
            _, _, _, label, now = heapq.heappop(todo)
            if label and label[0] != "-" and not goal.isdisjoint(now):
                if can_be_sent(label):
                    yield label
                else:
                    misses += 1
                    if misses == _MOST_MISSES:
                        yield from (known for known in _A_LABELS if not goal.isdisjoint(self.back(states, known)))
            self.budget.spend(15)
            for char in characters if label or not is_whole else characters[:-1]:
                before = self.back(now, char)
                if not before:
                    continue
                missing = 0
                if char == "-" or goal.isdisjoint(before):
                    missing = self._missing(before, goal, characters)
                if len(label) + 1 + missing <= MAX_LABEL and (has_room or self._is_room_before(before, label, suffix)):
                    count += 1
                    heapq.heappush(todo, (len(label) + 1 + missing, -len(label), count, char + label, before))

    def _is_room_before(self, states: States, label: str, suffix: str) -> bool:
        most = MAX_HOST - len(f"-{label}.{suffix}")
        return any(self._shortest_ways[state] <= most for state in states)

    def _missing(self, states: States, begins: States, characters: str) -> int:
        """Return how many characters are missing between the beginning of a label and `states`."""
        if (states, begins, characters) not in self._missing_before:
            self.budget.spend(1 + len(states) // 4)
            distance = self._distance(begins, characters)
            far = min((distance[state] for state in states if state in distance), default=MAX_LABEL)
            self._missing_before[states, begins, characters] = far
        return self._missing_before[states, begins, characters]

    def addresses(self, *, only_public: bool) -> Iterator[tuple[str, str]]:
        """Yield the accepted addresses as they are written in an origin, each with an example origin."""
        automaton = self.automaton

        def can_end(state: int) -> bool:
            return self.tail(state) is not None

        for start, head in self.starts.items():
            found = find_texts(automaton, start, ipv4_grammar(only_public=only_public), can_end)
            yield from ((address, f"{head}{address}{self.tail(state)}") for address, state in found)
            bracket = automaton.rows[start].get("[")
            if bracket is not None:
                found = find_texts(automaton, bracket, ipv6_grammar(only_public=only_public), can_end)
                yield from ((f"[{rest}", f"{head}[{rest}{self.tail(state)}") for rest, state in found)

    def has_room_for(self, states: States, name: str) -> bool:
        """Return whether a host that ends with `name`, read from the right down to `states`, can be short enough."""
        return any(len(head.partition("://")[2]) + len(name) <= MAX_HOST for head in self._heads(states))

    def origin_with(self, states: States, name: str) -> str | None:
        """Return the best origin whose host ends with `name`, read from the right down to `states`.

        Return None if no browser sends the shortest ones, for example because they are invalid Punycode.
        """
        for head in self._heads(states):
            end = self.automaton.walk(self.automaton.start, head + name)
            tail = None if end is None else self.ends.get(end, self.tail(end))
            if tail is not None and parse_origin(head + name + tail) is not None:
                return head + name + tail
        return None

    def _heads(self, states: States) -> list[str]:
        heads = [self._sendable_head(state) for state in states if state in self.begins]
        return sorted(heads, key=lambda head: (head.count("."), len(head), head))

    def _sendable_head(self, state: int) -> str:
        """Return a text that leads to the beginning of a label, with valid Punycode where possible."""
        head = self.begins[state]
        if _ACE_PREFIX not in head:
            return head
        known = (_ACE_LABEL.sub(label, head) for label in _A_LABELS)
        walk, start = self.automaton.walk, self.automaton.start
        return next((text for text in known if walk(start, text) == state), head)


def can_be_sent(label: str) -> bool:
    """Return whether browsers can send a label, which is true unless it is invalid Punycode."""
    return not label.startswith(_ACE_PREFIX) or is_ace_label(label)
