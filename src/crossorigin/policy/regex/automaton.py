"""The deterministic automaton of a regular expression.

A text can lead to several states of the graph at once. The subset construction (Rabin and Scott, "Finite automata and
their decision problems", 1959) makes one state of each such set, so that reading a character is one step for every
expression, without backtracking. All states are created here, when a policy is built.

Anchors and look-arounds need more than a set of graph states. A state of the automaton consists of

- the kind of the previous character, for anchors;
- for each look-behind, the set of its current graph states. A look-behind starts again at every character of the text,
  and holds where it has just reached its end;
- threads: pairs of a graph state and its *duties*. A duty is an unfinished look-ahead with its set of threads. All
  duties of a thread must hold (an alternating automaton: Chandra, Kozen and Stockmeyer, "Alternation", 1981).
"""

from __future__ import annotations

import re

from crossorigin.policy.regex.graph import ALPHABET, Anchor, Condition, Graph, LookAround
from crossorigin.policy.regex.limits import Budget, RegexTooLargeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

MAX_STATES = 10_000
# The kinds of neighbors of a position in a text: none, a character that `\w` matches, or any other character.
_EDGE, _WORD, _OTHER = 0, 1, 2
_WORD_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
# In Python 3.14, `\B` matches the empty text; in earlier releases it does not.
_EMPTY_HAS_NO_BOUNDARY = re.fullmatch(r"\B", "") is not None
# Duties are nested sets, which are compared and hashed. The measured cost is this many times that of a plain thread.
_DUTY_WEIGHT = 4

Duty = tuple[LookAround, "Threads"]
Thread = tuple[int, frozenset[Duty]]
Threads = frozenset[Thread]
Key = tuple[int, tuple[Threads, ...], Threads]
Place = tuple[int, tuple[Threads, ...], int]  # the previous kind, the look-behinds, the next kind
_NO_DUTIES: frozenset[Duty] = frozenset()


