"""Say what in a regular expression can be catastrophic.

Python's matcher tries one way through a text after another, and an expression with too many ways takes hours to say
no. The expression becomes an automaton whose states are its characters; it is refused where

- a repeated part can be gone through in two ways on one text, so that every round doubles the ways, or
- parts that compete for the same characters, with nothing between that separates them, multiply to more ways than
  two endless ones have.

After Weber and Seidl, "On the degree of ambiguity of finite automata" (1991): the first is their criterion for
exponential ambiguity, the second follows their chains for the degree of a polynomial one.
"""

from dataclasses import dataclass
from itertools import product
from math import prod

from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.regex import Chars, Choice, Look, Node, Repeat, Series

# A repetition of more rounds than this counts as endless.
FEW_ROUNDS = 8
# One endless part goes through the longest origin in so many ways; two that compete, in the square of it.
ENDLESS = MAX_ORIGIN


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold the parts of an expression that are to blame, as they are written, and what they do."""

    parts: tuple[str, ...]
    doubles: bool


def find_cost(tree: Node) -> Cost | None:
    """Return what can be catastrophic in an expression, or None if it answers every origin within bounds."""
    exact = _Automaton()
    exact.build(tree)
    state = exact.doubling_state()
    if state is not None:
        return Cost((exact.loop_around(state).text,), doubles=True)
    loose = _Automaton(every_choice_loops=True)
    loose.build(tree)
    ways, groups = loose.ways()
    if ways <= ENDLESS:
        return None
    return Cost(tuple(loose.loop_around(min(group)).text for group in dict.fromkeys(groups)), doubles=False)


@dataclass(frozen=True, slots=True)
class _Loop:
    """A repeated part: its states, how often it can be repeated, and how it is written."""

    states: range
    rounds: int
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part that was built: whether it can be empty, and the states it can begin and end with."""

    nullable: bool
    first: tuple[int, ...]
    last: tuple[int, ...]


_EMPTY = _Piece(nullable=True, first=(), last=())


