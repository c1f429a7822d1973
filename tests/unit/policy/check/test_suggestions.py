"""Fixes that depend on other options or on other parts of the value.

`tests/properties/test_fixes.py` applies all fixes.
"""

import re
from typing import Any

import pytest

from crossorigin import REMOVE, Fix, IssueCode, Policy
from tests.unit.policy.check.faulty_policies import complaint_of

A = "https://a.example"


def fixes_of(options: dict[str, Any]) -> list[tuple[Fix, ...]]:
    """Return the fixes of each issue."""
    complaint = complaint_of(options)
    assert complaint is not None
    return [issue.fixes for issue in complaint.issues]


def test_without_an_origin_next_to_it_the_wildcard_is_given_up_last() -> None:
    """Most apps need no credentials. The others list their pages, or this machine during development."""
    for origins in (["*"], ["*", "*"], ["null", "*"], [" * "], "*"):
        cookieless, pages, machine = fixes_of({"allow_origins": origins, "allow_credentials": True})[-1]
        assert (cookieless.field, cookieless.value) == ("allow_credentials", False)
        assert (pages.field, pages.value) == ("allow_origins", ("https://app.example.com",))
        assert machine.value == ("http://localhost:*", "http://127.0.0.1:*")


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"allow_origins": ["*", A]}, REMOVE),
        ({"allow_origins": ["*", f"{A}/"]}, REMOVE),
        ({"allow_origins": ["*"], "allow_origin_regex": r"https://b\.example"}, REMOVE),
        ({"allow_origins": [f"*,{A}"]}, A),
        ({"allow_origins": f"*,{A}"}, (A,)),
    ],
)
def test_next_to_an_origin_the_wildcard_is_given_up_first(options: dict[str, Any], value: object) -> None:
    """The other origins stay."""
    complaint = complaint_of({**options, "allow_credentials": True})
    assert complaint is not None
    (issue,) = [issue for issue in complaint.issues if issue.code is IssueCode.WILDCARD_WITH_CREDENTIALS]
    assert [fix.value for fix in issue.fixes] == [value, False]


def test_what_one_string_or_tuple_holds_besides_is_kept() -> None:
    """A fix of one part of a value contains the other parts too."""
    assert fixes_of({"allow_methods": "GET,trace"}) == [
        (Fix("allow_methods", ("GET", "trace")),),
        (Fix("allow_methods", ("GET",)),),
    ]
    assert fixes_of({"allow_methods": ["PUT", ("GET", "trace")]}) == [
        (Fix("allow_methods[1]", ("GET", "trace")),),
        (Fix("allow_methods[1]", "GET"),),
    ]
    assert fixes_of({"allow_methods": b"trace"})[1] == (Fix("allow_methods", ()),)


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("allow_methods", "PUT, TRACE", "PUT"),
        ("allow_methods", "trace\n", REMOVE),
        ("allow_headers", "Access-Control-Max-Age: , X-A", "X-A"),
        ("allow_headers", "Access-Control-Max-Age:", REMOVE),
        ("expose_headers", "Access-Control-Max-Age:", "Access-Control-Max-Age"),
        ("expose_headers", "Access-Control-Request-Method:", REMOVE),
        ("allow_headers", ":", REMOVE),
    ],
)
def test_a_fix_brings_no_name_that_would_be_refused(option: str, text: str, value: object) -> None:
    """An entry that can only be removed is not part of the fix."""
    assert fixes_of({option: [text]}) == [(Fix(f"{option}[0]", value),)]  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["allow_methods", "allow_headers", "expose_headers"])
@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_name_may_be_an_asterisk_that_got_lost(option: str, text: str) -> None:
    """A shell expands an unquoted asterisk. Next to an asterisk, the empty name can only be removed."""
    field = f"{option}[0]"
    ((wildcard, removal),) = fixes_of({option: [text]})
    assert [(fix.field, fix.value) for fix in (wildcard, removal)] == [(field, "*"), (field, REMOVE)]
    assert fixes_of({option: [text, "*"]}) == [(Fix(field, REMOVE),)]


def test_the_slash_of_several_urls_is_explained_once() -> None:
    """It comes from pydantic. One URL with a slash among other origins was written by hand."""
    for origins, explained in (
        ([f"{A}/", "http://localhost:3000/"], [True, False]),
        ([f"{A}/", "http://localhost:3000"], [False]),
        ([f"{A}/"], [False]),
        ([f"{A}/", f"{A}/login"], [False, False]),
    ):
        complaint = complaint_of({"allow_origins": origins})
        assert complaint is not None
        assert ["pydantic" in issue.reason for issue in complaint.issues] == explained


