"""Matching is one look-up for each character, in a table that was made before and is small."""

import re
import sys
from typing import Any

import pytest

from crossorigin import Policy
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.regex import automaton as automata
from crossorigin.policy.regex.automaton import Automaton
from crossorigin.policy.regex.limits import MAX_TEXT, Budget, RegexTooLargeError
from crossorigin.policy.regex.matcher import MAX_BYTES, RegexMatcher, compile_matcher, matcher_of
from tests.unit.policy.check.regex.regexes import HOSTS_200

_SITES = [
    rf"https://{word}{number}-site\.example{number % 50}\.{('com', 'org', 'net', 'io', 'dev')[number % 5]}"
    for number, word in enumerate(("app", "admin", "www", "shop", "blog", "x") * 40)
]
# As many whole URLs as a text may have.
URLS = "|".join(_SITES)[:MAX_TEXT].rpartition("|")[0]


def size_of(matcher: RegexMatcher) -> int:
    """Return the bytes of all rows of a matcher."""
    sizes: dict[int, int] = {}
    todo: list[Any] = [matcher._start]
    while todo:
        row = todo.pop()
        if id(row) not in sizes and not isinstance(row, bool):
            sizes[id(row)] = sys.getsizeof(row)
            todo += row.values() if isinstance(row, dict) else row
    return sum(sizes.values())


@pytest.mark.parametrize(
    ("text", "matched", "others"),
    [
        (r"https://.*\.example\.org", b"https://a.b.example.org", [b"https://example.org", b"https://a.example.org/"]),
        (r"a+", b"aaa", [b"", b"aab", b"A", b"a\xff", b"a\n", b"a\x00"]),
        ("", b"", [b"a"]),
        ("(?!)", b"", [b"a"]),
    ],
)
def test_all_of_an_origin_is_matched(text: str, matched: bytes, others: list[bytes]) -> None:
    """A part of it is not enough, and bytes that no origin has match nothing."""
    matcher = compile_matcher(text)
    assert matcher.matches(matched) == (text != "(?!)")
    assert not any(map(matcher.matches, others))


def test_a_large_table_matches_the_same() -> None:
    """There, rows with few cells are dictionaries."""
    matcher, regex = compile_matcher(URLS), re.compile(URLS)
    tried = [site.replace("\\", "") for site in _SITES]
    tried += [f"{one}{end}" for one in tried[:50] for end in ("", "m", ":1")] + ["https://", "https://x", "http://app0"]
    assert [one for one in tried if matcher.matches(one.encode()) != (regex.fullmatch(one) is not None)] == []
    assert isinstance(matcher._start, dict)
    assert len(URLS) > MAX_TEXT - 50
    assert size_of(matcher) <= MAX_BYTES


def test_a_list_of_both_schemes_may_be_as_long() -> None:
    """The parser puts less of their beginnings together, so their graph is larger."""
    sites = (f"http{'s' * (number % 2)}://site{number:04}.com" for number in range(400))
    text = "|".join(sites)[:MAX_TEXT].rpartition("|")[0]
    assert len(text) > MAX_TEXT - 50
    assert compile_matcher(text).matches(b"https://site0355.com")


def test_ends_that_are_alike_are_kept_once() -> None:
    """The table of 200 hosts is smaller than a row for each state of their automaton."""
    automaton = Automaton(f"https://(?:{HOSTS_200})", Budget())
    rows = set()
    todo: list[Any] = [matcher_of(automaton)._start]
    while todo:
        row = todo.pop()
        if not isinstance(row, bool) and id(row) not in rows:
            rows.add(id(row))
            todo += row.values() if isinstance(row, dict) else row
    assert len(rows) < len(automaton.rows) / 3


def test_a_table_that_is_too_large_is_refused() -> None:
    """Wide rows add up: some thousand states, each with a cell for every character."""
    text = r"[a-z]*a[a-z]{11}" + "".join(f"|{char}.{char}" for char in "bcdefghijklmnopqrstuvwxyz0123456789")
    with pytest.raises(RegexTooLargeError, match="its table is larger than 1 MB"):
        compile_matcher(text)


def test_no_request_makes_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a policy has decided, the automaton is never asked again."""
    policy = Policy(allow_origin_regex=r"https://.*\.never-made-again\.example")
    assert policy.decide("GET", origin=[b"https://a.never-made-again.example"]).allowed
    monkeypatch.delattr(automata.Automaton, "_row")
    monkeypatch.delattr(automata.Automaton, "__init__")
    for number in range(1000):
        allowed = policy.decide("GET", origin=[b"https://x%d.never-made-again.example" % number]).allowed
        assert allowed
        assert not policy.decide("GET", origin=[b"https://x%d.example" % number]).allowed


def test_the_longest_origin_takes_one_step_for_each_character() -> None:
    """However the expression goes back in Python: this one would take hours there."""
    matcher = compile_matcher(r"https://(\w+-?)+\.example\.com")
    origin = b"https://" + b"a" * (MAX_ORIGIN - len("https://"))
    steps = 0

    class Counted(list[Any]):
        def __getitem__(self, group: Any) -> Any:
            nonlocal steps
            steps += 1
            row = super().__getitem__(group)
            return Counted(row) if isinstance(row, list) else row

    assert not RegexMatcher(Counted(matcher._start), matcher._groups).matches(origin)
    assert steps == MAX_ORIGIN + 1
