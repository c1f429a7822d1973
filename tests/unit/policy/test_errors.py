"""Codes, issues, the error and the warning: closed, plain, and fit to travel."""

import copy
import pickle
import traceback
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError, field_validator

from crossorigin import CrossOriginWarning, Fix, InvalidPolicyError, IssueCode, Policy, PolicyIssue
from crossorigin.policy.errors import MAX_VALUE, keep_value, text_of
from crossorigin.policy.options import DEFAULTS
from tests.unit.policy.check.faulty_policies import FAULTY, WARNINGS, Faulty, complaint_of

CODES = {
    "not-a-collection",
    "bare-string",
    "not-a-string",
    "not-a-bool",
    "unknown-option",
    "not-a-policy",
    "policy-and-options",
    "invalid-choice",
    "not-callable",
    "no-effect-with-wildcard",
    "not-live-origins",
    "live-origin-not-exact",
    "live-origin-scheme-not-allowed",
    "too-many-live-origins",
    "max-age-delays-revocation",
    "origin-empty",
    "multiple-origins",
    "origin-looks-like-regex",
    "origin-whitespace",
    "origin-missing-scheme",
    "origin-misspelled-scheme",
    "origin-file-scheme",
    "origin-websocket-scheme",
    "origin-userinfo",
    "origin-trailing-slash",
    "origin-path",
    "origin-query",
    "origin-uppercase",
    "origin-non-ascii",
    "origin-noncanonical-ip",
    "origin-default-port",
    "origin-invalid-port",
    "origin-misplaced-wildcard",
    "origin-wildcard-before-ip",
    "origin-malformed",
    "wildcard-with-credentials",
    "null-with-credentials",
    "public-suffix-with-credentials",
    "constant-origin-needs-one-origin",
    "regex-not-a-string",
    "regex-empty",
    "regex-invalid",
    "regex-unsupported",
    "regex-too-large",
    "regex-allows-untrusted-origins",
    "method-not-a-token",
    "method-wrong-case",
    "method-forbidden",
    "header-not-a-token",
    "response-header-in-allow-headers",
    "request-header-in-expose-headers",
    "max-age-not-an-int",
    "max-age-out-of-range",
    "insecure-origin-with-credentials",
    "regex-never-matches",
    "regex-scheme-never-sent",
    "regex-unescaped-dot",
    "redundant-with-wildcard",
    "duplicate-entry",
    "name-instead-of-wildcard",
    "request-header-without-effect",
    "response-header-without-effect",
    "max-age-above-browser-limits",
}


class Hostile:
    """Raise whenever it is written as text."""

    def __repr__(self) -> str:
        """Refuse."""
        raise RuntimeError("no repr")

    def __str__(self) -> str:
        """Refuse."""
        raise RuntimeError("no str")


class HostileText(str):
    """Be a string, and raise whenever it is written as another one."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Refuse."""
        raise RuntimeError("no repr")

    def __str__(self) -> str:
        """Refuse."""
        raise RuntimeError("no str")


def issue(**changes: Any) -> PolicyIssue:
    """Make an issue."""
    given: dict[str, Any] = {
        "code": IssueCode.ORIGIN_TRAILING_SLASH,
        "field": "allow_origins[0]",
        "value": "https://a.example/",
        "reason": "It ends with a slash.",
        "fixes": (Fix("allow_origins[0]", "https://a.example"),),
    }
    return PolicyIssue(**{**given, **changes})


def test_the_codes_are_closed() -> None:
    """A code is added on purpose, and none is renamed or taken away unseen."""
    assert {code.value for code in IssueCode} == CODES
    assert all(code.name == code.value.replace("-", "_").upper() for code in IssueCode)


def test_every_code_is_triggered() -> None:
    """The shared list of faulty policies has each code, by itself."""
    alone = {faulty.issues[0][0] for faulty in FAULTY if len(faulty.issues) == 1}
    assert alone == set(IssueCode)


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_a_faulty_policy_has_exactly_its_issues(faulty: Faulty) -> None:
    """All issues are reported together, in the order of the options and of their elements, as error or as warning."""
    complaint = complaint_of(faulty.options)
    assert complaint is not None
    assert [(issue.code, issue.field) for issue in complaint.issues] == faulty.issues
    assert isinstance(complaint, CrossOriginWarning if faulty.is_warning else InvalidPolicyError)
    assert {issue.code in WARNINGS for issue in complaint.issues} == {faulty.is_warning}


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_an_issue_holds_the_value_it_is_about(faulty: Faulty) -> None:
    """The value is the given one if it is plain, else its repr; reason and hint are never empty."""
    complaint = complaint_of(faulty.options)
    assert complaint is not None
    for issue in complaint.issues:
        name, _, index = issue.field.partition("[")
        value = faulty.options[name]
        if index:
            value = value[int(index[:-1])]
        plain = value is None or isinstance(value, str | bytes | int | float)
        assert issue.value == (value if plain else repr(value)[:MAX_VALUE])
        assert issue.reason
        assert issue.hint


