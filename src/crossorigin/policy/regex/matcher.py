"""Matching an origin with one look-up per character, for every expression.

The table is complete before the first request, so a request never creates a state.
"""

from __future__ import annotations

from functools import lru_cache
from sys import getsizeof
from typing import Any

from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.graph import ALPHABET
from crossorigin.policy.regex.limits import Budget, RegexTooLargeError

MAX_BYTES = 1 << 20
# Lists are a third faster than dictionaries. In a table with more cells than this, rows with few cells are
# dictionaries, because they are smaller than lists of 40 cells.
_MOST_CELLS_IN_LISTS = 20_000
_FEW_CELLS = 4
# The key of each row for whether a text may end here. All other keys are groups of characters.
_END = -1


class RegexMatcher:
    """The table of an automaton.

    A row contains the next row for each group of characters that all states treat alike, and at -1 whether a text may
    end here. Most rows are lists; in a large table, rows with few cells are dictionaries.
    """

    __slots__ = ("_groups", "_start")

    def __init__(self, start: Any, groups: bytes) -> None:
        """Create a matcher from its first row and the group of each byte."""
        self._start = start
        self._groups = groups

    def matches(self, origin: bytes) -> bool:
        """Return whether the expression matches a whole serialized origin."""
        row = self._start
        try:
            for group in origin.translate(self._groups):
                row = row[group]
        except KeyError:
            return False
        return row[_END] is True


# Validation builds the table that requests use, and several policies can share an expression.
@lru_cache(maxsize=16)
def compile_matcher(text: str) -> RegexMatcher:
    """Return the matcher of an expression that `re.compile` accepts.

    Raises:
        UnsupportedRegexError: An automaton cannot express a part of it.
        RegexTooLargeError: It needs too many states, steps or bytes.
    """
    return matcher_of(Automaton(text, Budget()))


def matcher_of(automaton: Automaton) -> RegexMatcher:
    """Return the matcher of an automaton.

    Raises:
        RegexTooLargeError: Its table is larger than a mebibyte.
    """
    rows, representative = _merge(automaton)
    columns = {
        char: tuple(representative[row[char]] if char in row else None for row in rows.values()) for char in ALPHABET
    }
    # Group 0 contains all characters outside the alphabet.
    numbers = {column: number for number, column in enumerate(dict.fromkeys(columns.values()), start=1)}
    groups = bytearray(256)
    for char, column in columns.items():
        groups[ord(char)] = numbers[column]

    nowhere: list[Any] = []
    nowhere += [*[nowhere] * (len(numbers) + 1), False]
    few = _FEW_CELLS if len(rows) * len(numbers) > _MOST_CELLS_IN_LISTS else -1
    tables: dict[int, Any] = {}
    cells: dict[int, dict[int, int]] = {}
    for index, state in enumerate(rows):
        cells[state] = {number: target for column, number in numbers.items() if (target := column[index]) is not None}
        tables[state] = {} if len(cells[state]) <= few else nowhere.copy()
    for state, table in tables.items():
        for number, target in cells[state].items():
            table[number] = tables[target]
        table[_END] = automaton.ends[state]
    if sum(map(getsizeof, tables.values())) > MAX_BYTES:
        raise RegexTooLargeError("its table is larger than 1 MB")
    return RegexMatcher(tables[representative[automaton.start]], bytes(groups))


def _merge(automaton: Automaton) -> tuple[dict[int, dict[str, int]], dict[int, int]]:
    """Return the rows without duplicates, and for each state the state that represents it.

    States are numbered in the order in which they were found, so the reverse order visits targets first: in a list of
    URLs, all equal ends become one. Equal states within loops are not merged, which costs memory but does not change
    the result.
    """
    representative: dict[int, int] = {}
    found: dict[tuple[bool, frozenset[tuple[str, int]]], int] = {}
    rows: dict[int, dict[str, int]] = {}
    for state in reversed(range(len(automaton.rows))):
        row = {char: representative.get(target, target) for char, target in automaton.rows[state].items()}
        key = (automaton.ends[state], frozenset(row.items()))
        representative[state] = found.setdefault(key, state)
        if representative[state] == state:
            rows[state] = row
    return rows, representative
