"""A hint that is a replacement is one: pasted in place of the value, the issue is gone."""

import ast
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue
from tests.example_counts import ExampleCounts
from tests.unit.fetch.strategies import near_misses
from tests.unit.policy.check.faulty_policies import FAULTY, Faulty, complaint_of
from tests.unit.policy.check.test_origin_repair import spelled_urls, url_like

INSTRUCTIONS_ALONE = {
    IssueCode.UNKNOWN_OPTION,
    IssueCode.POLICY_NOT_A_POLICY,
    IssueCode.POLICY_BESIDE_OPTIONS,
    IssueCode.NOT_A_CHOICE,
    IssueCode.NOT_CALLABLE,
    IssueCode.GUARDS_NOTHING,
    IssueCode.ORIGIN_EMPTY,
    IssueCode.ORIGIN_FILE,
    IssueCode.NULL_WITH_CREDENTIALS,
    IssueCode.PUBLIC_SUFFIX_WITH_CREDENTIALS,
    IssueCode.CONSTANT_NEEDS_ONE_ORIGIN,
    IssueCode.REGEX_INVALID,
    IssueCode.REGEX_NOT_JUDGED,
    IssueCode.REGEX_CATASTROPHIC,
    IssueCode.REGEX_LETS_STRANGERS_IN,
    IssueCode.METHOD_FORBIDDEN,
    IssueCode.RESPONSE_HEADER_AMONG_REQUEST_HEADERS,
    IssueCode.REQUEST_HEADER_AMONG_RESPONSE_HEADERS,
    IssueCode.REGEX_NEVER_MATCHES,
    IssueCode.ORIGIN_BESIDE_WILDCARD,
    IssueCode.DUPLICATE,
    IssueCode.REQUEST_HEADER_NEVER_MATTERS,
    IssueCode.RESPONSE_HEADER_NEVER_MATTERS,
}


def literal_of(source: str) -> tuple[Any] | None:
    """Return the value of a literal, in a tuple, or None if the source is none."""
    try:
        return (ast.literal_eval(source),)
    except (SyntaxError, ValueError):
        return None


def pasted(options: dict[str, Any], issue: PolicyIssue) -> Iterator[dict[str, Any]]:
    """Yield the options with the hint of an issue pasted in, once for each line that is one; nothing if it is none."""
    name, _, index = issue.field.partition("[")
    if issue.hint.startswith(f"{name}="):
        for line in issue.hint.splitlines():
            value = literal_of(line.partition("#")[0].strip().removeprefix(f"{name}=").removesuffix(","))
            assert value is not None
            yield {**options, name: value[0]}
    elif index:
        elements, place = options[name], int(index[:-1])
        found = literal_of(f"[{issue.hint}]")
        if found is not None:
            yield {**options, name: [*elements[:place], *found[0], *elements[place + 1 :]]}
    else:
        found = literal_of(issue.hint)
        if found is not None:
            yield {**options, name: found[0]}


def told(options: dict[str, Any]) -> tuple[PolicyIssue, ...]:
    """Return all that is wrong with a policy, or remarkable about it."""
    complaint = complaint_of(options)
    return () if complaint is None else complaint.issues


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_a_replacement_pasted_in_takes_its_issue_away(faulty: Faulty) -> None:
    """The same code is gone from that field, and nothing new is wrong."""
    before = {(issue.code, issue.field) for issue in told(faulty.options)}
    assert before
    for issue in told(faulty.options):
        for options in pasted(faulty.options, issue):
            complaint = complaint_of(options)
            after = set() if complaint is None else {(other.code, other.field) for other in complaint.issues}
            assert (issue.code, issue.field) not in after
            if len(before) == 1:
                # A remark may come to light once the errors are gone; an error may not.
                assert complaint is None or isinstance(complaint, CrossOriginWarning)


def test_which_codes_have_replacements_is_known() -> None:
    """Every code but those that cannot be mended by pasting has a replacement somewhere in the list of faults."""
    replaced = {issue.code for faulty in FAULTY for issue in told(faulty.options) if any(pasted(faulty.options, issue))}
    assert set(IssueCode) - replaced == INSTRUCTIONS_ALONE


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_all_replacements_pasted_in_leave_what_only_a_person_can_mend(faulty: Faulty) -> None:
    """Following the hints one after the other comes to an end, at instructions or at a policy that starts."""
    options = faulty.options
    for _ in range(20):
        better = next(itertools.chain.from_iterable(pasted(options, issue) for issue in told(options)), None)
        if better is None:
            break
        options = better
    else:
        pytest.fail("the hints go in circles")
    assert not any(any(pasted(options, issue)) for issue in told(options))


