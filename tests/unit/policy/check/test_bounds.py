"""A policy with many errors is refused, with a message of limited length."""

from typing import Any

import pytest

from crossorigin import InvalidPolicyError, IssueCode
from crossorigin.policy.check.origin_repair import diagnose
from crossorigin.policy.check.validate import MAX_ISSUES
from crossorigin.policy.errors import MAX_SHOWN
from tests.unit.policy.check.faulty_policies import complaint_of


def error_of(**options: Any) -> InvalidPolicyError:
    """Return the error of a policy."""
    complaint = complaint_of(options)
    assert isinstance(complaint, InvalidPolicyError)
    return complaint


@pytest.mark.parametrize("count", [MAX_SHOWN, MAX_SHOWN + 1, MAX_ISSUES, MAX_ISSUES + 1])
def test_a_message_shows_the_first_issues_and_counts_the_others(count: int) -> None:
    """The error has all issues, in the order of the list."""
    error = error_of(allow_origins=[f"https://a{i}.example/" for i in range(count)])
    message = str(error)
    assert [issue.field for issue in error.issues] == [f"allow_origins[{i}]" for i in range(count)]
    assert message.count("[origin-trailing-slash]") == MAX_SHOWN
    assert message.startswith(f"This CORS policy has {count} errors.")
    assert message.endswith(f"has {count - MAX_SHOWN} more." if count > MAX_SHOWN else "[origin-trailing-slash]")


def test_up_to_a_bound_every_issue_has_its_fix() -> None:
    """The issues in the message have fixes, and the others say what to do first."""
    for count, fixed in ((MAX_ISSUES, MAX_ISSUES), (MAX_ISSUES + 1, MAX_SHOWN)):
        issues = error_of(allow_origins=[f"https://a{i}.example/" for i in range(count)]).issues
        assert [bool(issue.fixes) for issue in issues] == [place < fixed for place in range(count)]
        assert all(issue.instruction.startswith("fix the first issues") for issue in issues[fixed:])


def test_beyond_a_bound_no_further_rule_looks() -> None:
    """The errors of one rule have to be fixed first."""
    origins = ["https://a.example/"] * (MAX_ISSUES + 1)
    codes = {issue.code for issue in error_of(allow_origins=origins, max_age=-1).issues}
    assert codes == {IssueCode.ORIGIN_TRAILING_SLASH}


def test_a_text_of_many_parts_is_given_up_at_the_first_that_is_no_origin() -> None:
    """There is no fix for it, and its other parts are not examined."""
    diagnosis = diagnose("GET," * 30000)
    assert diagnosis is not None
    assert diagnosis.code is IssueCode.MULTIPLE_ORIGINS
    assert diagnosis.replacements == ()
