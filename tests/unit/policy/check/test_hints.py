"""A hint is what to write: the pasted text is the fix, and following all hints ends."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import REMOVE, Fix, InvalidPolicyError, IssueCode, PolicyIssue
from crossorigin.policy.options import apply_fix
from tests.example_counts import ExampleCounts
from tests.unit.fetch.strategies import near_misses
from tests.unit.policy.check.faulty_policies import FAULTY, Faulty, complaint_of
from tests.unit.policy.check.test_origin_repair import spelled_urls, url_like


def told(options: dict[str, Any]) -> tuple[PolicyIssue, ...]:
    """Return all errors or warnings of a policy."""
    complaint = complaint_of(options)
    return () if complaint is None else complaint.issues


def fixed(options: dict[str, Any], issue: PolicyIssue) -> dict[str, Any] | None:
    """Return the options after the first fix of an issue, or None if it has none."""
    return apply_fix(options, issue.fixes[0]) if issue.fixes else None


def pasted(options: dict[str, Any], issue: PolicyIssue, fix: Fix, line: str) -> dict[str, Any]:
    """Return the options with a line of a hint pasted in, as a person would do it."""
    name, _, index = issue.field.partition("[")
    if fix.value is REMOVE:
        assert line.removesuffix(".").startswith("remove it" if len(issue.fixes) == 1 else "# remove ")
        return apply_fix(options, fix)
    if "[" in fix.field:
        place = int(index[:-1])
        elements = ast.literal_eval(f"[{line}\n]")
        return {**options, name: [*options[name][:place], *elements, *options[name][place + 1 :]]}
    if fix.field == name and len(issue.fixes) == 1:
        return {**options, name: ast.literal_eval(line)}
    call = ast.parse(f"Policy({line}\n)", mode="eval").body
    assert isinstance(call, ast.Call)
    return {**options, **{str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}}


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_a_hint_pasted_in_is_the_fix(faulty: Faulty) -> None:
    """Each line is valid Python in its place, and has the same result as the fix."""
    for issue in told(faulty.options):
        lines = issue.hint.split("\n") if issue.fixes else []
        assert len(lines) == len(issue.fixes)
        for line, fix in zip(lines, issue.fixes, strict=True):
            assert pasted(faulty.options, issue, fix, line) == apply_fix(faulty.options, fix)
            assert line.endswith(fix.when)


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_all_fixes_applied_leave_what_only_a_person_can_fix(faulty: Faulty) -> None:
    """Repeatedly applying the first fix ends, with instructions or with a valid policy."""
    options = faulty.options
    for _ in range(20):
        better = next((fixed(options, issue) for issue in told(options) if issue.fixes), None)
        if better is None:
            break
        options = better
    else:
        pytest.fail("the hints go in circles")


def test_an_origin_pasted_right_has_nothing_wrong_any_more() -> None:
    """For URLs with many kinds of damage, the replacement removes every issue of its element and adds none."""
    counts = ExampleCounts()

    @given(
        url_like | near_misses() | spelled_urls() | spelled_urls() | spelled_urls() | spelled_urls(), st.integers(0, 2)
    )
    def law(text: str, place: int) -> None:
        origins = ["https://app.example.com", "http://*.example.org:*"]
        origins.insert(place, text)
        options = {"allow_origins": origins}
        complaint = complaint_of(options)
        repaired = None
        if isinstance(complaint, InvalidPolicyError):
            (issue,) = complaint.issues
            assert issue.field == f"allow_origins[{place}]"
            repaired = fixed(options, issue)
        counts.count(positive=repaired is not None)
        if repaired is not None:
            assert not isinstance(complaint_of(repaired), InvalidPolicyError)
            assert len(repaired["allow_origins"]) >= 3 or issue.code is IssueCode.ORIGIN_EMPTY

    law()
    counts.require(positive=0.2)


def test_several_origins_in_one_string_become_the_list_that_is_meant() -> None:
    """The hint for a string contains each origin, repaired, whatever separates them."""
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
            repaired = fixed(options, complaint.issues[0])
            assert repaired is not None
            assert not isinstance(complaint_of(repaired), InvalidPolicyError)
            assert len(repaired["allow_origins"]) <= len(texts)

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize("option", ["allow_methods", "allow_headers", "expose_headers"])
def test_a_name_pasted_right_has_nothing_wrong_any_more(option: str) -> None:
    """The same holds for methods and header names in lists, with colons and spaces."""
    counts = ExampleCounts()
    good = st.sampled_from(["GET", "patch", "Query", "X-Token", "X-A"])
    words = good | good | good | st.sampled_from(["x y", "X-A:", "trace", "Cookie", "é", "", "a\nb", "(", "\0"])

    @given(st.lists(words, min_size=2, max_size=4), st.sampled_from([",", ", ", ";", " ; "]))
    def law(texts: list[str], separator: str) -> None:
        options = {option: [separator.join(texts)]}
        complaint = complaint_of(options)
        repaired = None
        for issue in complaint.issues if isinstance(complaint, InvalidPolicyError) else ():
            repaired = fixed(options, issue)
        counts.count(positive=repaired is not None)
        if repaired is not None:
            assert not isinstance(complaint_of(repaired), InvalidPolicyError)

    law()
    counts.require(positive=0.2)


@pytest.mark.parametrize(
    ("option", "text", "hint"),
    [
        ("allow_headers", '"X-A"', '"X-A"'),
        ("allow_headers", "\t'X-A\n", '"X-A"'),
        ("allow_headers", "X-A: ", '"X-A"'),
        ("allow_headers", ":X-A", "write a valid header name, or remove it."),
        ("allow_headers", "X A", '"X-A"'),
        ("expose_headers", "XX-AXX, X-B;X-C", '"XX-AXX", "X-B", "X-C"'),
        ("allow_methods", '"XPUTX"', '"XPUTX"'),
        ("allow_methods", "put, \"'Mine'", '"PUT", "Mine"'),
        ("allow_methods", "PUT, TRACE", '"PUT"'),
        ("allow_methods", "é", "write a valid method, or remove it."),
        ("allow_methods", ",", "remove it."),
    ],
)
def test_what_was_pasted_around_a_name_is_taken_off(option: str, text: str, hint: str) -> None:
    """Quotes, white space and a colon after the name are removed, and nothing of the name."""
    complaint = complaint_of({option: [text]})
    assert complaint is not None
    assert [issue.hint for issue in complaint.issues] == [hint]
