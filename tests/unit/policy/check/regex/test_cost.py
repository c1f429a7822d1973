"""What an expression may cost: each part that is refused is named, and is slow; what people write starts."""

import itertools

import pytest

from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.check.regex.cost import find_cost
from crossorigin.policy.check.regex.syntax import UnreadableRegexError, parse_regex
from tests.properties.backtracking import Matcher, TooManyStepsError
from tests.unit.policy.check.regex.regexes import CATASTROPHIC, HOSTS_200, HUGE, MEANT, STRANGE, STRICT

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


@pytest.mark.parametrize("text", [HUGE, f"(?:{'a?' * 40}b)*"], ids=["of many parts", "of parts that all meet"])
def test_what_is_too_large_is_not_judged(text: str) -> None:
    """The work of judging has an end."""
    with pytest.raises(UnreadableRegexError, match=r"^its size$"):
        find_cost(parse_regex(text))


@pytest.mark.parametrize("text", ["é*", "(?:é|[A-Z])+"])
def test_a_part_that_no_origin_has_costs_nothing(text: str) -> None:
    """However often it repeats, there is no character to repeat."""
    assert find_cost(parse_regex(text)) is None


def test_a_part_that_may_be_empty_can_be_repeated() -> None:
    """Unless more than one round of it must be, any of which may be the empty one."""
    assert find_cost(parse_regex("(?:a?)*(?:b?)+")) is None
    for written in ("(?:a?){2,}", "(?:a?){9,}"):
        cost = find_cost(parse_regex(written))
        assert cost is not None
        assert (cost.parts, cost.doubles) == ((written,), True)


@pytest.mark.parametrize("written", ["(?:(?:a*){2}){2}", "(?:(?:a*b){2}){3}", "(?:(?:a*b){9}){2}"])
def test_of_parts_in_parts_the_outermost_is_named(written: str) -> None:
    """It is the one that has to be written otherwise."""
    cost = find_cost(parse_regex(written))
    assert cost is not None
    assert (cost.parts, cost.doubles) == ((written,), True)


def test_two_hundred_hosts_can_be_repeated() -> None:
    """A long alternation has one way through each text, repeated with what separates the rounds, or not."""
    for written in (f"(?:(?:{HOSTS_200})-)*", rf"(?:https?://(?:{HOSTS_200})(?::\d+)?)"):
        assert find_cost(parse_regex(written)) is None


def test_ways_add_up_to_a_bound() -> None:
    """Each more of a part that may be left out doubles the ways, and at some number it is refused."""
    refused = [find_cost(parse_regex("a?" * count)) is not None for count in range(1, 16)]
    assert [key for key, _ in itertools.groupby(refused)] == [False, True]


@pytest.mark.parametrize(
    ("part", "most", "blamed"),
    [
        ("a?", 11, ("a?",)),
        ("a*", 2, ("a*",)),
        ("a+", 2, ("a+",)),
        ("a{0,2}", 11, ("a{0,2}",)),
        ("a{0,8}", 4, ("a{0,8}",)),
        ("a{0,9}", 2, ("a{0,9}",)),
        ("a{2,8}", 4, ("a{2,8}",)),
        ("a{8}", 4, ("a{8}",)),
        ("a{9,}", 2, ("a{9,}",)),
        ("a{3,}", 2, ("a{3,}",)),
        ("(?:a|a)", 10, ("a|a",)),
        ("(?:a|ab|a)b?", 6, ("a|ab|a",)),
        ("(?:a|ab)", 10, ("a|ab",)),
        ("(?:a|a)-", 10, ("a|a",)),
        ("(?:a|a|a)-", 6, ("a|a|a",)),
        ("a*(?:b|)", 2, ("a*",)),
        ("a*(?:|b)", 2, ("a*",)),
        ("(?:ab|a)b?", 10, ("ab|a",)),
        ("(?:a|b|a)", 10, ("a|b|a",)),
        ("(?:a|a|a)", 6, ("a|a|a",)),
        ("(?:a?|b)", 11, ("a?",)),
        ("(?:a?|a)", 5, ("a?", "a?|a")),
        ("(?:a?b?)", 11, ("a?",)),
        ("(?:ab?c?){0,2}", 5, ("(?:ab?c?){0,2}",)),
        ("(?:a|b){0,3}", 3, ("(?:a|b){0,3}",)),
        ("(?:a|ab){0,2}", 2, ("a|ab", "(?:a|ab){0,2}")),
        ("(?:a?){3}", 3, ("a?",)),
        ("(?:a?){0,2}", 3, ("a?", "(?:a?){0,2}")),
        ("(?:a?){2,3}", 3, ("a?", "(?:a?){2,3}")),
        ("(?:(?:a?)?)?", 4, ("a?", "(?:a?)?", "(?:(?:a?)?)?")),
        ("(?:(?:a|a)|a)", 5, ("a|a", "(?:a|a)|a")),
        ("(?:a(?:a|b)|aa)", 10, ("a(?:a|b)|aa",)),
        ("(?=a?)a?", 5, ("a?",)),
        ("(?=a*)", 2, ("a*",)),
        ("a*(?!b)", 2, ("a*",)),
        ("(?!a)a?", 11, ("a?",)),
        ("(?<=a)a?", 11, ("a?",)),
        ("a?b?", 11, ("a?",)),
        ("a*b?", 2, ("a*", "b?")),
        ("a*a{0,4}", 1, ("a*", "a{0,4}")),
        ("[ab]?b?", 5, ("[ab]?", "b?")),
        ("[ab]*b?", 2, ("[ab]*", "b?")),
        ("(?:a|b*)", 2, ("b*",)),
        ("(?:a*|b)", 2, ("a*",)),
        ("(?:a*b|a)", 10, ("a*b|a",)),
        ("(?:aa|a)", 10, ("aa|a",)),
        ("(?:abc|ab)", 10, ("abc|ab",)),
        ("(?:a.|.b)", 10, ("a.|.b",)),
        ("(?:a{2}|a{3})", 4, ("a{3}", "a{2}|a{3}")),
        ("(?:a{1,2}|b)", 11, ("a{1,2}",)),
        ("(?:a{0,8}b){0,2}", 5, ("(?:a{0,8}b){0,2}",)),
        ("(?:a{0,2}b){0,2}", 5, ("(?:a{0,2}b){0,2}",)),
        ("(?:(?:a?b){0,2}c){0,2}", 2, ("(?:a?b){0,2}", "(?:(?:a?b){0,2}c){0,2}")),
        ("(?:a|aa)?", 5, ("a|aa", "(?:a|aa)?")),
        ("(?:a|b)?", 11, ("(?:a|b)?",)),
        ("(?:a|b)*", 2, ("(?:a|b)*",)),
        ("(?:ab|b)*", 2, ("(?:ab|b)*",)),
        ("(?:a?b)*", 2, ("(?:a?b)*",)),
        ("(?:a{1,2}b)*", 2, ("(?:a{1,2}b)*",)),
        ("(?:a*b){2}", 2, ("(?:a*b){2}",)),
        ("(?:a*b){0,8}", 2, ("(?:a*b){0,8}",)),
        ("(?:a*b){0,9}", 2, ("(?:a*b){0,9}",)),
        ("(?:a|b|ab)c?", 10, ("a|b|ab",)),
        ("(?:a|a)c?(?:a|a|a|a|a)", 3, ("a|a", "a|a|a|a|a")),
    ],
)
def test_so_many_of_a_part_may_stand_side_by_side(part: str, most: int, blamed: tuple[str, ...]) -> None:
    """One more of them is refused, and what multiplies is named."""
    assert find_cost(parse_regex(part * most)) is None
    cost = find_cost(parse_regex(part * (most + 1)))
    assert cost is not None
    assert (cost.parts, cost.doubles) == (blamed, False)