class Automaton:
    """The states of an expression from which a match can still be reached.

    `rows[state]` maps each character to the next state, and `ends[state]` is whether a text may end in the state. A
    character that is not in a row leads to no match.
    """

    def __init__(self, text: str, budget: Budget) -> None:
        """Parse an expression that `re.compile` accepts, and create all states.

        Raises:
            UnsupportedRegexError: An automaton cannot express a part of it.
            RegexTooLargeError: It needs too many states or steps.
        """
        self.budget = budget
        self.graph = Graph(text, budget)
        self._free = [self._reached_freely(state) for state in range(len(self.graph.edges))]
        self._conditional = {
            state for state, links in enumerate(self.graph.empty) if any(condition for condition, _ in links)
        }
        self._is_plain = not self._conditional
        self._groups = self._character_groups()
        self._keys: list[Key] = []
        self._numbers: dict[Key, int] = {}
        self.rows: list[dict[str, int]] = []
        self.ends: list[bool] = []
        behinds = tuple(self._free[look.first] for look in self.graph.looks_behind)
        self.start = self._number(_EDGE, behinds, self._free[self.graph.first])
        while len(self.rows) < len(self._keys):
            self.rows.append(self._row(*self._keys[len(self.rows)]))
        self._drop_what_leads_nowhere()

    def walk(self, state: int | None, text: str) -> int | None:
        """Return the state that a text leads to, or None if no match can follow it."""
        for char in text:
            if state is None:
                return None
            state = self.rows[state].get(char)
        return state

    def accepts(self, text: str) -> bool:
        """Return whether the expression matches the whole text."""
        state = self.walk(self.start, text)
        return state is not None and self.ends[state]

    def graph_states(self, state: int) -> set[int]:
        """Return the states of the graph that a state of the automaton combines."""
        return {graph_state for graph_state, _ in self._keys[state][2]}

    def _character_groups(self) -> dict[tuple[frozenset[str], int], list[str]]:
        """Return, for each character set of an edge and each kind, its groups of characters that edges treat alike."""
        sets = {edge.chars for edge in self.graph.edges if edge is not None}
        alike: dict[tuple[bool, ...], str] = {}
        for char in ALPHABET:
            member = (char in _WORD_CHARACTERS, *(char in chars for chars in sets))
            alike[member] = alike.get(member, "") + char
        groups: dict[tuple[frozenset[str], int], list[str]] = {
            (chars, kind): [] for chars in sets for kind in (_WORD, _OTHER)
        }
        for group in alike.values():
            kind = _WORD if group[0] in _WORD_CHARACTERS else _OTHER
            for chars in sets:
                if group[0] in chars:
                    groups[chars, kind].append(group)
        return groups

    def _reached_freely(self, state: int) -> Threads:
        """Return the threads reached by unconditional empty edges, without states that only have such edges."""
        edges, empty = self.graph.edges, self.graph.empty
        seen, todo = {state}, [state]
        while todo:
            for condition, target in empty[todo.pop()]:
                self.budget.spend(1)
                if condition is None and target not in seen:
                    seen.add(target)
                    todo.append(target)
        # The end of a piece has no edges, but it must be kept, because reaching it is the result.
        return frozenset(
            (s, _NO_DUTIES)
            for s in seen
            if edges[s] is not None or not empty[s] or any(condition for condition, _ in empty[s])
        )

    def _number(self, before: int, behinds: tuple[Threads, ...], threads: Threads) -> int:
        if not behinds and not any(duties or state in self._conditional for state, duties in threads):
            before = _OTHER  # no condition depends on it
        key = (before, behinds, threads)
        number = self._numbers.get(key)
        if number is None:
            if len(self._keys) >= MAX_STATES:
                raise RegexTooLargeError(f"it has more than {MAX_STATES} states")
            number = self._numbers[key] = len(self._keys)
            self._keys.append(key)
            self.ends.append(self._is_end(threads, self.graph.last, (before, behinds, _EDGE)))
        return number

    def _row(self, before: int, behinds: tuple[Threads, ...], threads: Threads) -> dict[str, int]:
        row: dict[str, int] = {}
        for kind in (_WORD, _OTHER):
            place = (before, behinds, kind)
            # Threads without duties are grouped by the characters that they read, so that each thread is visited once
            # instead of once per group of characters.
            targets: dict[frozenset[str], set[Thread]] = {}
            bound: list[Thread] = []
            for state, duties in self._close(threads, place):
                edge = self.graph.edges[state]
                self.budget.spend(1)
                if edge is None:
                    continue
                reached = targets.setdefault(edge.chars, set())
                if duties:
                    bound.append((state, duties))
                else:
                    free = self._free[edge.target]
                    self.budget.spend(len(free) // 32)
                    reached.update(free)
            parts: dict[str, list[set[Thread]]] = {}
            for read, reached in targets.items():
                for chars in self._groups[read, kind]:
                    parts.setdefault(chars, []).append(reached)
            for chars in sorted(parts):
                following = self._read(bound, place, chars[0]).union(*parts[chars])
                self.budget.spend(1 + len(following) // 8)
                if following:
                    running = tuple(
                        self._read(self._close(inner, place), place, chars[0]) | self._free[look.first]
                        for inner, look in zip(behinds, self.graph.looks_behind, strict=True)
                    )
                    row.update(dict.fromkeys(chars, self._number(kind, running, following)))
        return row

    def _close(self, threads: Threads, place: Place) -> Threads:
        """Return the threads together with those reached by empty edges whose condition holds at a position."""
        if self._is_plain:
            return threads
        seen, todo = set(threads), [thread for thread in threads if thread[0] in self._conditional]
        while todo:
            state, duties = todo.pop()
            for condition, target in self.graph.empty[state]:
                self.budget.spend(1 + _DUTY_WEIGHT * len(duties))
                if condition is None or (more := self._duties_under(condition, duties, place)) is None:
                    continue
                for reached, _ in self._free[target]:
                    if (reached, more) not in seen:
                        seen.add((reached, more))
                        if reached in self._conditional:
                            todo.append((reached, more))
        return frozenset(seen)

    def _duties_under(self, condition: Condition, duties: frozenset[Duty], place: Place) -> frozenset[Duty] | None:
        """Return the duties of a thread that takes a conditional edge, or None if the condition does not hold."""
        before, behinds, after = place
        if isinstance(condition, Anchor):
            return duties if _holds(condition, before, after) else None
        if condition.is_ahead:
            return duties | {(condition, self._free[condition.first])}
        inner = self._close(behinds[self.graph.looks_behind.index(condition)], place)
        return None if _reaches(inner, condition.last) == condition.is_negative else duties

    def _read(self, closed: Collection[Thread], place: Place, char: str) -> Threads:
        """Return the threads after a character."""
        self.budget.spend(1 + len(closed))
        following: set[Thread] = set()
        for state, duties in closed:
            edge = self.graph.edges[state]
            if edge is None or char not in edge.chars:
                continue
            left = self._advance(duties, place, char) if duties else duties
            if left is not None:
                following.update((target, left) for target, _ in self._free[edge.target])
        return frozenset(following)

    def _advance(self, duties: frozenset[Duty], place: Place, char: str) -> frozenset[Duty] | None:
        """Return the unfinished duties after a character, or None if one has failed."""
        left: set[Duty] = set()
        for look, threads in duties:
            self.budget.spend(_DUTY_WEIGHT * (1 + len(threads)))
            has_matched, following = self._step_ahead(look, threads, place, char)
            if not has_matched and following:
                left.add((look, following))
            elif has_matched == look.is_negative:
                return None
        return frozenset(left)

    def _step_ahead(self, look: LookAround, threads: Threads, place: Place, char: str) -> tuple[bool, Threads]:
        """Return whether a look-ahead has reached its end before a character, and its threads after the character.

        A thread that is at the end but has unfinished duties stays there until they are finished.
        """
        closed = self._close(threads, place)
        if _reaches(closed, look.last):
            return True, frozenset()
        waiting: set[Thread] = set()
        for state, duties in closed:
            if state == look.last and (left := self._advance(duties, place, char)) is not None:
                waiting.add((state, left))
        return False, self._read(closed, place, char) | waiting

    def _is_end(self, threads: Threads, last: int, place: Place) -> bool:
        return any(
            state == last and all(self._is_end(inner, look.last, place) != look.is_negative for look, inner in duties)
            for state, duties in self._close(threads, place)
        )

    def _drop_what_leads_nowhere(self) -> None:
        """Remove all states from the rows that cannot lead to a match."""
        sources: list[list[int]] = [[] for _ in self.rows]
        for state, row in enumerate(self.rows):
            for target in set(row.values()):
                sources[target].append(state)
        alive = {state for state, is_end in enumerate(self.ends) if is_end}
        todo: list[int] = list(alive)
        while todo:
            for source in sources[todo.pop()]:
                if source not in alive:
                    alive.add(source)
                    todo.append(source)
        self.rows = [{char: target for char, target in row.items() if target in alive} for row in self.rows]


def _reaches(threads: Threads, last: int) -> bool:
    """Return whether a thread without unfinished duties is at `last`."""
    return (last, _NO_DUTIES) in threads


def _holds(anchor: Anchor, before: int, after: int) -> bool:
    # The alphabet has no newline, so all kinds of "beginning" are equivalent, and so are all kinds of "end".
    if anchor.name.startswith("BEGINNING"):
        return before == _EDGE
    if anchor.name.startswith("END"):
        return after == _EDGE
    is_boundary = (before == _WORD) != (after == _WORD)
    if "NON_BOUNDARY" not in anchor.name:
        return is_boundary
    return not is_boundary and (_EMPTY_HAS_NO_BOUNDARY or not before == after == _EDGE)