def test_an_origin_pasted_right_has_nothing_wrong_any_more() -> None:
    """For URLs mangled in many ways, a replacement takes every issue of its element away, and brings none."""
    counts = ExampleCounts()

    @given(
        url_like | near_misses() | spelled_urls() | spelled_urls() | spelled_urls() | spelled_urls(), st.integers(0, 2)
    )
    def law(text: str, place: int) -> None:
        origins = ["https://app.example.com", "http://*.example.org:*"]
        origins.insert(place, text)
        options = {"allow_origins": origins}
        complaint = complaint_of(options)
        mended = None
        if isinstance(complaint, InvalidPolicyError):
            (issue,) = complaint.issues
            assert issue.field == f"allow_origins[{place}]"
            mended = next(pasted(options, issue), None)
        counts.count(positive=mended is not None)
        if mended is not None:
            assert not isinstance(complaint_of(mended), InvalidPolicyError)
            assert len(mended["allow_origins"]) >= 3

    law()
    counts.require(positive=0.2)


def test_several_origins_in_one_string_become_the_list_that_is_meant() -> None:
    """Whatever stands between them, the hint for a bare string has each of them, mended."""
    counts = ExampleCounts()
    parts = st.lists(spelled_urls().map(str.strip), min_size=1, max_size=4)

    @given(parts, st.sampled_from([",", ", ", " ", ";", "\n", " ,, "]))
    def law(texts: list[str], separator: str) -> None:
        options = {"allow_origins": separator.join(texts)}
        complaint = complaint_of(options)
        assert isinstance(complaint, InvalidPolicyError)
        assert complaint.issues[0].code is IssueCode.BARE_STRING
        counts.count(positive=len(complaint.issues) == 1)
        if len(complaint.issues) == 1:
            (mended,) = pasted(options, complaint.issues[0])
            assert not isinstance(complaint_of(mended), InvalidPolicyError)
            assert len(mended["allow_origins"]) <= len(texts)

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize("option", ["allow_methods", "allow_headers", "expose_headers"])
def test_a_name_pasted_right_has_nothing_wrong_any_more(option: str) -> None:
    """For methods and header names in lists, with colons and spaces, the same holds."""
    counts = ExampleCounts()
    good = st.sampled_from(["GET", "patch", "Query", "X-Token", "X-A"])
    words = good | good | good | st.sampled_from(["x y", "X-A:", "trace", "Cookie", "é", "", "a\nb", "(", "\0"])

    @given(st.lists(words, min_size=2, max_size=4), st.sampled_from([",", ", ", ";", " ; "]))
    def law(texts: list[str], separator: str) -> None:
        options = {option: [separator.join(texts)]}
        complaint = complaint_of(options)
        mended = None
        for issue in complaint.issues if isinstance(complaint, InvalidPolicyError) else ():
            mended = next(pasted(options, issue), None)
        counts.count(positive=mended is not None)
        if mended is not None:
            assert not isinstance(complaint_of(mended), InvalidPolicyError)

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize(
    ("option", "text", "hint"),
    [
        ("allow_headers", '"X-A"', '"X-A"'),
        ("allow_headers", "\t'X-A\n", '"X-A"'),
        ("allow_headers", "X-A: ", '"X-A"'),
        ("allow_headers", ":X-A", "remove it, or write the name."),
        ("allow_headers", "X A", '"X-A"'),
        ("expose_headers", "XX-AXX, X-B;X-C", '"XX-AXX", "X-B", "X-C"'),
        ("allow_methods", '"XPUTX"', '"XPUTX"'),
        ("allow_methods", "put, \"'Mine'", '"PUT", "Mine"'),
        ("allow_methods", "PUT, TRACE", "remove it, or write the method's name."),
    ],
)
def test_what_was_pasted_around_a_name_is_taken_off(option: str, text: str, hint: str) -> None:
    """Quotes, white space and a colon behind it, and nothing of the name."""
    complaint = complaint_of({option: [text]})
    assert complaint is not None
    assert [issue.hint for issue in complaint.issues] == [hint]
