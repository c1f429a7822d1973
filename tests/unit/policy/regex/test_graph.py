"""The graph of an expression says what `re` says, and what no automaton can express is refused."""

import re

import pytest

from crossorigin.fetch.origin import parse_origin
from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.graph import ALPHABET, MAX_DEPTH, Graph, characters_of
from crossorigin.policy.regex.limits import Budget, RegexTooLargeError, UnsupportedRegexError
from tests.unit.policy.check.regex.regexes import UNSUPPORTED

# Each matches single characters of the alphabet.
CONSTRUCTS = [
    r".",
    r"a",
    r"A",
    r"\.",
    r"\-",
    r"\x61",
    r"\u0061",
    r"\U00000061",
    r"\N{LATIN SMALL LETTER A}",
    r"\141",
    r"\0",
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    r"\n",
    r"[a]",
    r"[^a]",
    r"[]a]",
    r"[^]a]",
    r"[a-c]",
    r"[-a]",
    r"[+-.]",
    r"[\w-]",
    r"[^\d]",
    r"[\x2d-\x39]",
    r"[\b]",
    r"[A-z]",
    r"(?i:[A-Z])",
    r"(?i:K)",
    r"(?i)[^A-Y]",
    r"(?i:(?-i:A)|b)",
    r"(?i)[\u017f\u212a]",
    r"(?ai)[\u017f\u212a]",
    r"(?i:(?a:\u0130))|x",
    r"(?s:.)",
    r"(?ms-i:a)",
    r"(?a)\w",
    r"(?P<one>a)",
    r"(|a)",
    r"a*b",
    r"a{0}b",
    r"a{,1}",
    r"a??",
    r"^a$",
    r"\Aa\Z",
    r"a\b",
    r"\B\.",
    r"a|b",
    r"(?:)a",
    r"(?i)(?-i:a)A?",
    r"(?=)a",
    r"(?!a).",
    r"(?=a|b).",
    r"(?!)|a",
    r"a{",
    r"[é-\u212a]|x",
    "(?x) a  # a comment",
    "(?#a comment)a",
]


@pytest.mark.parametrize("text", CONSTRUCTS)
def test_each_construct_matches_the_characters_that_python_matches(text: str) -> None:
    """The automaton of one construct accepts, for each character of an origin, what `re` matches."""
    automaton = Automaton(text, Budget())
    assert set(filter(automaton.accepts, ALPHABET)) == set(filter(re.compile(text).fullmatch, ALPHABET))


@pytest.mark.parametrize(("text", "part"), UNSUPPORTED.items())
def test_what_no_automaton_can_express_is_named(text: str, part: str) -> None:
    """The message is the part."""
    with pytest.raises(UnsupportedRegexError) as caught:
        Graph(text, Budget())
    assert str(caught.value) == part


def test_a_look_around_inside_a_look_behind_is_refused() -> None:
    """The other way round, a look-behind inside a look-ahead is supported."""
    with pytest.raises(UnsupportedRegexError, match=r"^a look-around inside a look-behind$"):
        Graph("(?<=(?=a)a)b", Budget())
    Graph("(?=(?<=a)b)b", Budget())


def test_groups_can_be_in_one_another_up_to_a_bound() -> None:
    """Reading goes a few calls deeper for each group, and one more than the bound is refused."""
    inside = MAX_DEPTH - 1  # the whole expression is the outermost
    Graph("(" * inside + "a" + ")" * inside, Budget())
    with pytest.raises(RegexTooLargeError, match=f"more than {MAX_DEPTH} groups in one another"):
        Graph("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH, Budget())
    Graph("(a)" * 2 * MAX_DEPTH, Budget())
    # The parser merges groups that do not capture. It reads only so many all the same.
    Graph("(?:" * 2 * MAX_DEPTH + "a" + ")" * 2 * MAX_DEPTH, Budget())
    with pytest.raises(RegexTooLargeError, match="groups in one another"):
        Graph("(?:" * 2000 + "a" + ")" * 2000, Budget())


@pytest.mark.parametrize("text", ["(?:(?:(?:a){300}){300}){300}", "(?:(?:(?:){300}){300}){300}", "(?:a|b){327}" * 20])
def test_an_expression_cannot_repeat_without_bounds(text: str) -> None:
    """What is repeated is written out, up to a number of states; empty rounds count too."""
    with pytest.raises(RegexTooLargeError, match="repeats or lists more than 12000 parts"):
        Graph(text, Budget())


def test_what_is_written_out_is_marked() -> None:
    """Literals, classes that list single characters, and a bare dot, which writes a dot."""
    edges = [edge for edge in Graph(r"a[bc](?:d|e).[f-g]\d[^h](?i:K)", Budget()).edges if edge is not None]
    assert ["".join(sorted(edge.written)) for edge in edges] == ["a", "bc", "de", ".", "", "", "", "k"]


def test_one_item_is_asked_of_python_itself() -> None:
    """Under the flags `re` folds case by its own tables: the long s matches s."""
    (item,) = re._parser.parse("\u017f")  # type: ignore[attr-defined]
    assert characters_of(item, int(re.UNICODE)) == frozenset()
    assert characters_of(item, int(re.UNICODE | re.IGNORECASE)) == {"s"}
    assert characters_of(item, int(re.ASCII | re.IGNORECASE)) == frozenset()


def test_what_can_never_match_has_no_way_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """As newer versions of Python read `(?!)`."""
    parser, constants = re._parser, re._constants  # type: ignore[attr-defined]
    tree = parser.SubPattern(parser.State(), [(constants.FAILURE, ())])
    tree.state.flags = int(re.UNICODE)
    with monkeypatch.context() as patched:
        patched.setattr(parser, "parse", lambda _: tree)
        automaton = Automaton("(?!)", Budget())
    assert not any(automaton.ends)


def test_the_alphabet_is_what_origins_are_made_of() -> None:
    """Every character that a scheme, a host or a port can have, and the signs around them."""
    places = ("a{}://a", "https://a{}a", "https://a:{}")
    found = {char for char in map(chr, range(1 << 16)) if any(parse_origin(place.format(char)) for place in places)}
    assert found | set("://[]") == set(ALPHABET)
