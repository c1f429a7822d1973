"""Each rule refuses what would allow untrusted origins or could never match, and nothing else."""

from typing import Any

import pytest

from crossorigin import InvalidPolicyError, IssueCode, Policy
from tests.unit.policy.check.faulty_policies import complaint_of


def codes_of(options: dict[str, Any]) -> list[str]:
    """Return the codes of all issues of a policy."""
    complaint = complaint_of(options)
    return [] if complaint is None else [issue.code.value for issue in complaint.issues]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"allow_origins": ["*"]},
        {"allow_origins": ["null"]},
        {"allow_origins": ["https://*.com", "https://*.corp"]},
        {"allow_origins": ["http://a.example"]},
        {"allow_origin_regex": ".*"},
        {"allow_origins": ["https://a.example", "https://*.a.example:*"], "allow_credentials": True},
        {"allow_methods": ["*"], "allow_headers": ["*"], "expose_headers": ["*"]},
        {"allow_methods": ["*"], "allow_headers": ["*"], "expose_headers": ["*"], "allow_credentials": True},
        {"allow_methods": []},
        {"allow_methods": ["get", "PATCH", "QUERY", "chicken", "M-SEARCH", "foo!", "Search"]},
        {"allow_headers": ["Authorization", "x-y_z", "Content-Type", "User-Agent"]},
        {"expose_headers": ["ETag", "X-Total-Count", "Access-Control-Foo"]},
        {"allow_headers": ["Access-Control-Foo", "Access-Control-Request-Private-Network"]},
        {"allow_origins": ["https://a.example"], "constant_allow_origin": True},
        {"allow_origins": ["https://a.example"], "constant_allow_origin": True, "allow_credentials": True},
        {"max_age": None},
        {"max_age": 0},
        {"max_age": 86400},
    ],
)
def test_a_valid_policy_causes_no_message(options: dict[str, Any]) -> None:
    """A safe origin that can match causes no message."""
    assert codes_of(options) == []
    assert Policy(**options) == Policy.from_dict(Policy(**options).to_dict())


@pytest.mark.parametrize(
    ("age", "codes"),
    [
        (-1, ["max-age-out-of-range"]),
        (0, []),
        (86400, []),
        (86401, ["max-age-above-browser-limits"]),
        (2147483647, ["max-age-above-browser-limits"]),
        (2147483648, ["max-age-out-of-range"]),
        (10**30, ["max-age-out-of-range"]),
        (True, ["max-age-not-an-int"]),
        (False, ["max-age-not-an-int"]),
        (600.0, ["max-age-not-an-int"]),
        (float("nan"), ["max-age-not-an-int"]),
        (float("inf"), ["max-age-not-an-int"]),
        ("600", ["max-age-not-an-int"]),
        ([600], ["max-age-not-an-int"]),
    ],
)
def test_the_maximum_age_is_a_number_of_seconds(age: object, codes: list[str]) -> None:
    """An int from 0 to 2147483647; above a day it is reported."""
    assert codes_of({"max_age": age}) == codes


@pytest.mark.parametrize(
    ("method", "codes"),
    [
        ("patch", ["method-wrong-case"]),
        ("Patch", ["method-wrong-case"]),
        ("query", ["method-wrong-case"]),
        ("get", []),
        ("Delete", []),
        ("options", []),
        ("search", []),
        ("connect", ["method-forbidden"]),
        ("Track", ["method-forbidden"]),
        ("", ["method-not-a-token"]),
        ("GET\n", ["method-not-a-token"]),
        ("GET,PUT", ["method-not-a-token"]),
        ("po\u017ft", ["method-not-a-token"]),
        ("*GET", ["name-instead-of-wildcard"]),
    ],
)
def test_a_method_is_one_that_a_browser_sends(method: str, codes: list[str]) -> None:
    """Tokens are valid, except forbidden methods and those in a case that no page would send."""
    assert codes_of({"allow_methods": [method]}) == codes


@pytest.mark.parametrize(
    ("name", "among_requests", "among_responses"),
    [
        ("Access-Control-Allow-Origin", ["response-header-in-allow-headers"], []),
        ("access-control-max-age", ["response-header-in-allow-headers"], []),
        ("Access-Control-Allow-Private-Network", ["response-header-in-allow-headers"], []),
        ("Access-Control-Request-Method", ["request-header-without-effect"], ["request-header-in-expose-headers"]),
        ("Access-Control-Request-Private-Network", [], ["request-header-in-expose-headers"]),
        ("X-Ä", ["header-not-a-token"], ["header-not-a-token"]),
        ("", ["header-not-a-token"], ["header-not-a-token"]),
        ("X-Token\r\nSet-Cookie", ["header-not-a-token"], ["header-not-a-token"]),
        ("Set-Cookie", ["request-header-without-effect"], ["response-header-without-effect"]),
        ("X-Token", [], []),
    ],
)
def test_a_header_name_is_on_its_side(name: str, among_requests: list[str], among_responses: list[str]) -> None:
    """A name for the other direction is refused, and so is an invalid name."""
    assert codes_of({"allow_headers": [name]}) == among_requests
    assert codes_of({"expose_headers": [name]}) == among_responses


