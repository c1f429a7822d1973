"""What holds for every regular expression, and not only for those of the tables."""

import re
import warnings

from hypothesis import assume, given
from hypothesis import strategies as st

from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.check.regex.cost import find_cost
from crossorigin.policy.check.regex.syntax import (
    ALPHABET,
    Chars,
    Choice,
    Node,
    Repeat,
    Series,
    UnreadableRegexError,
    parse_regex,
)
from crossorigin.policy.check.regex.untrusted import find_stranger
from tests.example_counts import ExampleCounts
from tests.properties.backtracking import Matcher, TooLongError, TooManyStepsError
from tests.properties.untrusted_origins import is_strange, strangers_around

# Two endless parts that compete can split a text in MAX_ORIGIN ways, each as long as the text at the most; parts that
# may be left out may make four ways of each. A step of this matcher is a character tried or a way gone back to.
MOST_STEPS = 8 * MAX_ORIGIN**2

ATOMS = (
    "a",
    "b",
    "1",
    r"\.",
    ".",
    "[a-b]",
    "[^a]",
    r"\d",
    r"\w",
    r"[\w-]",
    "[a.-]",
    "(?:ab)",
    "(a|b)",
    "(?i:A[B-Z])",
    r"\-",
    "[-a]",
    "[]a]",
    "[^]a]",
    "{",
    "a{",
    r"\x61",
    r"\141",
    r"\D",
    r"[^\d]",
    "(a|)",
    r"[a\]]",
    ":",
    "[+-.]",
    r"[\61-\63]",
    r"\u0061",
    "[A-z]",
    "(?:)",
    r"(?:a|ab)",
)
COUNTS = ("", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "{,2}", "{2,}", "*?", "+?", "??", "{0}", "{1,9}")


def expressions(atoms: tuple[str, ...], counts: tuple[str, ...]) -> st.SearchStrategy[str]:
    """Return expressions made of atoms with counts, in groups and alternatives."""

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        series = st.lists(inner, min_size=2, max_size=4).map("".join)
        group = st.tuples(inner, st.sampled_from(counts)).map(lambda made: f"(?:{made[0]}){made[1]}")
        return series | group | st.tuples(inner, inner).map("|".join)

    part = st.tuples(st.sampled_from(atoms), st.sampled_from(counts)).map("".join)
    return st.recursive(part, larger, max_leaves=8)


def test_the_parser_reads_what_python_reads() -> None:
    """Matching over the tree is `re.fullmatch`, on texts of the characters of an origin; a fifth of them match."""
    counts = ExampleCounts()

    @given(expressions(ATOMS, COUNTS), st.lists(st.text("ab1-.:", max_size=6), min_size=12, max_size=12))
    def law(text: str, tried: list[str]) -> None:
        regex = compiled(text)
        found = {one for one in tried if regex.fullmatch(one)}
        try:
            matcher = Matcher(parse_regex(text))
            assert {one for one in tried if matcher.matches(one, 20_000)} == found
        except (TooLongError, TooManyStepsError):
            assume(condition=False)
        counts.count(matching=bool(found), not_all=found < set(tried))

    law()
    counts.require(matching=0.2, not_all=0.2)


def compiled(text: str) -> re.Pattern[str]:
    """Compile an expression; discard the example if Python does not take it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            return re.compile(text)
        except (re.error, FutureWarning):
            assume(condition=False)
            raise


def loops(node: Node) -> list[tuple[Repeat, str]]:
    """Return the parts of an expression that repeat, each with a text that goes round in it."""
    match node:
        case Chars():
            return []
        case Series(parts=parts) | Choice(branches=parts):
            return [loop for part in parts for loop in loops(part)]
        case Repeat(body=body, most=most):
            own = [(node, text_of(body))] if most is None or most > 1 else []
            return own + loops(body)
        case _:
            return loops(node.body)


def text_of(node: Node) -> str:
    """Return one text that a part matches."""
    match node:
        case Chars(chars=chars):
            return min(chars, key=lambda char: (not char.isalnum(), char), default="")
        case Series(parts=parts):
            return "".join(map(text_of, parts))
        case Choice(branches=branches):
            return max(map(text_of, branches), key=len)
        case Repeat(body=body, least=least, most=most):
            return text_of(body) * min(max(least, 1 if most is None or most else 0), MAX_ORIGIN)
        case _:
            return ""


def adversarial(tree: Node, signs: str) -> list[str]:
    """Return long texts, broken at the end: each loop's own pumped, all of them behind one another, any characters."""
    rounds = [text for _, text in loops(tree) if text] or ["a"]
    pumped = [text * MAX_ORIGIN for text in dict.fromkeys(rounds)]
    share = MAX_ORIGIN // len(rounds)
    mixed = [
        "".join((text * share)[:share] for text in rounds),
        "".join(rounds) * MAX_ORIGIN,
        (signs or "a") * MAX_ORIGIN,
    ]
    start = text_of(tree)
    return [(lead + text)[: MAX_ORIGIN - 1] + "]" for text in pumped + mixed for lead in ("", start)]


