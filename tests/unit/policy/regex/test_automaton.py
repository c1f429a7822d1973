"""The automaton of an expression accepts what `re.fullmatch` matches, within its budget."""

import re
from random import Random

import pytest

from crossorigin.policy.regex import automaton as automata
from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.limits import Budget, RegexTooLargeError
from tests.properties.random_regexes import random_texts
from tests.unit.policy.check.regex.regexes import NEVER, PINNED, TOO_LARGE, UNTRUSTED, WARNED

JUDGED = [*PINNED, *WARNED, *UNTRUSTED, *NEVER]
# `re` itself needs seconds for these on a text of 20 characters.
EXPONENTIAL = re.compile(r"\)\+|\)\*|\)\{|(?:a\??){9}|\(\?:a\|a\)")


@pytest.mark.parametrize("text", JUDGED)
def test_an_expression_of_the_tables_matches_what_python_matches(text: str) -> None:
    """Texts that the automaton accepts, near misses of those, and others."""
    automaton, regex, random = Automaton(text, Budget()), re.compile(text), Random(0)
    longest = 12 if EXPONENTIAL.search(text) else 40
    tried = random_texts(random, automaton, 60, longest)
    assert [one for one in tried if automaton.accepts(one) != (regex.fullmatch(one) is not None)] == []


@pytest.mark.parametrize(
    ("text", "accepted", "refused"),
    [
        # A look-ahead begins, goes on next to the rest, and is done before it, or with it.
        (r"(?=ab)a.c", ["abc"], ["acc", "ab"]),
        (r"(?=.*b$)[ab]*", ["b", "aab"], ["", "aba"]),
        (r"(?!.*bb)[ab]*", ["", "abab"], ["abba"]),
        (r"(?=(?!ab)..)[ab]*", ["ba", "bab"], ["ab", "b"]),
        (r"(?=a(?=b)).*", ["ab", "abc"], ["ac", "a"]),
        (r"(?=(?=.b)a*)..", ["ab"], ["aa"]),
        (r"(?:(?=a).)*", ["", "aaa"], ["ab"]),
        # A look-behind, at the start, inside and at the end.
        (r"(?<!a)b|ab(?<=ab)", ["b", "ab"], ["bb"]),
        (r".*(?<=a|b).", ["ac", "b1"], ["cc", "a"]),
        (r"(?<=^).b|.a(?<!\.a)", ["ab", "aa"], [".a"]),
        # Anchors anywhere.
        (r"a$|^b", ["a", "b"], ["ab"]),
        (r"a^b|a$b", [], ["ab"]),
        (r"(?:^|^)a(?:$|\Z)", ["a"], ["b", "aa"]),
        (r"\b.\b.", ["a."], ["aa", ".."]),
        (r"\Ba|\B\.", ["."], ["a"]),
    ],
)
def test_assertions_ask_for_what_is_around_a_place(text: str, accepted: list[str], refused: list[str]) -> None:
    """Ahead, behind, and between word characters and others."""
    automaton, regex = Automaton(text, Budget()), re.compile(text)
    for tried, expected in ((accepted, True), (refused, False)):
        assert [automaton.accepts(one) for one in tried] == [expected] * len(tried)
        assert [regex.fullmatch(one) is not None for one in tried] == [expected] * len(tried)


@pytest.mark.parametrize("is_matched", [False, True])
def test_the_empty_text_has_no_boundary_as_this_python_says(
    monkeypatch: pytest.MonkeyPatch, *, is_matched: bool
) -> None:
    r"""Python 3.14 changed what `\B` says there."""
    assert Automaton(r"\B", Budget()).accepts("") == (re.fullmatch(r"\B", "") is not None)
    monkeypatch.setattr(automata, "_EMPTY_HAS_NO_BOUNDARY", is_matched)
    assert Automaton(r"\B", Budget()).accepts("") == is_matched


def test_every_state_can_still_be_completed() -> None:
    """States from which nothing is accepted are dropped, so a walk that has not ended can go on to a match."""
    automaton = Automaton(r"https://a\.example/x[^a-z0-9/:.+_\[\]-]|ab", Budget())
    assert automaton.walk(automaton.start, "https") is None
    assert automaton.walk(automaton.start, "a") is not None
    assert automaton.walk(automaton.walk(automaton.start, "x"), "y") is None


@pytest.mark.parametrize(("text", "why"), TOO_LARGE.items())
def test_what_takes_too_much_is_refused(text: str, why: str) -> None:
    """The work of making states has an end."""
    with pytest.raises(RegexTooLargeError, match=why):
        Automaton(text, Budget())


def test_there_is_a_bound_on_the_number_of_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """One state more is refused."""
    monkeypatch.setattr(automata, "MAX_STATES", 5)
    Automaton("abcd", Budget())
    with pytest.raises(RegexTooLargeError, match="it has more than 5 states"):
        Automaton("abcde", Budget())


def test_look_arounds_cost_more_steps_than_what_they_look_at() -> None:
    """Their states are sets of sets, and the budget counts time."""
    plain, looking = Budget(), Budget()
    Automaton(r"https://.{10,60}\.example\.com", plain)
    Automaton(r"(?=.{10,60}$)https://.*\.example\.com", looking)
    assert looking.used > 2 * plain.used