def test_an_issue_is_reported_in_four_lines() -> None:
    """Where and what, why, what to write, and the code to look up."""
    assert str(issue()) == (
        "allow_origins[0] = 'https://a.example/'\n"
        "  It ends with a slash.\n"
        '  Fix: "https://a.example"\n'
        "  [origin-trailing-slash]"
    )
    assert "\n  Fix: one\n       two\n" in str(issue(instruction="one\ntwo"))


@pytest.mark.parametrize("kind", [InvalidPolicyError, CrossOriginWarning])
def test_the_whole_message_lists_every_issue(kind: type[InvalidPolicyError | CrossOriginWarning]) -> None:
    """The heading counts, and each issue follows."""
    one, other = issue(), issue(field="allow_origins[1]")
    assert str(kind([one])).splitlines()[0].removesuffix(".").endswith(("1 error", "1 warning"))
    text = str(kind(iter([one, other])))
    assert text.splitlines()[0].removesuffix(".").endswith(("2 errors", "2 warnings"))
    assert text.endswith(f"\n\n{one}\n\n{other}")


def test_an_issue_is_a_frozen_value() -> None:
    """Issues are compared and hashed by what they say, and cannot be changed."""
    assert issue() == issue()
    assert hash(issue()) == hash(issue())
    assert issue() != issue(field="allow_origins[1]")
    with pytest.raises(AttributeError):
        issue().reason = "Other."  # type: ignore[misc]


@pytest.mark.parametrize("kind", [InvalidPolicyError, CrossOriginWarning])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_and_warnings_survive_pickling_and_copying(
    kind: type[InvalidPolicyError | CrossOriginWarning], protocol: int
) -> None:
    """What arrives says the same, and is of the same kind."""
    error = kind([issue(), issue(value=b"\xff", field="allow_origins[1]")])
    for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert other.issues == error.issues
        assert str(other) == str(error)


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_every_complaint_survives_pickling(faulty: Faulty) -> None:
    """Whatever was given, the issues hold plain values only."""
    complaint = complaint_of(faulty.options)
    assert complaint is not None
    assert str(pickle.loads(pickle.dumps(complaint))) == str(complaint)


def test_pydantic_shows_the_message() -> None:
    """If a validator raises it, pydantic's error contains the whole message."""

    class Settings(BaseModel):
        """The origins of an app."""

        origins: list[str]

        @field_validator("origins")
        @classmethod
        def check(cls, value: list[str]) -> list[str]:
            """Check them as a policy."""
            Policy(allow_origins=value)
            return value

    with pytest.raises(ValidationError) as caught:
        Settings(origins=["https://a.example/", "b.example"])
    complaint = complaint_of({"allow_origins": ["https://a.example/", "b.example"]})
    assert str(complaint) in str(caught.value)
    assert isinstance(caught.value.errors()[0]["ctx"]["error"], InvalidPolicyError)


@pytest.mark.parametrize("value", ["text", b"bytes", 7, 1.5, True, None, "x" * 500])
def test_a_plain_value_is_kept(value: object) -> None:
    """A string, bytes, a number, a bool or None is kept as it is, at any length."""
    assert keep_value(value) == value
    assert type(keep_value(value)) is type(value)


def test_any_other_value_is_kept_as_its_repr_cut() -> None:
    """120 characters stay whole, of 121 the last ones become a mark."""
    assert MAX_VALUE == 120
    assert keep_value(["a"]) == "['a']"
    assert keep_value(["x" * 116]) == repr(["x" * 116])
    assert keep_value(["x" * 117]) == repr(["x" * 117])[:119] + "…"


def test_a_long_value_is_cut_where_it_is_reported() -> None:
    """A value of a megabyte does not drown the message."""
    assert len(str(issue(value="x" * 10**6))) < 400
    assert f" = {'x' * 500!r:.119}…\n" in str(issue(value="x" * 500))


