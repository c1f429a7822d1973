"""The search for texts that both an expression and a small grammar accept.

The grammars are those of ports, addresses and extension ids. Each grammar is an automaton, given as two functions. The
search runs on the product of both automata: pairs of states that read the same characters (Rabin and Scott, 1959).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossorigin.policy.regex.automaton import Automaton

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Grammar(Generic[State]):
    """A set of texts of bounded length, as an automaton.

    `step` returns the next state after a character, or None, and `is_end` whether a text may end in a state.
    """

    characters: str
    start: State
    step: Callable[[State, str], State | None]
    is_end: Callable[[State], bool]


def find_texts(
    automaton: Automaton, start: int, grammar: Grammar[State], can_end: Callable[[int], bool]
) -> Iterator[tuple[str, int]]:
    """Yield each text of a grammar that leads from `start` to a state where `can_end` holds, with that state.

    A pair of states without results is not visited again, so the number of steps between two texts is at most the
    number of pairs.
    """
    useful = _can_finish(automaton, start, grammar.characters, can_end)
    return _Search(automaton, grammar, can_end, useful, set()).texts(start, grammar.start, "") if useful else iter(())


@dataclass(frozen=True, slots=True)
class _Search(Generic[State]):
    """A search and the pairs of states that led to nothing.

    A closure that calls itself would keep the automaton in memory until the next garbage collection.
    """

    automaton: Automaton
    grammar: Grammar[State]
    can_end: Callable[[int], bool]
    useful: set[int]
    barren: set[tuple[int, State]]

    def texts(self, state: int, inner: State, text: str) -> Iterator[tuple[str, int]]:
        is_barren = True
        if self.grammar.is_end(inner) and self.can_end(state):
            is_barren = False
            yield text, state
        row = self.automaton.rows[state]
        for char in self.grammar.characters:
            target = row.get(char)
            if target is None or target not in self.useful:
                continue
            self.automaton.budget.spend(2)
            following = self.grammar.step(inner, char)
            if following is None or (target, following) in self.barren:
                continue
            for found in self.texts(target, following, text + char):
                is_barren = False
                yield found
        if is_barren:
            self.barren.add((state, inner))


def _can_finish(automaton: Automaton, start: int, characters: str, can_end: Callable[[int], bool]) -> set[int]:
    """Return the states on paths of the given characters from `start` to a state where `can_end` holds."""
    sources: dict[int, set[int]] = {start: set()}
    todo = [start]
    while todo:
        state = todo.pop()
        row = automaton.rows[state]
        automaton.budget.spend(1 + len(characters) // 4)
        for char in characters:
            target = row.get(char)
            if target is None:
                continue
            if target not in sources:
                sources[target] = set()
                todo.append(target)
            sources[target].add(state)
    useful = {state for state in sources if can_end(state)}
    todo = list(useful)
    while todo:
        for source in sources[todo.pop()] - useful:
            useful.add(source)
            todo.append(source)
    return useful
