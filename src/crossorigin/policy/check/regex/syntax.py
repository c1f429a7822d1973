"""Read a regular expression into a tree over the few characters that an origin can have.

Only parsed origins are ever matched, so two parts compete only where a character of an origin fits both, and flags
but `IGNORECASE` change nothing. `cost` and `untrusted`, next to this module, say what the tree means. The parser takes
what Python's own accepts, and refuses what it cannot judge: back-references, conditional groups, comments and verbose
expressions.

https://docs.python.org/3/library/re.html#regular-expression-syntax
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-./:[]_")
# A class of more characters than this is open: it says what kind of character may stand there, not which.
CLOSED_CLASS = 6
# Each group in a group is a few calls deeper, here and where the tree is gone through.
_MOST_DEPTH = 30

_INLINE_FLAGS = re.compile(r"\?([aiLmsux]*)(?:-([imsx]+))?([:)])")
_GROUP_START = re.compile(r"\?(?::|>|P<\w+>)")
_LOOK_START = re.compile(r"\?<?[=!]")
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(?=[0-9]*,?[0-9]*\})(?!\})([0-9]*)(,?)([0-9]*)\})[?+]?")
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\}|(.))",
    re.DOTALL,
)
# In a class there are no back-references, and elsewhere they are refused before.
_OCTAL = re.compile(r"\\([0-7]{1,3})")
_UNREADABLE = re.compile(r"\\(?![1-3][0-7]{2})[1-9]|\(\?(?:P=|\(|#)")
_ROUNDS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_CATEGORIES = frozenset("dDsSwW")
_POSITIONS = frozenset("AZzbB")
_CONTROLS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Chars:
    """Hold a part that matches one character."""

    chars: frozenset[str]

    @property
    def is_open(self) -> bool:
        """Tell whether it says what kind of character may stand there, not which."""
        return len(self.chars) > CLOSED_CLASS


@dataclass(frozen=True, slots=True)
class Series:
    """Hold parts one behind the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Hold alternatives; `text` is how they are written."""

    branches: tuple[Node, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Hold a part that is repeated from `least` to `most` times, without end if `most` is None.

    `text` is how it is written.
    """

    least: int
    most: int | None
    body: Node
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """Hold a look-around, which matches no text of its own; `refuses` tells whether it says what must not stand."""

    body: Node
    refuses: bool


Node = Chars | Series | Choice | Repeat | Look

_NOTHING = Series(())


class UnreadableRegexError(ValueError):
    """Say that an expression compiles and still cannot be judged; the message is the part that is to blame."""


def looks(node: Node) -> Iterator[Look]:
    """Yield the look-arounds of an expression."""
    match node:
        case Look():
            yield node
        case Series(parts=parts) | Choice(branches=parts):
            for part in parts:
                yield from looks(part)
        case Repeat(body=body):
            yield from looks(body)
        case _:
            return


def parse_regex(text: str) -> Node:
    """Return the tree of an expression that `re.compile` takes.

    Raises:
        UnreadableRegexError: It has a back-reference, a conditional group or a comment, or is verbose.
    """
    return _Parser(text).choice()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ignore_case = False
        self._depth = 0

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def choice(self) -> Node:
        start = self._at
        branches = [self._series()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._series())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches), self._text[start : self._at])

    def _series(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            start = self._at
            atom = self._atom()
            found = self._take(_QUANTIFIER)
            if found is not None:
                least, most = _rounds(found)
                atom = Repeat(least, most, atom, self._text[start : self._at])
            parts.append(atom)
        return Series(tuple(parts))

    def _atom(self) -> Node:
        unreadable = _UNREADABLE.match(self._text, self._at)
        if unreadable is not None:
            raise UnreadableRegexError(unreadable[0])
        char = self._peek()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == "\\":
            return self._escape()
        self._at += 1
        if char in {"^", "$"}:
            return _NOTHING
        return Chars(ALPHABET) if char == "." else self._literal(char)

    def _group(self) -> Node:
        start = self._at
        self._at += 1
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise UnreadableRegexError(f"more than {_MOST_DEPTH} groups in one another")
        outside = self._ignore_case
        look = self._take(_LOOK_START)
        if look is None and self._take(_GROUP_START) is None:
            flags = self._take(_INLINE_FLAGS)
            if flags is not None:
                if "x" in flags[1]:
                    raise UnreadableRegexError(self._text[start : self._at])
                self._ignore_case = ("i" in flags[1] or outside) and "i" not in (flags[2] or "")
                if flags[3] == ")":
                    self._depth -= 1
                    return _NOTHING
        body = self.choice()
        self._at += 1
        self._depth -= 1
        self._ignore_case = outside
        return body if look is None else Look(body, refuses=look[0].endswith("!"))

    def _escape(self) -> Node:
        text = self._text[self._at + 1]
        if text in _POSITIONS:
            self._at += 2
            return _NOTHING
        chars = self._member()
        return Chars(chars) if text in _CATEGORIES else self._literal(*chars)

    def _class(self) -> Chars:
        self._at += 1
        negated = self._peek() == "^"
        self._at += negated
        chars: set[str] = set()
        first = True
        while first or self._peek() != "]":
            first = False
            chars |= self._range()
        self._at += 1
        return Chars(ALPHABET - chars if negated else frozenset(chars) & ALPHABET)

    def _range(self) -> frozenset[str]:
        low = self._member()
        if len(low) != 1:  # a category
            return low
        if self._peek() != "-" or self._text[self._at + 1] == "]":
            return self._spelled(*low, *low)
        self._at += 1
        return self._spelled(*low, *self._member())

    def _member(self) -> frozenset[str]:
        """Take one character, or an escape, as it may stand in a class."""
        octal = self._take(_OCTAL)
        if octal is not None:
            return frozenset(chr(int(octal[1], 8)))
        escape = self._take(_ESCAPE)
        if escape is None:
            self._at += 1
            return frozenset(self._text[self._at - 1])
        return _category(escape[0]) if escape[0][1] in _CATEGORIES else frozenset(_unescape(escape))

    def _literal(self, char: str) -> Chars:
        return Chars(self._spelled(char, char))

    def _spelled(self, low: str, high: str) -> frozenset[str]:
        """Return the characters from `low` to `high`, in either case if case is ignored."""
        return frozenset(
            char for char in ALPHABET if low <= char <= high or (self._ignore_case and low <= char.upper() <= high)
        )


def _rounds(quantifier: re.Match[str]) -> tuple[int, int | None]:
    sign, least, comma, most = quantifier.groups()
    if sign is not None:
        return _ROUNDS[sign]
    low = int(least or 0)
    if not comma:
        return low, low
    return low, int(most) if most else None


def _category(text: str) -> frozenset[str]:
    return frozenset(char for char in ALPHABET if re.fullmatch(text, char))


def _unescape(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for."""
    *codes, name, char = escape.groups()
    for code in codes:
        if code is not None:
            return chr(int(code, 16))
    if name is not None:
        return unicodedata.lookup(name)
    return _CONTROLS.get(char, char)
