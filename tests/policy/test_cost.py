"""What an expression may cost: each part that is refused is named, and is slow; what people write starts."""

import itertools

import pytest
from tests.laws.backtracking import Matcher, TooManyStepsError
from tests.policy.regexes import CATASTROPHIC, HOSTS_200, MEANT, STRANGE, STRICT

from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.cost import find_cost
from crossorigin.policy.regex import parse_regex

# What two endless parts cost is about MAX_ORIGIN squared, halved; everything else that starts is less.
SLOW = MAX_ORIGIN**2


def takes_too_long(text: str, origin: str) -> bool:
    """Tell whether an expression takes more steps to answer than it may."""
    try:
        Matcher(parse_regex(text)).run(origin, SLOW)
    except TooManyStepsError:
        return True
    return False


@pytest.mark.parametrize("text", [*MEANT, *STRANGE])
def test_what_people_write_starts(text: str) -> None:
    """An expression with one way, or few, through an origin is not refused for its cost."""
    assert find_cost(parse_regex(text)) is None


@pytest.mark.parametrize(("text", "part", "pumped", "end"), [(text, *rest) for text, rest in CATASTROPHIC.items()])
def test_a_catastrophe_is_refused_with_the_part_that_repeats(text: str, part: str, pumped: str, end: str) -> None:
    """The part is named as it is written, and there is an Origin on which it takes more steps than anything may."""
    cost = find_cost(parse_regex(text))
    assert cost is not None
    assert part in cost.parts
    assert all(written in text for written in cost.parts)
    tried = [(lead + pumped * MAX_ORIGIN)[: MAX_ORIGIN - len(end)] + end for lead in ("", "https://")]
    assert any(takes_too_long(text, one) for one in tried)


@pytest.mark.parametrize(("text", "part"), STRICT.items())
def test_the_rule_counts_parts_and_not_what_the_matcher_saves(text: str, part: str) -> None:
    """Endless parts in parts that run twice, and look-arounds beside endless parts, are judged by what is written."""
    cost = find_cost(parse_regex(text))
    assert cost is not None
    assert part in cost.parts


def test_two_hundred_hosts_can_be_repeated() -> None:
    """A long alternation has one way through each text, repeated with what separates the rounds, or not."""
    for written in (f"(?:(?:{HOSTS_200})-)*", rf"(?:https?://(?:{HOSTS_200})(?::\d+)?)"):
        assert find_cost(parse_regex(written)) is None


def test_ways_add_up_to_a_bound() -> None:
    """Each more of a part that may be left out doubles the ways, and at some number it is refused."""
    refused = [find_cost(parse_regex("a?" * count)) is not None for count in range(1, 16)]
    assert [key for key, _ in itertools.groupby(refused)] == [False, True]