@pytest.mark.parametrize(
    "part",
    [
        "(?:a|b)",
        "(?:|a)",
        "(?:a|)",
        "(?:ab?)",
        "(?:ab?){2}",
        "(?:a?b){2}",
        "a?b",
        "a*(?:b|c)",
        "a*b",
        "(?:abc|abd)",
        "(?:ab|ac)*d",
        f"(?:{'(?:a|b)' * 30}c|{'(?:a|b)' * 30}d)",
    ],
)
def test_parts_with_one_way_through_a_text_may_stand_side_by_side(part: str) -> None:
    """However many there are, nothing multiplies."""
    assert find_cost(parse_regex(part * 40)) is None


@pytest.mark.parametrize("text", ["c*[ac]*c(?:ca[ab])*ba", "b*b(?:a[ac]|b)*c[bc]*c"])
def test_parts_compete_only_for_one_text(text: str) -> None:
    """It matches the one, the other and what stands between; a letter that only two of the three have is none."""
    assert find_cost(parse_regex(text)) is None


def test_what_stands_beside_a_part_hides_nothing_of_it() -> None:
    """Parts in one branch may have more ways; what multiplies behind the other is found all the same."""
    for written in ("a*a{0,5}a*", "(?:b{0,8}b{0,8}|a*)a{0,5}a*"):
        cost = find_cost(parse_regex(written))
        assert cost is not None
        assert (cost.parts, cost.doubles) == (("a*", "a{0,5}"), False)


def test_each_part_that_multiplies_is_named_and_no_other() -> None:
    """In the order in which they are written."""
    cost = find_cost(parse_regex("y?" + "".join(f"(?:{char}|{char})-z?" for char in "abcdefghijk")))
    assert cost is not None
    assert cost.parts == tuple(f"{char}|{char}" for char in "abcdefghijk")


def test_branches_do_not_multiply() -> None:
    """A text goes through one of them alone."""
    for part in ("(?:x|x)", "x*x*", "x?x?"):
        assert find_cost(parse_regex("|".join(f"{char}{part}" for char in "abcdefghijklmn"))) is None


def test_ways_are_counted_to_four_times_the_length_of_an_origin() -> None:
    """So many ways, multiplied, are taken; a few more are not."""
    two, three, seven = "(?:a|a)-", "(?:a|a|a)-", "(?:a|a|a|a|a|a|a)-"
    half = f"(?:{'|'.join('a' * (MAX_ORIGIN // 2))})-"
    assert find_cost(parse_regex(two * 3 + half)) is None
    assert 2**4 * 3**4 <= 4 * MAX_ORIGIN < 2**6 * 3 * 7
    assert find_cost(parse_regex(two * 4 + three * 4)) is None
    assert find_cost(parse_regex(two * 6 + three + seven)) is not None
