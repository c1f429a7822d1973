"""Every fix works: applied to its options, it removes its issue and causes no new error."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossorigin import InvalidPolicyError, IssueCode
from crossorigin.policy.options import DEFAULTS, apply_fix
from tests.unit.fetch.strategies import near_misses
from tests.unit.policy.check.faulty_policies import FAULTY, Faulty, complaint_of
from tests.unit.policy.check.test_origin_repair import spelled_urls, url_like

# Codes whose fix a program cannot choose, because only the author knows the intention.
INSTRUCTIONS_ALONE = {
    IssueCode.NOT_A_POLICY,
    IssueCode.POLICY_AND_OPTIONS,
    IssueCode.NOT_CALLABLE,
    IssueCode.ORIGIN_FILE_SCHEME,
    IssueCode.REGEX_TOO_LARGE,
    IssueCode.LIVE_ORIGIN_NOT_EXACT,
    IssueCode.NOT_LIVE_ORIGINS,
    IssueCode.TOO_MANY_LIVE_ORIGINS,
}
# Each code must occur at least this often with a fix.
MIN_EXAMPLES = 5


class _Url:
    """A URL that is not a string, such as pydantic's."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"Url({self._text!r})"

    def __str__(self) -> str:
        return self._text


_ORIGINS = st.one_of(
    st.sampled_from(
        [
            *(text for faulty in FAULTY for text in faulty.options.get("allow_origins") or () if isinstance(text, str)),
            *(
                "*",
                " * ",
                "'null'",
                "NULL",
                "*,https://a.example",
                "null;https://b.example",
                "*://*.com",
                "https://*com",
            ),
            *("https://*.github.io/", "http://a.example:80", "http://*.corp:*", r"https://.*\.com", "\n", "'", ","),
        ]
    ),
    near_misses(),
    url_like,
    spelled_urls(),
)
_WORDS = st.sampled_from(
    [
        *("GET", "get", "patch", "Query", "TRACE", "connect", "X-Token", "x-token", "X-Token:", "X Token", "Cookie"),
        *(
            "*",
            "",
            " ",
            ":",
            "é",
            "(",
            '"PUT"',
            "Access-Control-Allow-Origin",
            "Access-Control-Request-Method: ",
            "ETag",
        ),
        *("PUT, TRACE", "Access-Control-Max-Age,X-A", "access-control-request-headers;X-B", "Set-Cookie", "null", "\0"),
    ]
)


def _elements(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Draw elements of a list, of valid and invalid types."""
    nested = st.lists(texts, max_size=3)
    ascii_only = texts.filter(str.isascii).map(str.encode)
    odd = st.one_of(nested.map(tuple), nested, nested.map(frozenset), ascii_only, texts.map(_Url), st.none())
    return st.one_of(texts, texts, texts, odd, st.sampled_from([7, b"\xff", re.compile("https://a"), {"https://a": 1}]))


def _collections(texts: st.SearchStrategy[str], clean: list[str]) -> st.SearchStrategy[Any]:
    """Draw the values of a list option: of valid and invalid types, and values that cause only a warning."""
    members = st.lists(_elements(texts), max_size=4)
    joined = st.tuples(st.sampled_from([",", ", ", " ", ";", "\n"]), st.lists(texts, max_size=3))
    bare = joined.map(lambda pair: pair[0].join(pair[1]))
    return st.one_of(
        members,
        members,
        st.lists(texts, max_size=4),
        st.lists(st.sampled_from(clean), max_size=4),
        st.lists(st.sampled_from(clean), max_size=4),
        st.sets(texts, max_size=4),
        bare,
        bare.map(lambda text: text.encode("utf-8", "replace")),
        st.dictionaries(texts, st.integers(), max_size=3),
        st.sampled_from([None, 5, ["*"], [], "null"]),
    )


_SWITCHES = st.sampled_from([True, True, False, "true", "false", "maybe", 1, 0, None])
_REGEXES = st.sampled_from(
    [
        *(faulty.options["allow_origin_regex"] for faulty in FAULTY if "allow_origin_regex" in faulty.options),
        *(None, r"https://.*\.a\.example", re.compile("(a+)+"), re.compile(".*"), b"", b"(", b".*", re.compile(b"a")),
    ]
)
_AGES = st.sampled_from([None, 600, "600", -1, True, 1.5, 2.0, 10**30, 86401, "-1", "soon", float("nan")])
_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "allow_origins": _collections(_ORIGINS, ["*", "https://a.example", "http://b.example", "null"]),
        "allow_methods": _collections(_WORDS, ["GET", "get", "PUT"]),
        "allow_headers": _collections(_WORDS, ["X-A", "x-a", "Cookie"]),
        "expose_headers": _collections(_WORDS, ["ETag", "Set-Cookie", "content-type"]),
        "allow_credentials": _SWITCHES,
        "allow_private_network": _SWITCHES,
        "constant_allow_origin": _SWITCHES,
        "dangerously_allow_public_suffixes": _SWITCHES,
        "allow_origin_regex": _REGEXES,
        "max_age": _AGES,
        "colour": st.just("blue"),
        "allow_origin": st.just([]),
    },
)

BY_CODE: Mapping[IssueCode, list[Faulty]] = defaultdict(list)
for _faulty in FAULTY:
    for _code in {code for code, _ in _faulty.issues}:
        BY_CODE[_code].append(_faulty)


def check_fixes(options: Mapping[str, Any]) -> Counter[IssueCode]:
    """Apply each fix of each issue of these options separately. Return the number of fixes of each code."""
    complaint = complaint_of(options)
    if complaint is None:
        return Counter()
    before = Counter(issue.code for issue in complaint.issues)
    applied: Counter[IssueCode] = Counter()
    for issue in complaint.issues:
        assert bool(issue.fixes) is not bool(issue.instruction), issue
        assert len({*issue.fixes}) == len(issue.fixes)
        for fix in issue.fixes:
            assert bool(fix.when) is (len(issue.fixes) > 1)
            after = complaint_of(apply_fix(options, fix))
            left = Counter(other.code for other in after.issues) if after is not None else Counter[IssueCode]()
            told = f"{options}\n{issue}\n{fix}\n{after}"
            assert left[issue.code] < before[issue.code], told
            if isinstance(after, InvalidPolicyError):
                assert isinstance(complaint, InvalidPolicyError), told
                assert left <= before, told
            applied[issue.code] += 1
    return applied


@pytest.mark.parametrize("code", IssueCode)
def test_a_fix_takes_its_issue_away_and_brings_no_error(code: IssueCode) -> None:
    """This holds whatever else is wrong with the options, and for every code with fixes."""
    applied: Counter[IssueCode] = Counter()

    @settings(max_examples=25)
    @given(st.sampled_from(BY_CODE[code]), _OPTIONS)
    def law(faulty: Faulty, others: dict[str, Any]) -> None:
        applied.update(check_fixes(faulty.options))
        if faulty.options.keys() <= DEFAULTS.keys():
            applied.update(check_fixes(others | faulty.options))
            applied.update(check_fixes(faulty.options | others))

    law()
    assert (applied[code] >= MIN_EXAMPLES) is (code not in INSTRUCTIONS_ALONE), applied


def test_every_code_is_drawn() -> None:
    """For each code there is a faulty policy from which the examples start."""
    assert set(BY_CODE) == set(IssueCode)
