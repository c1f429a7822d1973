"""Say what in a regular expression can be catastrophic.

Python's matcher tries one way through a text after another, and an expression with too many ways takes hours to say
no. The expression becomes an automaton whose states are its characters; it is refused where

- a repeated part can be gone through in two ways on one text, so that every round doubles the ways, or
- parts that compete for the same characters, with nothing between that separates them, multiply to more ways than
  two endless ones have.

After Weber and Seidl, "On the degree of ambiguity of finite automata" (1991): the first is their criterion for
exponential ambiguity, the second follows their chains for the degree of a polynomial one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import prod

from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.check.regex.syntax import Chars, Choice, Look, Node, Repeat, Series, UnreadableRegexError

# A repetition of more rounds than this counts as endless.
FEW_ROUNDS = 8
# One endless part goes through the longest origin in so many ways; two that compete, in the square of it.
ENDLESS = MAX_ORIGIN
# The square of what two endless parts make of the longest origin, a few times: half a millisecond each.
MOST_WAYS = 4 * ENDLESS
# What can be empty is tried so in every round too: measured, a round of it takes up to eight times as long.
_EMPTY_ROUNDS = 8
# Judging an expression is bounded too. An alternation of two hundred hosts, repeated, takes a tenth of it.
_MOST_WORK = 400_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold the parts of an expression that are to blame, as they are written, and what they do."""

    parts: tuple[str, ...]
    doubles: bool


def find_cost(tree: Node) -> Cost | None:
    """Return what can be catastrophic in an expression, or None if it answers every origin within bounds.

    Raises:
        UnreadableRegexError: It is too large to tell in a fraction of a second.
    """
    repeats = _Automaton(level=0)
    repeats.build(tree)
    state = repeats.doubling_state()
    if state is not None:
        return Cost((repeats.loop_around(state).text,), doubles=True)
    ways, parts = repeats.ways()
    for level in range(1, _height(tree) + 1):
        choices = _Automaton(level=level)
        choices.build(tree)
        more, others = choices.ways()
        ways *= more
        parts += others
    return Cost(tuple(dict.fromkeys(parts)), doubles=False) if ways > MOST_WAYS else None


def _height(node: Node) -> int:
    """Return how many choices there are in one another: alternatives, and parts that may be left out."""
    match node:
        case Chars():
            return 0
        case Series(parts=parts):
            return max(map(_height, parts), default=0)
        case Choice(branches=branches):
            return 1 + max(map(_height, branches))
        case Look(body=body):
            return _height(body)
        case _:
            return _height(node.body) + (node.least != node.most)