COSTLY = (
    "a",
    "b",
    "-",
    r"\.",
    ".",
    "[a-z]",
    r"\w",
    r"[\w-]",
    "[^.]",
    "(?:a|ab)",
    r"(?:[a-z]+\.)",
    "(?:a|b)",
    r"(?:-[a-z]+)",
)
LONG = ("", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,8}", "{1,63}", "*", "+")


def test_what_starts_answers_every_origin_within_a_fixed_number_of_steps() -> None:
    """Accepted expressions are tried on texts made against them; a fifth of all have two loops or more."""
    counts = ExampleCounts()

    @given(expressions(COSTLY, LONG), st.text("ab-.:1", min_size=1, max_size=3))
    def law(text: str, signs: str) -> None:
        tree = parse_regex(text)
        try:
            starts = find_cost(tree) is None
        except UnreadableRegexError:
            starts = False
        try:
            matcher = Matcher(tree)
        except TooLongError:
            assume(condition=False)
            raise
        counts.count(starts=starts, two_loops=starts and len(loops(tree)) > 1)
        for one in adversarial(tree, signs) if starts else ():
            try:
                matcher.run(one, MOST_STEPS)
            except TooManyStepsError:
                raise AssertionError(f"{text!r} on {one!r}") from None

    law()
    counts.require(starts=0.2, two_loops=0.1)


SCHEMES = (
    "https://",
    "https?://",
    "http://",
    "(?:https|http)://",
    "https?:.*",
    ".*",
    "(?i)https://",
    "capacitor://",
    r"https?:\/\/",
)
FRONTS = (
    "",
    r"(?:www\.)?",
    r".*\.",
    r"[a-z0-9-]+\.",
    r"([a-z0-9-]+\.)*",
    r".*",
    r"[^.]+\.",
    r"(.*\.)?",
    r"\w+\.",
    r"app-.*\.",
    ".*-app",
    ".+",
    r".*\b",
    r"(?!evil).*\.",
    r"(?:app|api)\.",
    r"app.",
    r"[a-z]*",
    r"[g-z.]*",
    r".*[.-]",
    r"[^a-d]+\.?",
    r"\S+\.",
    r".*\.?",
    r".*(?<!-)",
)
DOMAINS = (
    r"example\.com",
    r"example\.com",
    r"example\.(?:com|org)",
    r"example.com",
    r"example\.co\.uk",
    r"example\.[a-z]+",
    r"localhost",
    r"(?:example\.com|localhost)",
    r"vercel\.app",
    r"myapp\.vercel\.app",
    r"example\.com|https://example\.org",
    r"[a-z]+\.example\.com",
    r"example\..*",
    r"amazonaws\.com",
    r"192\.168\.\d+\.\d+",
    r"example[1-3]\.com",
    r"[^.]+\.amazonaws\.com",
)
ENDS = (
    "",
    "",
    "",
    r"(?::\d+)?",
    r":\d+",
    ":3000",
    "$",
    r"\Z",
    ".*",
    r"\.?",
    "/?",
    r"(?:\..*)?",
    "[^/]*",
    r":?\d*",
    r"\b",
    "(?!x)",
    r":.*",
)
SPELLED = {
    "example.com",
    "example.org",
    "example.co.uk",
    "example1.com",
    "example2.com",
    "example3.com",
    "myapp.vercel.app",
    "amazonaws.com",
    "vercel.app",
}
WORDS = (
    "example",
    "example.com",
    "example.org",
    "example.co.uk",
    "myapp",
    "vercel.app",
    "localhost",
    "192.168.1.1",
    "app",
    "www",
)
WORDS += (
    "amazonaws.com",
    "s3.amazonaws.com",
    "com",
    "org",
    "-app",
    "api",
    "evil",
    "myapp.vercel.app",
    "app-1",
    "example1.com",
)
STRANGERS = [one for one in strangers_around(WORDS, 40_000) if is_strange(one, SPELLED)][:10_000]


def test_what_starts_with_credentials_matches_no_stranger() -> None:
    """Accepted expressions match none of 10,000 strangers around all words, nor any around their own.

    A fifth start, a fifth do not.
    """
    assert len(STRANGERS) == 10_000
    counts = ExampleCounts()
    pieces = [st.sampled_from(choices) for choices in (SCHEMES, FRONTS, DOMAINS, ENDS)]

    @given(st.tuples(*pieces).map("".join))
    def law(text: str) -> None:
        tree = parse_regex(text)
        assume(find_cost(tree) is None)
        found = find_stranger(text, tree, allow_public_suffixes=False)
        counts.count(starts=found is None, refused=found is not None)
        regex = re.compile(text)
        if found is None:
            around = strangers_around(re.findall(r"[a-z0-9-]{2,}", text), 200)
            own = [one for one in around if regex.fullmatch(one) and is_strange(one, SPELLED)]
            assert own + [one for one in STRANGERS if regex.fullmatch(one)] == []
        else:
            assert regex.fullmatch(found[0])

    law()
    counts.require(starts=0.2, refused=0.2)


def test_no_character_of_an_origin_is_left_out_of_the_alphabet() -> None:
    """What parses as an origin is written in the characters that the tree is over."""
    assert frozenset("https://a-b_c.example.com:8443/[::1]+") <= ALPHABET