@pytest.mark.parametrize(
    ("origins", "codes"),
    [
        (["*"], ["wildcard-with-credentials"]),
        (["*", "https://a.example"], ["wildcard-with-credentials"]),
        (["*", "*"], ["wildcard-with-credentials", "wildcard-with-credentials"]),
        (["null"], ["null-with-credentials"]),
        ([" NULL "], ["origin-whitespace", "null-with-credentials"]),
        (["https://*.com"], ["public-suffix-with-credentials"]),
        (["HTTPS://*.COM/"], ["origin-trailing-slash", "public-suffix-with-credentials"]),
        ([r"https://.*\.com"], ["origin-looks-like-regex", "public-suffix-with-credentials"]),
        ([r"https://[^.]+\.com"], ["origin-looks-like-regex", "public-suffix-with-credentials"]),
        (["https://*com"], ["origin-misplaced-wildcard", "public-suffix-with-credentials"]),
        (["'null'"], ["origin-malformed", "null-with-credentials"]),
    ],
)
def test_with_credentials_untrusted_origins_are_refused(origins: list[str], codes: list[str]) -> None:
    """What would allow every origin is reported together with the errors in the text of an origin."""
    assert codes_of({"allow_origins": origins, "allow_credentials": True}) == codes


@pytest.mark.parametrize(
    ("origins", "regex", "codes"),
    [
        (["https://a.example"], None, []),
        (["https://[::1]:8443"], None, []),
        (["https://a.example", "https://a.example"], None, ["duplicate-entry"]),
        (["https://a.example/"], None, ["origin-trailing-slash"]),
        (["https://a.example", "HTTPS://A.example"], None, ["origin-uppercase"]),
        ([], None, ["constant-origin-needs-one-origin"]),
        (["https://a.example", "https://b.example"], None, ["constant-origin-needs-one-origin"]),
        (["https://a.example, https://b.example"], None, ["multiple-origins", "constant-origin-needs-one-origin"]),
        (["*"], None, ["constant-origin-needs-one-origin"]),
        (["https://a.example", "*"], None, ["constant-origin-needs-one-origin"]),
        (["https://*.a.example"], None, ["constant-origin-needs-one-origin"]),
        (["http://localhost:*"], None, ["constant-origin-needs-one-origin"]),
        (["null"], None, ["constant-origin-needs-one-origin"]),
        (["NULL"], None, ["origin-uppercase", "constant-origin-needs-one-origin"]),
        ([], r"https://a\.example", ["constant-origin-needs-one-origin"]),
        (["https://a.example"], r"https://b\.example", ["constant-origin-needs-one-origin"]),
    ],
)
def test_a_constant_answer_has_one_origin_to_name(origins: list[str], regex: str | None, codes: list[str]) -> None:
    """One exact origin, or a text that is one after its repair, is required."""
    options = {"allow_origins": origins, "allow_origin_regex": regex, "constant_allow_origin": True}
    assert codes_of(options) == codes


@pytest.mark.parametrize(
    ("regex", "codes"),
    [
        ("", ["regex-empty"]),
        ("(", ["regex-invalid"]),
        ("a{1,99999999999999999999}", ["regex-invalid"]),
        ("(" * 4000 + ")" * 4000, ["regex-invalid"]),
        ("(" * 5000 + ")" * 5000, ["regex-too-large"]),
        ("(?a)(?u)https://a", ["regex-invalid"]),
        ("https://a", []),
        (b"https://a", ["regex-not-a-string"]),
    ],
    ids=range(8),
)
def test_a_regex_compiles(regex: object, codes: list[str]) -> None:
    """An expression that Python cannot compile, for whatever reason, is an issue and not another exception."""
    assert codes_of({"allow_origin_regex": regex}) == codes


def test_an_unknown_option_is_named_with_the_one_that_is_meant() -> None:
    """In a file, a misspelled name would otherwise be ignored."""
    with pytest.raises(InvalidPolicyError, match=r"allow_credentials\.") as caught:
        Policy.from_dict({"allow_credential": True, "origins": []})
    assert [(issue.code, issue.field) for issue in caught.value.issues] == [
        (IssueCode.UNKNOWN_OPTION, "allow_credential"),
        (IssueCode.UNKNOWN_OPTION, "origins"),
    ]


def test_an_unknown_option_does_not_hide_the_other_errors() -> None:
    """All problems of what was read from a file are reported together."""
    options = {"colour": 1, "allow_origins": ["https://a.example/"]}
    assert set(codes_of(options)) == {"unknown-option", "origin-trailing-slash"}


def test_issues_come_in_the_order_of_the_options_not_of_the_arguments() -> None:
    """Readers find the issues in the order of the options, element by element."""
    origins = [f"https://a{index}.example{'/' * (index % 2)}" for index in range(24)]
    complaint = complaint_of({"max_age": -1, "allow_methods": ["patch"], "allow_origins": origins})
    assert complaint is not None
    fields = [issue.field for issue in complaint.issues]
    assert fields == [*(f"allow_origins[{index}]" for index in range(1, 24, 2)), "allow_methods[0]", "max_age"]
