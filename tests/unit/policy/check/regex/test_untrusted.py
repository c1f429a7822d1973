"""Whom an expression lets in, with credentials."""

import re

import pytest

from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.check.regex.syntax import parse_regex
from crossorigin.policy.check.regex.untrusted import find_stranger
from tests.properties.untrusted_origins import is_strange, strangers_around
from tests.unit.policy.check.regex.regexes import MEANT, STRANGE


def stranger_of(text: str, *, allow_public_suffixes: bool = False) -> str | None:
    """Return the stranger that an expression is refused for, if it is."""
    found = find_stranger(text, parse_regex(text), allow_public_suffixes=allow_public_suffixes)
    return None if found is None else found[0]


@pytest.mark.parametrize(("text", "own"), MEANT.items())
def test_an_expression_that_says_what_it_means_starts(text: str, own: set[str]) -> None:
    """It matches no stranger among 10,000 that are built around its own words."""
    assert stranger_of(text) is None
    regex = re.compile(text)
    tried = strangers_around(re.findall(r"[a-z0-9-]{2,}", text.lower())[:40], 10_000)
    assert len(tried) == 10_000
    assert [one for one in tried if regex.fullmatch(one) and is_strange(one, own)] == []


@pytest.mark.parametrize(("text", "name"), STRANGE.items())
def test_a_stranger_is_named_who_really_gets_in(text: str, name: str) -> None:
    """The origin that is named is one that the expression matches."""
    stranger = stranger_of(text)
    assert stranger is not None
    assert stranger.startswith(name)
    assert re.fullmatch(text, stranger)
    assert is_strange(stranger, own=set())


@pytest.mark.parametrize(
    "text",
    [
        r"https://.*\.vercel\.app",
        r"https://.*\.vercel\.app\.",
        r"https://myapp-.*\.vercel\.app",
        r"https://.*\.com",
        r"https://.*\.amazonaws\.com",
    ],
)
def test_the_switch_allows_what_stands_before_a_public_suffix(text: str) -> None:
    """Below a public suffix it is the author's word that counts, and nowhere else."""
    assert stranger_of(text) is not None
    assert stranger_of(text, allow_public_suffixes=True) is None


@pytest.mark.parametrize(
    "text", [r"https://.*vercel\.app", r"https://[a-z]+-app\.vercel\.app", r"https://.*com", r"https://.*"]
)
def test_the_switch_allows_nothing_else(text: str) -> None:
    """An open part that does not end before the suffix is refused, whatever is switched."""
    assert stranger_of(text, allow_public_suffixes=True) is not None


def test_more_samples_than_are_tried_still_name_a_stranger() -> None:
    """With too many parts to try all together, each is still tried beside the first and the last of the others."""
    many = "".join(f"(?:x{n})?" for n in range(20))
    assert stranger_of(rf"https://{many}.*example\.com") is not None
    assert stranger_of(rf"https://{many}\.example\.com") is None


def test_more_pairs_of_samples_than_are_tried_still_name_a_stranger() -> None:
    """Where even those of two parts are too many, as many as may be are tried."""
    hundred = f"(?:{'|'.join(f'x{n}' for n in range(100))})"
    assert stranger_of(rf"https://.*{hundred}{hundred}{hundred}example\.com") is not None
    assert stranger_of(rf"https://{hundred}{hundred}{hundred}\.example\.com") is None


@pytest.mark.parametrize(
    "text",
    [
        r"https://(?:abcdefgh\.){60}.*com",
        r"https://[a-z]{4000000000}\.com",
        r"https://(?:(?:(?:a){300}){300}){300}.*com",
    ],
)
def test_a_sample_that_is_longer_than_an_origin_is_not_tried(text: str) -> None:
    """No browser sends it, so it can let nobody in."""
    assert stranger_of(text) is None


def test_a_sample_as_long_as_an_origin_is_tried() -> None:
    """The longest scheme, host and port that there are, written out as a group."""
    label = "b" * 63 + r"\."
    text = rf"(?:{'s' * 64}://{label * 3}[a-z]{{6}}{'a' * 51}\.com:65535){{1}}"
    stranger = stranger_of(text)
    assert stranger is not None
    assert len(stranger) == MAX_ORIGIN


@pytest.mark.parametrize(
    "text",
    [
        # Where what may be left out is there.
        r"https://(?:[a-z-]+)?example\.com",
        r"https://[a-z]?example\.com",
        r"https://(?:a|[a-z]*)?example\.com",
        # Where one character is a group of its own.
        r"(?:.)*example\.com",
        r"(.)+\.com",
        # Where more rounds are allowed than anyone writes out.
        r"https://(?:app){1,9}\.com",
        r"https://(?:app)+\.com",
        # Where a public suffix ends as the host does, on a port of its own.
        r"https://.*\.amazonaws\.com:8443",
        # Before a final dot.
        r"https://.*example\.com\.",
        r"https://.*\.amazonaws\.com\.",
        # Before a public suffix below which only some letters may stand.
        r"https://[g-z.]*[^.]+\.amazonaws\.com",
        # Behind more empty rounds than an origin has letters.
        r"https://(?:){4000}.*example\.com",
        # Where it holds the end of the scheme.
        r"https[^ps]*example\.com",
        r"http(?!:)[^p]*example\.com",
        # Where it holds signs alone.
        r"https://example[+./:\[\]_]+com",
        r"https\W+[a-z]*example\.com",
        r"https:\W+[a-z]*example\.com",
        r"https:/\W+[a-z]*example\.com",
        # Where one part holds the host and another the port, and there are too many ways to try all.
        r"https?:.*([a-z0-9-]+\.)*example\.(?:com|org):.*",
    ],
)
def test_a_part_that_may_be_filled_is(text: str) -> None:
    """However the open part is written, what can stand in it is tried."""
    stranger = stranger_of(text)
    assert stranger is not None
    assert re.fullmatch(text, stranger)


@pytest.mark.parametrize(
    "text",
    [
        r"https://(?:app){1,8}\.com",
        r"https://(?:app|web){0,2}example\.com",
        # An address belongs to nobody's domain.
        r"http://\[::[0-9a-f]\]",
        r"http://\[::[0-9a-f]\](?::\d+)?",
    ],
)
def test_what_is_written_out_is_its_authors(text: str) -> None:
    """Few rounds of closed parts, and addresses, let in nobody else."""
    assert stranger_of(text) is None


@pytest.mark.parametrize("text", [r"https://(?:x.*){0}app\.example\.com", r"https://.{0}app\.example\.com"])
def test_a_part_that_is_never_gone_through_lets_nobody_in(text: str) -> None:
    """Of no rounds, nothing is filled."""
    assert stranger_of(text) is None
