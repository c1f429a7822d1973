"""Random regular expressions over the whole syntax that is supported, and random texts for them."""

from __future__ import annotations

import re
import warnings
from random import Random

from crossorigin.policy.regex.automaton import Automaton

# Case folding without ASCII: the long s and the Kelvin sign match s and k, the two Turkish i match i.
_LETTERS = [*"abik1-.:/_+", "[", "]", "A", "K", "S", "\u017f", "\u212a", "\u0130", "\u0131", "é", "ß", " ", "#"]
_CLASSES = [
    ".",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    "[ab]",
    "[^a]",
    "[a-k]",
    "[^a-j1]",
    "[A-K]",
    r"[\w.]",
    r"[^\W_]",
    r"[\d-]",
    "[]a]",
    "[^]b]",
    "[\u017fx]",
    "[é-\u212a]",
    r"[+-\.]",
    r"\x61",
    r"\141",
    r"\u212a",
    r"\N{LATIN SMALL LETTER B}",
    r"[\b]",
]
_ANCHORS = ["^", "$", r"\A", r"\Z", r"\b", r"\B"]
_COUNTS = ["*", "+", "?", "{2}", "{0}", "{1,2}", "{,2}", "{2,}", "{0,3}", "*?", "+?", "??", "{1,2}?", "{", "{,"]
_GROUPS = [
    "(?:{})",
    "({})",
    "(?i:{})",
    "(?a:{})",
    "(?s-i:{})",
    "(?u:{})",
    "(?m:{})",
    "(?ai:{})",
    "(?-i:{})",
    "(?i-s:{})",
]
_FLAGS = ["", "", "", "", "", "(?i)", "(?a)", "(?s)", "(?m)", "(?ai)", "(?x)", "(?ix)"]


def random_regex(random: Random) -> re.Pattern[str]:
    """Return an expression that Python compiles without a warning."""
    while True:
        text = random.choice(_FLAGS) + _alternatives(random, depth=3)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                return re.compile(text)
            except (re.error, FutureWarning):
                continue


def random_texts(random: Random, automaton: Automaton, count: int, longest: int = 12) -> list[str]:
    """Return short texts: some that the automaton accepts, some of those with one change, and some random ones.

    The first group shows what only the automaton accepts, and the others show what only `re` accepts.
    """
    texts = [random_walk(random, automaton, longest) for _ in range(count // 2)]
    found = [text for text in texts if text is not None]
    while len(found) < count:
        if found and random.random() < 0.5:
            text = random.choice(found)
            place = random.randint(0, len(text))
            found.append(text[:place] + random.choice(["", *"ab1k.-"]) + text[place + random.randint(0, 1) :])
        else:
            found.append("".join(random.choices("aabbiks1-.:/_", k=random.randint(0, 7))))
    return found


def random_walk(random: Random, automaton: Automaton, longest: int) -> str | None:
    """Return a text that an automaton accepts; None if none was found that is short enough."""
    state, text = automaton.start, ""
    while len(text) <= longest:
        row = automaton.rows[state]
        if automaton.ends[state] and (not row or random.random() < 0.3):
            return text
        if not row:
            return None
        char = random.choice([*row])
        state, text = row[char], text + char
    return None


def _alternatives(random: Random, depth: int) -> str:
    return "|".join(_series(random, depth) for _ in range(random.choice([1, 1, 1, 2, 3])))


def _series(random: Random, depth: int) -> str:
    return "".join(_part(random, depth) for _ in range(random.choice([0, 1, 2, 2, 3, 3, 4])))


def _part(random: Random, depth: int) -> str:
    kind = random.random()
    if kind < 0.1:
        return random.choice(_ANCHORS)
    if kind < 0.16 and depth:
        return random.choice(["(?={})", "(?!{})"]).format(_alternatives(random, depth - 1))
    if kind < 0.2:
        return random.choice(["(?<={})", "(?<!{})"]).format(_fixed(random))
    if kind < 0.22:
        return "(?#a comment)"
    part = (
        random.choice(_GROUPS).format(_alternatives(random, depth - 1)) if kind < 0.45 and depth else _character(random)
    )
    return part + random.choice(_COUNTS) if random.random() < 0.4 else part


def _fixed(random: Random) -> str:
    """Return an expression whose matches all have the same length, as a look-behind requires."""
    length = random.choice([0, 1, 1, 2, 3])
    branches = (
        "".join(random.choice(["", "", "", "^", r"\b", r"\B", "$"]) + _character(random) for _ in range(length))
        for _ in range(random.choice([1, 1, 2]))
    )
    return "|".join(branches)


def _character(random: Random) -> str:
    if random.random() < 0.6:
        letter = random.choice(_LETTERS)
        return letter if letter not in ".+[]# " or random.random() < 0.1 else re.escape(letter)
    return random.choice(_CLASSES)
