r"""The graph of a regular expression: what Python's own parser read, as states and edges.

This is Thompson's construction ("Regular expression search algorithm", 1968). Each part of an expression becomes a
piece of graph with one entry and one exit, and the pieces are put together by empty edges, which read nothing:

    ab      -> a -> b ->            the exit of one piece leads to the entry of the next
    a|b     -> both pieces begin at one entry and end at one exit
    a*      -> a loop, with a way around it

A text matches where a path from the first state to the last one reads it. An empty edge may have a condition, which
says what must surround the place in the text where it is taken (`^`, `\b`, a look-around).
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.regex.limits import Budget, RegexTooLargeError, UnsupportedRegexError

# Every character that a serialized origin can have. The expression itself may contain any other.
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-._:/[]+"
MAX_STATES = 12_000
# Each group in a group is a few calls deeper.
MAX_DEPTH = 60
_TOO_DEEP = f"it has more than {MAX_DEPTH} groups in one another"
_NOTHING: frozenset[str] = frozenset()

# Both are private, but they are the only reader that never disagrees with `re`: what a flag, a class or a category
# means is asked here, never repeated.
_PARSER: Any = import_module("re._parser")
_COMPILER: Any = import_module("re._compiler")

_UNSUPPORTED = {
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a conditional group",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive quantifier",
}


class Edge(NamedTuple):
    """An edge that reads one of `chars`; `written` are those of them that the expression spells out."""

    chars: frozenset[str]
    target: int
    written: frozenset[str]


class Anchor(NamedTuple):
    r"""A condition on the two neighbors of a place in the text: `^`, `$`, `\b` and the like, by the parser's name."""

    name: str


class LookAround(NamedTuple):
    """A condition on the text ahead of or behind a place: its part of the graph, from `first` to `last`."""

    first: int
    last: int
    is_ahead: bool
    is_negative: bool


Condition = Anchor | LookAround


class Graph:
    """The states of an expression, each with one edge that reads at most, and any number of empty edges."""

    def __init__(self, text: str, budget: Budget) -> None:
        """Read an expression that `re.compile` takes.

        Raises:
            UnsupportedRegexError: A part of it cannot be expressed by an automaton.
            RegexTooLargeError: It has too many states.
        """
        self.edges: list[Edge | None] = []
        self.empty: list[list[tuple[Condition | None, int]]] = []
        self.looks_behind: list[LookAround] = []
        self._budget = budget
        self._depth = 0
        try:
            tree = _PARSER.parse(text)
        except RecursionError:
            # `re.compile` may have read it with fewer calls around it.
            raise RegexTooLargeError(_TOO_DEEP) from None
        self.first = self._state()
        self.last = self._series(tree, tree.state.flags, self.first)

    def _state(self) -> int:
        if len(self.edges) >= MAX_STATES:
            raise RegexTooLargeError(f"it repeats or lists more than {MAX_STATES} parts")
        self._budget.spend(1)
        self.edges.append(None)
        self.empty.append([])
        return len(self.edges) - 1

    def _link(self, source: int, target: int, condition: Condition | None = None) -> int:
        self.empty[source].append((condition, target))
        return target

    def _series(self, items: Any, flags: int, entry: int) -> int:
        """Add the pieces of a sequence behind `entry`; return the exit of the last one."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise RegexTooLargeError(_TOO_DEEP)
        for item in items:
            entry = self._item(item, flags, self._link(entry, self._state()))
        self._depth -= 1
        return entry

    def _item(self, item: Any, flags: int, entry: int) -> int:  # noqa: PLR0911  # one for each kind of item
        name, value = str(item[0]), item[1]
        match name:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self._characters(item, flags, entry)
            case "SUBPATTERN":
                _, added, removed, body = value
                if added & (re.ASCII | re.UNICODE):
                    # `(?a:` takes the flag `u` away. The compiler does that; the parsed tree does not show it.
                    flags &= ~(re.ASCII | re.UNICODE)
                return self._series(body, (flags | added) & ~removed, entry)
            case "BRANCH":
                end = self._state()
                for body in value[1]:
                    self._link(self._series(body, flags, self._link(entry, self._state())), end)
                return end
            case "MAX_REPEAT" | "MIN_REPEAT":
                # How many rounds are tried first changes which match is found, not whether there is one.
                return self._repeat(value, flags, entry)
            case "AT":
                return self._link(entry, self._state(), Anchor(str(value).removeprefix("AT_")))
            case "ASSERT" | "ASSERT_NOT":
                return self._look_around(value, flags, entry, is_negative=name == "ASSERT_NOT")
            case "FAILURE":  # `(?!)`: no edge leads to what follows
                return self._state()
            case _:
                raise UnsupportedRegexError(_UNSUPPORTED.get(name, name.lower()))

    def _characters(self, item: Any, flags: int, entry: int) -> int:
        name, value = str(item[0]), item[1]
        chars = characters_of(_frozen(item), flags)
        if name == "ANY":
            # A bare dot counts as writing a dot: its author meant one.
            written = frozenset(".")
        elif name == "LITERAL" or (name == "IN" and all(str(kind) == "LITERAL" for kind, _ in value)):
            # The parser turns `(?:0|1|2)` into a class, so a class that lists single characters spells them out.
            written = chars
        else:
            written = _NOTHING
        target = self._state()
        self.edges[entry] = Edge(chars, target, written)
        return target

    def _look_around(self, value: Any, flags: int, entry: int, *, is_negative: bool) -> int:
        direction, body = value
        around = len(self.edges)
        first = self._state()
        last = self._series(body, flags, first)
        look = LookAround(first, last, direction > 0, is_negative)
        if not look.is_ahead:
            conditions = [condition for links in self.empty[around:] for condition, _ in links]
            if any(isinstance(condition, LookAround) for condition in conditions):
                raise UnsupportedRegexError("a look-around inside a look-behind")
            self.looks_behind.append(look)
        return self._link(entry, self._state(), look)

    def _repeat(self, value: Any, flags: int, entry: int) -> int:
        least, most, body = value
        # No text is longer than MAX_ORIGIN. Of more rounds some are empty, and those can be left out or doubled.
        least = min(least, MAX_ORIGIN + 1)
        for _ in range(least):
            entry = self._series(body, flags, self._link(entry, self._state()))
        if most is _PARSER.MAXREPEAT or most > MAX_ORIGIN:
            loop = self._link(entry, self._state())
            self._link(self._series(body, flags, self._link(loop, self._state())), loop)
            return self._link(loop, self._state())
        end = self._link(entry, self._state())
        for _ in range(most - least):
            entry = self._series(body, flags, self._link(entry, self._state()))
            self._link(entry, end)
        return end


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if type(value) in {list, tuple} else value


def characters_of(item: Any, flags: int) -> frozenset[str]:
    """Return the characters of the alphabet that one parsed item matches, as `re` itself says."""
    name, value = str(item[0]), item[1]
    if name == "LITERAL" and not flags & re.IGNORECASE:
        return frozenset(chr(value)) & _ALL
    return _asked(item, flags & ~re.VERBOSE)


_ALL = frozenset(ALPHABET)


@lru_cache(maxsize=256)
def _asked(item: Any, flags: int) -> frozenset[str]:
    # The compiler takes a parsed item as it is.
    pattern = _PARSER.SubPattern(_PARSER.State(), [item])
    pattern.state.flags = flags
    matches = _COMPILER.compile(pattern, flags).fullmatch
    return frozenset(char for char in ALPHABET if matches(char))