def test_a_function_in_place_of_a_list_leads_to_a_page() -> None:
    """The hint names what supports origins that change."""
    complaint = complaint_of({"allow_origins": len})
    assert complaint is not None
    (issue,) = complaint.issues
    assert issue.hint.startswith("use a list: no function is called.")
    assert "docs/policy.md#origins-that-change" in issue.hint


def test_a_policy_in_place_of_a_list_has_a_name_to_be_passed_by() -> None:
    """The second argument of the middleware is `allow_origins`, so a policy without its name arrives there."""
    complaint = complaint_of({"allow_origins": Policy(allow_origins=[A])})
    assert complaint is not None
    (issue,) = complaint.issues
    assert issue.reason == "Expected a list of origins, got Policy."
    assert issue.hint == "pass the policy by name: policy=policy."


def test_one_wildcard_can_be_removed_and_several_cannot_at_once() -> None:
    """If a wildcard is redundant, both fixes are right. A change after which the issue remains is not a fix."""
    (own, wildcard) = fixes_of({"allow_origins": [A, "*"]})[0]
    assert (own.field, wildcard.field) == ("allow_origins[0]", "allow_origins[1]")
    assert (own.value, wildcard.value) == (REMOVE, REMOVE)
    assert (Fix("allow_origins[0]", REMOVE),) in fixes_of({"allow_origins": [A, "*", "*"]})


class Address:
    """An object that is not a string, and whose text may be an origin."""

    def __init__(self, text: str) -> None:
        """Keep the text."""
        self._text = text

    def __str__(self) -> str:
        """Return the text."""
        return self._text


@pytest.mark.parametrize(
    ("text", "fixes"), [("https://A.example/", (Fix("allow_origins[0]", A),)), ("https://a b", ()), ("a.example", ())]
)
def test_an_object_is_an_origin_only_if_its_text_is_one(text: str, fixes: tuple[Fix, ...]) -> None:
    """A URL object has a fix. For other objects, the hint says what an element is."""
    assert fixes_of({"allow_origins": [Address(text)]}) == [fixes]


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"allow_methods": ["['GET', 'POST']"]}, ("GET", "POST")),
        ({"allow_methods": ["(GET, POST)"]}, ("GET", "POST")),
        ({"allow_methods": ["GET/POST"]}, ("GET", "POST")),
        ({"allow_methods": ["[get]"]}, "GET"),
        ({"allow_headers": ['["X-One", "X-Two"]']}, ("X-One", "X-Two")),
        ({"allow_headers": ["Authorization: Bearer <token>"]}, "Authorization"),
        ({"expose_headers": ["Content-Type: application/json"]}, "Content-Type"),
        ({"allow_origins": f"- {A}\n- https://b.example"}, (A, "https://b.example")),
        ({"allow_origins": f"{{'{A}', 'https://b.example'}}"}, (A, "https://b.example")),
    ],
)
def test_what_other_syntax_adds_to_names_is_left_out(options: dict[str, Any], value: object) -> None:
    """Brackets, hyphens of YAML and values of headers are not part of a name."""
    (fixes,) = fixes_of(options)
    assert [fix.value for fix in fixes] == [value]


def test_one_url_or_pattern_in_place_of_a_list_is_understood() -> None:
    """A URL of pydantic is put into a list, and a pattern belongs to another option."""

    class Url:
        def __str__(self) -> str:
            return f"{A}/"

    assert fixes_of({"allow_origins": Url()}) == [(Fix("allow_origins", (A,)),)]
    complaint = complaint_of({"allow_origins": re.compile(f"{A}.*")})
    assert complaint is not None
    assert complaint.issues[0].hint == "move it to allow_origin_regex, as a string."


def test_a_wildcard_in_a_name_has_no_fix() -> None:
    """Allowing all names would be more than was meant."""
    complaint = complaint_of({"allow_headers": ["X-*"], "allow_methods": ["*"], "expose_headers": ["*"]})
    assert complaint is not None
    (issue,) = complaint.issues
    assert (issue.code, issue.fixes) == (IssueCode.NAME_INSTEAD_OF_WILDCARD, ())
    assert issue.hint.startswith("list each header")