class _Automaton:
    """The states of an expression: state `i` has just matched one of `chars[i]`.

    `follow` lists the states that can come next, one entry for each way to get there. With `every_choice_loops`
    parts that may be there or not are loops too: they compete like those that repeat, only for fewer rounds.
    """

    def __init__(self, *, every_choice_loops: bool = False) -> None:
        self.every_choice_loops = every_choice_loops
        self.chars: list[frozenset[str]] = []
        self.follow: list[list[int]] = []
        self.loops: list[_Loop] = []

    def build(self, node: Node) -> _Piece:
        match node:
            case Chars(chars=chars):
                self.chars.append(chars)
                self.follow.append([])
                state = (len(self.chars) - 1,)
                return _Piece(nullable=False, first=state, last=state)
            case Series(parts=parts):
                whole = _EMPTY
                for part in parts:
                    whole = self._join(whole, self.build(part))
                return whole
            case Choice(branches=branches):
                pieces = [self.build(branch) for branch in branches]
                return _Piece(
                    nullable=any(piece.nullable for piece in pieces),
                    first=tuple(state for piece in pieces for state in piece.first),
                    last=tuple(state for piece in pieces for state in piece.last),
                )
            case Look(body=body):
                # It is gone through and then gone back over: as if it stood there and could be left out.
                piece = self.build(body)
                return _Piece(nullable=True, first=piece.first, last=piece.last)
            case Repeat():
                return self._repeat(node)

    def _join(self, left: _Piece, right: _Piece) -> _Piece:
        for state in left.last:
            self.follow[state].extend(right.first)
        return _Piece(
            nullable=left.nullable and right.nullable,
            first=left.first + right.first if left.nullable else left.first,
            last=right.last + left.last if right.nullable else right.last,
        )

    def _repeat(self, node: Repeat) -> _Piece:
        start = len(self.chars)
        piece = self.build(node.body)
        rounds = ENDLESS if node.most is None or node.most > FEW_ROUNDS else node.most
        if rounds > 1 or (self.every_choice_loops and node.least != node.most):
            for state in piece.last:
                self.follow[state].extend(piece.first)
            self.loops.append(_Loop(range(start, len(self.chars)), max(rounds, 2), node.text))
        return _Piece(nullable=piece.nullable or node.least == 0, first=piece.first, last=piece.last)

    def loop_around(self, state: int) -> _Loop:
        """Return the outermost repeated part that a state stands in."""
        return max((loop for loop in self.loops if state in loop.states), key=lambda loop: len(loop.states))

    def _reach(self) -> list[frozenset[int]]:
        """Return, for each state, the states that can come after it."""
        return [self._reach_from(state) for state in range(len(self.chars))]

    def _reach_from(self, start: int) -> frozenset[int]:
        seen: set[int] = set()
        todo = list(self.follow[start])
        while todo:
            state = todo.pop()
            if state not in seen:
                seen.add(state)
                todo.extend(self.follow[state])
        return frozenset(seen)

    def doubling_state(self) -> int | None:
        """Return a state that can be left and reached again in two ways on one text."""
        reach = self._reach()
        looping = [state for state in range(len(self.chars)) if state in reach[state]]
        return next((state for state in looping if self._doubles(state, reach)), None)

    def _doubles(self, start: int, reach: list[frozenset[int]]) -> bool:
        # Two ways through one text, step by step, and whether they have parted yet.
        seen = {(start, start, False)}
        todo = [(start, start, False)]
        while todo:
            left, right, parted = todo.pop()
            ways = product(enumerate(self.follow[left]), enumerate(self.follow[right]))
            for (one, x), (other, y) in ways:
                if start not in reach[x] or start not in reach[y] or not self.chars[x] & self.chars[y]:
                    continue
                step = (x, y, parted or x != y or (left == right and one != other))
                if step == (start, start, True):
                    return True
                if step not in seen:
                    seen.add(step)
                    todo.append(step)
        return False

    def ways(self) -> tuple[int, list[frozenset[int]]]:
        """Return how many ways competing parts multiply to, at the most, and the groups of states of those parts."""
        reach = self._reach()
        looping = [state for state in range(len(self.chars)) if state in reach[state]]
        groups = sorted(
            {frozenset(other for other in reach[state] if state in reach[other]) for state in looping},
            key=lambda group: (-len(reach[min(group)]), min(group)),
        )
        none: list[frozenset[int]] = []
        best: list[tuple[int, list[frozenset[int]]]] = []
        for group in groups:
            most = (1, none)
            for index, earlier in enumerate(groups[: len(best)]):
                if min(group) not in reach[min(earlier)]:
                    continue
                ways, chain = best[index]
                if self._compete(earlier, group, reach):
                    ways *= min(self._rounds(earlier), self._rounds(group))
                    chain = [*chain, earlier, group]
                most = max(most, (ways, chain), key=lambda found: found[0])
            best.append(most)
        return max(best, key=lambda found: found[0], default=(1, none))

    def _rounds(self, group: frozenset[int]) -> int:
        return min(ENDLESS, prod(loop.rounds for loop in self.loops if group.issuperset(loop.states)))

    def _compete(self, one: frozenset[int], other: frozenset[int], reach: list[frozenset[int]]) -> bool:
        """Tell whether some text is matched by `one`, by `other`, and on the way from the one to the other."""
        return any(q in reach[p] and self._share(p, q, one, other, reach) for p, q in product(one, other))

    def _share(self, p: int, q: int, one: frozenset[int], other: frozenset[int], reach: list[frozenset[int]]) -> bool:
        seen = {(p, p, q)}
        todo = [(p, p, q)]
        while todo:
            x, y, z = todo.pop()
            for a, b, c in product(self.follow[x], self.follow[y], self.follow[z]):
                if a not in one or c not in other or (b != q and q not in reach[b]):
                    continue
                if not self.chars[a] & self.chars[b] & self.chars[c]:
                    continue
                if (a, b, c) == (p, q, q):
                    return True
                if (a, b, c) not in seen:
                    seen.add((a, b, c))
                    todo.append((a, b, c))
        return False
