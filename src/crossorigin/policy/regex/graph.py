r"""The graph of a regular expression: the result of Python's parser as states and edges.

This is Thompson's construction ("Regular expression search algorithm", 1968). Each part of an expression becomes a
piece of graph with one entry and one exit, and the pieces are connected by empty edges, which read no character:

    ab      -> a -> b ->            the exit of one piece leads to the entry of the next
    a|b     -> both pieces begin at one entry and end at one exit
    a*      -> a loop, with a path around it

A text matches if a path from the first state to the last one reads it. An empty edge may have a condition on the
surrounding text (`^`, `\b`, a look-around).
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
# Each nested group adds a few calls to the stack.
MAX_DEPTH = 60
_TOO_DEEP = f"it has more than {MAX_DEPTH} groups in one another"
_NOTHING: frozenset[str] = frozenset()

# Both modules are private, but no other parser always agrees with `re`. They decide what a flag, a class or a category
# means, so that this is not reimplemented here.
_PARSER: Any = import_module("re._parser")
_COMPILER: Any = import_module("re._compiler")

_UNSUPPORTED = {
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a conditional group",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive quantifier",
}


class Edge(NamedTuple):
    """An edge that reads one of `chars`. `written` contains the ones that the expression spells out."""

    chars: frozenset[str]
    target: int
    written: frozenset[str]


class Anchor(NamedTuple):
    r"""A condition on the two neighbors of a position in the text, such as `^`, `$` or `\b`, by the parser's name."""

    name: str


class LookAround(NamedTuple):
    """A condition on the text after or before a position: a part of the graph, from `first` to `last`."""

    first: int
    last: int
    is_ahead: bool
    is_negative: bool


Condition = Anchor | LookAround


class Graph:
    """The states of an expression, each with at most one edge that reads a character, and any number of empty edges."""

    def __init__(self, text: str, budget: Budget) -> None:
        """Parse an expression that `re.compile` accepts.

        Raises:
            UnsupportedRegexError: An automaton cannot express a part of it.
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
            # `re.compile` may have parsed it with fewer calls on the stack.
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
        """Add the pieces of a sequence after `entry`, and return the exit of the last one.

        Nothing leads out of an exit, so the next piece can use it as its entry.
        """
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise RegexTooLargeError(_TOO_DEEP)
        for item in items:
            entry = self._item(item, flags, entry)
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
                    # `(?a:` removes the flag `u`. The compiler does that, but the parsed tree does not show it.
                    flags &= ~(re.ASCII | re.UNICODE)
                return self._series(body, (flags | added) & ~removed, entry)
            case "BRANCH":
                end = self._state()
                for body in value[1]:
                    self._link(self._series(body, flags, self._link(entry, self._state())), end)
                return end
            case "MAX_REPEAT" | "MIN_REPEAT":
                # Greediness changes which match is found first, not whether there is one.
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
            # A bare dot counts as a written dot, because its author probably meant one.
            written = frozenset(".")
        elif name == "LITERAL" or (name == "IN" and all(str(kind) == "LITERAL" for kind, _ in value)):
            # The parser turns `(?:0|1|2)` into a class, so a class of single characters counts as spelling them out.
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
        # No text is longer than MAX_ORIGIN. With more repetitions, some are empty and can be omitted or repeated.
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
    """Return the characters of the alphabet that one parsed item matches, according to `re`."""
    name, value = str(item[0]), item[1]
    if name == "LITERAL" and not flags & re.IGNORECASE:
        return frozenset(chr(value)) & _ALL
    return _asked(item, flags & ~re.VERBOSE)


_ALL = frozenset(ALPHABET)


@lru_cache(maxsize=256)
def _asked(item: Any, flags: int) -> frozenset[str]:
    # The compiler accepts a parsed item unchanged.
    pattern = _PARSER.SubPattern(_PARSER.State(), [item])
    pattern.state.flags = flags
    matches = _COMPILER.compile(pattern, flags).fullmatch
    return frozenset(char for char in ALPHABET if matches(char))
