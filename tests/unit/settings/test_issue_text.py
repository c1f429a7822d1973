"""Issues and their fixes as they are written where options are given as text."""

import pytest

from crossorigin import REMOVE, Fix, IssueCode, PolicyIssue
from crossorigin.settings.issue_text import in_text

A, B = "https://a.example", "https://b.example"
NAMES = {
    "allow_origins": "CORS_ALLOW_ORIGINS",
    "max_age": "CORS_MAX_AGE",
    "allow_credentials": "CORS_ALLOW_CREDENTIALS",
}


def issue_of(*fixes: Fix, instruction: str = "", field: str = "allow_origins[0]") -> PolicyIssue:
    """Make an issue of a text."""
    return PolicyIssue(
        code=IssueCode.WILDCARD_WITH_CREDENTIALS,
        field=field,
        value="*",
        reason="With allow_credentials=True it is not safe; see allow_origins.",
        fixes=fixes,
        instruction=instruction,
    )


@pytest.mark.parametrize(
    ("fixes", "bare", "json"),
    [
        ([Fix("allow_origins[0]", A)], A, f'"{A}"'),
        ([Fix("allow_origins[0]", (A, B))], f"{A},{B}", f'"{A}", "{B}"'),
        ([Fix("allow_origins[0]", REMOVE)], "remove it.", "remove it."),
        ([Fix("max_age", 600)], "CORS_MAX_AGE=600", "CORS_MAX_AGE=600"),
        ([Fix("max_age", REMOVE)], "# remove CORS_MAX_AGE", "# remove CORS_MAX_AGE"),
        (
            [Fix("allow_credentials", value=False, when="if one"), Fix("allow_origins[0]", A, when="if two")],
            f"# if one\nCORS_ALLOW_CREDENTIALS=false\n# if two\n{A}",
            f'# if one\nCORS_ALLOW_CREDENTIALS=false\n# if two\n"{A}"',
        ),
        (
            [Fix("allow_origins", (A, B), when="if one"), Fix("allow_origins[0]", REMOVE, when="if two")],
            f"# if one\nCORS_ALLOW_ORIGINS={A},{B}\n# remove it if two",
            f"# if one\nCORS_ALLOW_ORIGINS={A},{B}\n# remove it if two",
        ),
    ],
)
def test_a_fix_is_written_as_its_variable_is(fixes: list[Fix], bare: str, json: str) -> None:
    """Among commas or in JSON; where it is for another variable, with its name."""
    assert in_text(issue_of(*fixes), {"allow_origins": "*"}, NAMES).hint == bare
    assert in_text(issue_of(*fixes), {"allow_origins": '["*"]'}, NAMES).hint == json


@pytest.mark.parametrize(
    ("fix", "hint"),
    [
        (Fix("max_age", 600), "600"),
        (Fix("max_age", value=True), "true"),
        (Fix("max_age", None), "remove it."),
        (Fix("max_age", REMOVE), "remove it."),
        (Fix("max_age", (A, B)), f"{A},{B}"),
    ],
)
def test_the_only_fix_of_a_variable_is_its_text(fix: Fix, hint: str) -> None:
    """A value without a text is written by omitting the variable."""
    assert in_text(issue_of(fix, field="max_age"), {"max_age": "[x"}, NAMES).hint == hint


def test_names_are_those_of_the_variables_in_all_that_is_said() -> None:
    """This includes the field, the reason, the fixes and the instruction.

    Without names they are those of the options.
    """
    told = in_text(issue_of(Fix("max_age", 0)), {"allow_origins": "*"}, NAMES)
    assert (told.field, told.fixes) == ("CORS_ALLOW_ORIGINS[0]", (Fix("CORS_MAX_AGE", 0),))
    assert told.reason == "With CORS_ALLOW_CREDENTIALS=true it is not safe; see CORS_ALLOW_ORIGINS."
    told = in_text(issue_of(instruction='max_age, as in r"a"; allow_credentials=True.'), {"allow_origins": "*"}, NAMES)
    assert told.hint == 'CORS_MAX_AGE, as in "a"; CORS_ALLOW_CREDENTIALS=true.'
    assert in_text(issue_of(Fix("max_age", 0)), {"allow_origins": "*"}, None).hint == "max_age=0"


def test_an_issue_of_what_is_no_text_stays_as_it_is() -> None:
    """A list in a program is written in Python."""
    issue = issue_of(Fix("max_age", 0))
    assert in_text(issue, {"max_age": "0"}, NAMES) is issue