@pytest.mark.parametrize("option", DEFAULTS)
@pytest.mark.parametrize("make", [Hostile, lambda: HostileText("x y:")], ids=["object", "text"])
def test_a_value_that_refuses_to_be_written_does_not_hide_the_fault(option: str, make: Any) -> None:
    """The issue is reported even if the `repr` of the value raises an exception."""
    complaint = complaint_of({option: make(), "max_age" if option != "max_age" else "allow_methods": "7"})
    assert isinstance(complaint, InvalidPolicyError)
    assert option in [issue.field for issue in complaint.issues] or option == "allow_origin_regex"
    assert str(complaint)
    assert pickle.loads(pickle.dumps(complaint)).issues == complaint.issues


@pytest.mark.parametrize("option", ["allow_origins", "allow_methods", "allow_headers", "expose_headers"])
@pytest.mark.parametrize("make", [Hostile, lambda: HostileText("x y:")], ids=["object", "text"])
def test_an_element_that_refuses_to_be_written_does_not_hide_the_fault(option: str, make: Any) -> None:
    """Neither in a list nor in a set."""
    for elements in ([make()], {make(), "X"}):
        complaint = complaint_of({option: elements})
        assert isinstance(complaint, InvalidPolicyError)
        assert f"{option}[" in str(complaint)


@pytest.mark.parametrize("value", [10**5000, -(10**5000)], ids=["high", "low"])
def test_a_number_too_long_to_be_written_does_not_hide_the_fault(value: int) -> None:
    """Python refuses to write integers of more than 4300 digits."""
    complaint = complaint_of({"max_age": value})
    assert isinstance(complaint, InvalidPolicyError)
    assert [issue.code for issue in complaint.issues] == [IssueCode.MAX_AGE_OUT_OF_RANGE]


def test_a_value_that_refuses_to_be_text_has_none() -> None:
    """Only what it says of itself counts."""

    class Silent:
        def __str__(self) -> str:
            raise RuntimeError

    assert text_of(Silent()) == ""
    assert text_of(7) == "7"


def test_an_error_is_a_value_error_and_shows_in_a_traceback() -> None:
    """The last lines of a failed start are the message."""
    complaint = complaint_of({"allow_origins": ["https://a.example/"]})
    assert isinstance(complaint, ValueError)
    assert 'Fix: "https://a.example"' in "".join(traceback.format_exception(complaint))


def test_lone_surrogates_are_shown_escaped() -> None:
    """A message can always be written to a log in UTF-8."""
    complaint = complaint_of({"allow_origins": ["https://\ud800.example/", "\udcff", "a\x00b"]})
    assert complaint is not None
    assert str(complaint).encode("utf-8")
    assert "\x00" not in str(complaint)


@pytest.mark.parametrize(
    "options",
    [
        {"allow_origin_regex": "https://(?>a)\x1b?\n?\u202e?\udcff?"},
        {"allow_origin_regex": "(?\x1b"},
        {"allow_\x1b[2J\nmax_age = 600": 1},
    ],
)
def test_what_a_terminal_acts_on_is_shown_escaped(options: dict[str, Any]) -> None:
    """A name or a part of an expression that a message repeats starts no line and no escape sequence in it."""
    with pytest.raises(InvalidPolicyError) as raised:
        Policy.from_dict(options)
    (_, empty, *lines) = str(raised.value).split("\n")
    assert empty == ""
    assert len(lines) == 4
    assert all(map(str.isprintable, lines))


def test_a_name_that_refuses_to_be_written_does_not_hide_the_fault() -> None:
    """Any other key in place of an option's name is an unknown option."""

    class Wordless:
        def __str__(self) -> str:
            raise RuntimeError

    options: Any = {Wordless(): 1}
    with pytest.raises(InvalidPolicyError) as raised:
        Policy.from_dict(options)
    assert [issue.code for issue in raised.value.issues] == [IssueCode.UNKNOWN_OPTION]


def test_what_cannot_be_printed_and_no_secret_is_reported() -> None:
    """Control characters are shown as in Python, and a password is not shown."""
    told = PolicyIssue(
        code=IssueCode.UNKNOWN_OPTION,
        field="a\x1bé\n",
        value="https://me:pw@a.example",
        reason="b\x7f",
        instruction="c\td https://me:pw@b.example\ne",
    )
    assert str(told) == (
        "a\\x1bé\\n = 'https://***@a.example'\n  b\\x7f\n"
        "  Fix: c\\td https://***@b.example\n       e\n  [unknown-option]"
    )


def test_a_value_without_a_repr_is_reported_by_its_type() -> None:
    """Whatever a value's own `repr` does, the issue names what it is."""

    class Odd:
        def __repr__(self) -> str:
            raise ValueError

    assert keep_value(Odd()) == "<Odd>"
