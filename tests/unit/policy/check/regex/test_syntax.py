"""The parser reads what Python's own reads, and nothing else."""

import re

import pytest

from crossorigin.fetch.origin import parse_origin
from crossorigin.policy.check.regex.syntax import (
    ALPHABET,
    Chars,
    Choice,
    Look,
    Repeat,
    Series,
    UnreadableRegexError,
    looks,
    parse_regex,
)
from tests.properties.backtracking import Matcher
from tests.unit.policy.check.regex.regexes import NOT_JUDGED

# Each matches exactly one character of the alphabet, or a few.
CHARACTERS = [
    r".",
    r"a",
    r"A",
    r"\a",
    r"\.",
    r"\-",
    r"\/",
    r"\x61",
    r"\u0061",
    r"\U00000061",
    r"\N{LATIN SMALL LETTER A}",
    r"\141",
    r"\0",
    r"\055",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\f",
    r"\n",
    r"\r",
    r"\t",
    r"\v",
    r"[a]",
    r"[^a]",
    r"[]a]",
    r"[^]a]",
    r"[a\]]",
    r"[a-c]",
    r"[-a]",
    r"[a-]",
    r"[a.-]",
    r"[+-.]",
    r"[\w-]",
    r"[^\d]",
    r"[\d\-]",
    r"[\x2d-\x39]",
    r"[\141-c]",
    r"[\61]",
    r"[\055-\071]",
    r"[\b]",
    r"[A-z]",
    r"[A-Z]",
    r"(?i:[A-Z])",
    r"(?i:K)",
    r"(?i)\x41",
    r"(?i)[^A-Y]",
    r"(?i:(?-i:A)|b)",
    r"(?s:.)",
    r"(?ms-i:a)",
    r"(?a)\w",
    r"(?:a)",
    r"(?P<one>a)",
    r"(?>a)",
    r"(a)",
    r"(|a)",
    r"()a",
    r"a*b",
    r"a+b",
    r"a{1}",
    r"a{0,1}",
    r"a{0}b",
    r"a{,1}",
    r"a{,1}b",
    r"a?+",
    r"a??",
    r"^a$",
    r"\Aa\Z",
    r"a\b",
    r"\B\.",
    r"a|b",
    r"a||b",
    r"(?:)a",
    r"(?i)()A",
    r"(?i)(?s:A)",
    r"(?i)(?-i:a)A?",
    r"(?i)",
    r"(?=)a",
    r"(?!a).",
    r"(?=a|b).",
]


@pytest.mark.parametrize("text", CHARACTERS)
def test_each_construct_matches_the_characters_that_python_matches(text: str) -> None:
    """The tree says for each character of an origin what `re` says."""
    matcher, regex = Matcher(parse_regex(text)), re.compile(text)
    assert {char for char in ALPHABET if matcher.matches(char, 100)} == set(filter(regex.fullmatch, ALPHABET))


@pytest.mark.parametrize("text", ["a{", "a{,", "a{1", "a{1,x}", "a{}", "a{x}"])
def test_a_brace_that_counts_nothing_is_a_brace(text: str) -> None:
    """It stands for itself, and no origin has one."""
    assert re.fullmatch(text, text)
    assert Chars(frozenset()) in getattr(parse_regex(text), "parts", ())


@pytest.mark.parametrize(("text", "blamed"), NOT_JUDGED.items())
def test_what_cannot_be_judged_is_named(text: str, blamed: str) -> None:
    """A part that is not understood is never passed over; what is too large is told by the cost."""
    if blamed == "size":
        assert parse_regex(text) is not None
        return
    with pytest.raises(UnreadableRegexError, match=re.escape(blamed)):
        parse_regex(text)


def test_what_is_blamed_is_that_part_alone() -> None:
    """Of the rest of the expression nothing is said."""
    with pytest.raises(UnreadableRegexError) as caught:
        parse_regex("a(?x:b)")
    assert str(caught.value) == "(?x:"


@pytest.mark.parametrize("flags", ["", "(?i)"])
def test_groups_stand_in_one_another_to_a_bound(flags: str) -> None:
    """Thirty are read, and a switch before them is none of them."""
    assert parse_regex(flags + "()" * 31) is not None
    for before in ("", "()", "()()()"):
        assert parse_regex(flags + before + "(" * 30 + ")" * 30) is not None
        with pytest.raises(UnreadableRegexError, match="30 groups"):
            parse_regex(flags + before + "(" * 31 + ")" * 31)


def test_a_part_knows_how_it_is_written() -> None:
    """Alternatives and repeats are told in the author's own letters."""
    tree = parse_regex("xx(?:a|bc)[yz]*+w")
    assert isinstance(tree, Series)
    assert [part.text for part in tree.parts if isinstance(part, Choice | Repeat)] == ["a|bc", "[yz]*+"]


def test_look_arounds_are_found_wherever_they_stand() -> None:
    """Ahead and behind, refusing and demanding, in groups, alternatives and repeats."""
    found = list(looks(parse_regex(r"(?=a)((?!b)|(?:(?<=c)d)*)(?<!e)[f]")))
    assert [(look.refuses, len(list(looks(look)))) for look in found] == [(False, 1), (True, 1), (False, 1), (True, 1)]
    assert all(isinstance(look, Look) for look in found)


def test_the_alphabet_is_what_origins_are_made_of() -> None:
    """Every character that a scheme, a host or a port can have, and the signs around them."""
    places = ("a{}://a", "https://a{}a", "https://a:{}")
    found = {char for char in map(chr, range(1 << 16)) if any(parse_origin(place.format(char)) for place in places)}
    assert found | set("://[]") == ALPHABET


def test_a_class_is_open_beyond_six_characters() -> None:
    """Six characters are a choice, seven are a kind."""
    assert [Chars(frozenset(chars)).is_open for chars in ("a", "abcdef", "abcdefg")] == [False, False, True]