@dataclass(frozen=True, slots=True)
class _Loop:
    """A part that competes.

    Its states, how often it repeats, its ways through one text alone, how it is written, and how much longer than
    others it takes for a round.
    """

    states: range
    rounds: int
    alone: int
    text: str
    slow: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part that was built: whether it can be empty, and the states it can begin and end with."""

    nullable: bool
    first: tuple[int, ...]
    last: tuple[int, ...]


_EMPTY = _Piece(nullable=True, first=(), last=())


class _Automaton:
    """The states of an expression: state `i` has just matched one of `chars[i]`.

    `follow` lists the states that can come next, one entry for each way to get there. On level 0 what repeats is a
    loop. On each level above it the choices of that height are, and nothing else is: parts that may be left out, and
    alternatives that match one text, compete like parts that repeat, only for fewer rounds.
    """

    def __init__(self, *, level: int) -> None:
        self._level = level
        self.chars: list[frozenset[str]] = []
        self.follow: list[list[int]] = []
        self.loops: list[_Loop] = []
        self._work = 0
        self._after: list[int] = []

    def build(self, node: Node) -> _Piece:
        match node:
            case Chars(chars=chars):
                self._spend(1)
                self.chars.append(chars)
                self.follow.append([])
                state = (len(self.chars) - 1,)
                return _Piece(nullable=False, first=state, last=state)
            case Series(parts=parts):
                whole = _EMPTY
                for part in parts:
                    whole = self._join(whole, self.build(part))
                return whole
            case Choice():
                return self._choose(node)
            case Look(body=body):
                # It is gone through and then gone back over: as if it stood there and could be left out.
                piece = self.build(body)
                return _Piece(nullable=True, first=piece.first, last=piece.last)
            case _:
                return self._repeat(node)

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > _MOST_WORK:
            raise UnreadableRegexError("its size")

    def _join(self, left: _Piece, right: _Piece) -> _Piece:
        self._spend(len(left.last) * len(right.first))
        for state in left.last:
            self.follow[state].extend(right.first)
        return _Piece(
            nullable=left.nullable and right.nullable,
            first=left.first + right.first if left.nullable else left.first,
            last=right.last + left.last if right.nullable else right.last,
        )

    def _choose(self, node: Choice) -> _Piece:
        start = len(self.chars)
        pieces = [self.build(branch) for branch in node.branches]
        whole = _Piece(
            nullable=any(piece.nullable for piece in pieces),
            first=tuple(state for piece in pieces for state in piece.first),
            last=tuple(state for piece in pieces for state in piece.last),
        )
        rivals = self._rivals(pieces) if self._level == _height(node) else None
        if rivals:
            self._loop(whole, start, len(rivals), len(rivals), node.text)
        return whole

    def _rivals(self, pieces: list[_Piece]) -> set[int]:
        """Return which of several alternatives match a text that is, or begins, what another one matches."""
        branch = {state: index for index, piece in enumerate(pieces) for state in piece.first}
        ends = {state for piece in pieces for state in piece.last}
        rivals: set[int] = set()
        seen = {(x, y, branch[x], branch[y]) for x, y in self._pairs(branch, branch) if branch[x] < branch[y]}
        todo = list(seen)
        while todo:
            x, y, one, other = todo.pop()
            if x in ends or y in ends:
                rivals |= {one, other}
                continue
            steps = {(a, b, one, other) for a, b in self._pairs(self.follow[x], self.follow[y])} - seen
            seen |= steps
            todo.extend(steps)
        return rivals

    def _loop(self, piece: _Piece, start: int, rounds: int, alone: int, text: str, *, slow: int = 1) -> None:
        self._spend(len(piece.last) * len(piece.first))
        for state in piece.last:
            self.follow[state].extend(piece.first)
        self.loops.append(_Loop(range(start, len(self.chars)), rounds, alone, text, slow))

    def _repeat(self, node: Repeat) -> _Piece:
        start = len(self.chars)
        rounds = ENDLESS if node.most is None or node.most > FEW_ROUNDS else node.most
        if 1 < rounds < ENDLESS and not isinstance(node.body, Chars) and _is_finite(node.body):
            # Written out: a few rounds do not double without end, they multiply.
            whole = _EMPTY
            for index in range(rounds):
                whole = self._join(whole, self._repeat(Repeat(int(index < node.least), 1, node.body, node.text)))
            return whole
        piece = self.build(node.body)
        if rounds > 1 and self._level == 0:
            self._loop(piece, start, rounds, 1, node.text, slow=_EMPTY_ROUNDS if piece.nullable else 1)
            if piece.nullable and node.least > 1:
                # Python goes through the rounds that must be, empty or not: any of them may be the empty one.
                self._loop(piece, start, rounds, 1, node.text)
        if rounds == 1 and node.least == 0 and self._level == _height(node):
            self._loop(piece, start, 2, 1, node.text)
        return _Piece(nullable=piece.nullable or node.least == 0, first=piece.first, last=piece.last)

    def loop_around(self, state: int) -> _Loop:
        """Return the outermost repeated part that a state stands in."""
        around = [loop for loop in reversed(self.loops) if state in loop.states]
        return max(around, key=lambda loop: len(loop.states))

    def _pairs(self, left: Iterable[int], right: Iterable[int]) -> set[tuple[int, int]]:
        """Return the pairs of states that can match one character."""
        by_char: dict[str, list[int]] = {}
        for y in right:
            for char in self.chars[y]:
                by_char.setdefault(char, []).append(y)
        pairs = {(x, y) for x in left for char in self.chars[x] for y in by_char.get(char, ())}
        self._spend(1 + len(pairs))
        return pairs

    def _groups(self) -> dict[int, frozenset[int]]:
        """Return the groups of states that can come after themselves, by what can come after them.

        That is a number whose bits are states. A group stands behind those that it can come after.
        """
        reach = [0] * len(self.chars)
        changed = True
        while changed:
            changed = False
            for state in reversed(range(len(reach))):
                now = reach[state]
                for other in self.follow[state]:
                    now |= 1 << other | reach[other]
                changed |= now != reach[state]
                reach[state] = now
        groups: dict[int, set[int]] = {}
        for state, after in enumerate(reach):
            if after >> state & 1:
                groups.setdefault(after, set()).add(state)
        self._after = reach
        return {
            after: frozenset(groups[after]) for after in sorted(groups, key=lambda a: (-a.bit_count(), min(groups[a])))
        }

    def doubling_state(self) -> int | None:
        """Return a state that can be left and reached again in two ways on one text."""
        found = (self._doubling(group) for group in self._groups().values())
        return next((state for state in found if state is not None), None)

    def _doubling(self, group: frozenset[int]) -> int | None:
        # Two ways through one text, step by step, that part and meet again.
        inside = {state: [other for other in self.follow[state] if other in group] for state in group}
        twice = [state for state in group if len(set(inside[state])) < len(inside[state])]
        if twice:
            return min(twice)
        before: dict[tuple[int, int], list[tuple[int, int]]] = {}
        together = {(state, state) for state in group}
        todo = list(together)
        seen = set(together)
        while todo:
            left, right = todo.pop()
            for step in self._pairs(inside[left], inside[right]):
                before.setdefault(step, []).append((left, right))
                if step not in seen:
                    seen.add(step)
                    todo.append(step)
        parted = (step[0] for pair in sorted(together) for step in before.get(pair, ()) if step not in together)
        return next(parted, None)

    def ways(self) -> tuple[int, list[str]]:
        """Return how many ways competing parts multiply to, at the most, and how those parts are written."""
        groups = list(self._groups().values())
        none: list[str] = []
        # With the most rounds of a part that competes: the others are what a text can be split by.
        best: list[tuple[int, list[str], int]] = []
        every: list[tuple[int, list[str], int]] = []
        for group in groups:
            rounds, alone, slow = self._rounds(group)
            text = [self.loop_around(min(group)).text]
            chains = [(alone * slow, text if alone > 1 else [], rounds)]
            for earlier, (ways, parts, largest) in zip(groups, best, strict=False):
                if not self._comes_after(min(group), min(earlier)):
                    continue
                if self._compete(earlier, group):
                    both = [self.loop_around(min(earlier)).text, *text]
                    chains.append((ways * min(largest, rounds) * slow, parts + both, max(largest, rounds)))
                else:
                    chains.append((ways * alone * slow, parts + text if alone > 1 else parts, rounds))
            best.append(max(chains, key=_product))
            every += chains
        ways, parts, _ = max(every, key=_ways, default=(1, none, 1))
        return ways, parts

    def _comes_after(self, later: int, earlier: int) -> bool:
        return bool(self._after[earlier] >> later & 1)

    def _rounds(self, group: frozenset[int]) -> tuple[int, int, int]:
        """Return how often a group can be gone through, in how many ways it matches one text alone, and how slowly."""
        inside = [loop for loop in self.loops if group.issuperset(loop.states)]
        slow = max((loop.slow for loop in inside), default=1)
        return min(ENDLESS, prod(loop.rounds for loop in inside)), prod(loop.alone for loop in inside), slow

    def _compete(self, one: frozenset[int], other: frozenset[int]) -> bool:
        """Tell whether some text is matched by `one`, by `other`, and on the way from the one to the other."""
        shared = frozenset[str]().union(*(self.chars[p] for p in one)) & frozenset[str]().union(
            *(self.chars[q] for q in other)
        )
        between = set(one)
        todo = list(one)
        while todo:
            steps = {state for state in self.follow[todo.pop()] if self.chars[state] & shared} - between
            between |= steps
            todo.extend(steps)
            self._spend(1 + len(steps))
        return any(self._share(p, q, one, other & between) for p, q in product(one, other & between))

    def _share(self, p: int, q: int, one: frozenset[int], other: frozenset[int]) -> bool:
        start = (p, p, q)
        seen = {start}
        todo = [start]
        while todo:
            x, y, z = todo.pop()
            left = [state for state in self.follow[x] if state in one]
            between = [state for state in self.follow[y] if state == q or self._comes_after(q, state)]
            right = [state for state in self.follow[z] if state in other]
            for a, c in self._pairs(left, right):
                both = self.chars[a] & self.chars[c]
                for b in between:
                    if both & self.chars[b]:
                        if (a, b, c) == (p, q, q):
                            return True
                        if (a, b, c) not in seen:
                            seen.add((a, b, c))
                            todo.append((a, b, c))
            self._spend(1 + len(left) + len(right))
        return False


def _ways(chain: tuple[int, list[str], int]) -> int:
    return chain[0]


def _product(chain: tuple[int, list[str], int]) -> int:
    # What the chain multiplies to, behind a part of more rounds than any in it.
    return chain[0] * chain[2]


def _is_finite(node: Node) -> bool:
    match node:
        case Series(parts=parts) | Choice(branches=parts):
            return all(map(_is_finite, parts))
        case Repeat(most=most, body=body):
            return most is not None and most <= FEW_ROUNDS and _is_finite(body)
        case _:
            # A character; or a look-around, which is gone through once for each time it stands there.
            return True
