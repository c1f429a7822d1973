"""The names that an expression writes out, as literals or as classes of single characters.

A written name was intended by the author. The names are found by walking backwards over the graph of the expression,
from its end, along written characters.
"""

from __future__ import annotations

import re
from collections import deque

from crossorigin.fetch.host import MAX_LABEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossorigin.policy.check.regex.hosts import Hosts
    from crossorigin.policy.regex.automaton import Automaton

_LABEL_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"
# A host whose last label is a number is an address: https://url.spec.whatwg.org/#ends-in-a-number-checker.
_TOP_LEVEL_NAME = re.compile("(?![0-9]+$|0x[0-9a-f]*$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")

Positions = frozenset[int]
_Pair = tuple[Positions, frozenset[int]]


class WrittenNames:
    """The written characters of an expression, indexed by the state of the graph after them."""

    def __init__(self, automaton: Automaton) -> None:
        """Index the written characters by the states that can follow them."""
        graph = automaton.graph
        self._automaton = automaton
        self._before: dict[tuple[int, str], set[int]] = {}
        following: dict[int, set[int]] = {}
        for state, edge in enumerate(graph.edges):
            if edge is None:
                continue
            following[state] = self._positions(edge.target)
            for position in following[state]:
                for char in edge.written:
                    self._before.setdefault((position, char), set()).add(state)
        # A host is followed by the end or a port, possibly with a trailing dot before it.
        edges = graph.edges
        tails = {graph.last} | {state for state in following if (edge := edges[state]) and ":" in edge.chars}
        dots = {
            state for state in following if (edge := edges[state]) and "." in edge.chars and following[state] & tails
        }
        self._tails: Positions = frozenset(tails | dots)
        self._read: dict[tuple[Positions, str], Positions] = {}
        self._begins: dict[frozenset[int], set[int]] = {}
        self._walks: dict[Hosts, tuple[dict[_Pair, list[tuple[str, _Pair]]], dict[_Pair, str]]] = {}

    def _positions(self, state: int) -> set[int]:
        """Return the reading and final states that are reached by empty edges, ignoring their conditions."""
        graph = self._automaton.graph
        seen, todo = {state}, [state]
        while todo:
            for _, target in graph.empty[todo.pop()]:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        self._automaton.budget.spend(1 + len(seen) // 2)
        return {position for position in seen if graph.edges[position] is not None or position == graph.last}

    def _back(self, positions: Positions, name: str) -> Positions:
        for char in reversed(name):
            if (positions, char) not in self._read:
                self._automaton.budget.spend(1 + len(positions))
                self._read[positions, char] = frozenset(
                    state for position in positions for state in self._before.get((position, char), ())
                )
            positions = self._read[positions, char]
        return positions

    def contain(self, name: str, begins: frozenset[int]) -> bool:
        """Return whether the expression writes out a name, from one of `begins` to where the host ends."""
        if begins not in self._begins:
            states = {state for begin in begins for state in self._automaton.graph_states(begin)}
            self._begins[begins] = {position for state in states for position in self._positions(state)}
        return not self._back(self._tails, name).isdisjoint(self._begins[begins])

    def top_level_names(self, hosts: Hosts) -> Iterator[str]:
        """Yield the written names, shortest first, that can be the last label of a host with several labels.

        There can be very many of them (`[abc]{9}`), so names that cannot follow a dot are never generated.
        """
        steps, names = self._walk(hosts)
        useful = {pair for pair in names if hosts.back(pair[1], ".")}
        todo = list(useful)
        sources: dict[_Pair, set[_Pair]] = {}
        for source, targets in steps.items():
            for _, target in targets:
                sources.setdefault(target, set()).add(source)
        while todo:
            for source in sources.get(todo.pop(), set()) - useful:
                useful.add(source)
                todo.append(source)
        queue: deque[tuple[str, _Pair]] = deque([("", (self._tails, hosts.last))])
        while queue:
            name, pair = queue.popleft()
            self._automaton.budget.spend(1)
            if _TOP_LEVEL_NAME.fullmatch(name) and hosts.back(pair[1], "."):
                yield name
            if len(name) < MAX_LABEL:
                queue.extend((char + name, target) for char, target in steps[pair] if target in useful)

    def one_label_hosts(self, hosts: Hosts) -> Iterator[str]:
        """Yield written hosts of one label, at most one for each pair of graph and automaton states."""
        _, names = self._walk(hosts)
        yield from (name for (_, states), name in names.items() if name and not hosts.starts.keys().isdisjoint(states))

    def _walk(self, hosts: Hosts) -> tuple[dict[_Pair, list[tuple[str, _Pair]]], dict[_Pair, str]]:
        """Read written labels from the right, along the graph and the automaton at the same time.

        Return the characters that each pair of states can read, and the shortest name that leads to the pair.
        """
        if hosts not in self._walks:
            start = (self._tails, hosts.last)
            steps: dict[_Pair, list[tuple[str, _Pair]]] = {}
            names = {start: ""}
            todo = deque([start])
            while todo:
                pair = positions, states = todo.popleft()
                steps[pair] = []
                for char in _LABEL_CHARACTERS:
                    target = (self._back(positions, char), hosts.back(states, char))
                    if not target[0] or not target[1]:
                        continue
                    steps[pair].append((char, target))
                    if target not in names:
                        names[target] = char + names[pair]
                        todo.append(target)
            self._walks[hosts] = steps, names
        return self._walks[hosts]
