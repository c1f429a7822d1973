"""Options are read strictly and copied, and reading continues after an error."""

import collections
import datetime as dt
import enum
import ipaddress
import re
import subprocess
import sys
from typing import Any

import pytest

from crossorigin import InvalidPolicyError, IssueCode, Policy
from crossorigin.policy.literals import elements_literal, list_literal, literal
from tests.unit.policy.check.faulty_policies import complaint_of

LISTS = ["allow_origins", "allow_methods", "allow_headers", "expose_headers"]
GOOD = {
    "allow_origins": ["https://b.example", "https://a.example"],
    "allow_methods": ["PUT", "DELETE"],
    "allow_headers": ["X-B", "X-A"],
    "expose_headers": ["X-D", "X-C"],
}


def issues_of(options: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the field, the code and the hint of each issue of a policy."""
    complaint = complaint_of(options)
    return [] if complaint is None else [(issue.field, issue.code.value, issue.hint) for issue in complaint.issues]


@pytest.mark.parametrize("option", LISTS)
@pytest.mark.parametrize(
    "collect",
    [
        list,
        tuple,
        iter,
        collections.deque,
        lambda texts: (text for text in texts),
        lambda texts: dict.fromkeys(texts).keys(),
        lambda texts: dict(enumerate(texts)).values(),
        lambda texts: map(str, texts),
    ],
    ids=["list", "tuple", "iterator", "deque", "generator", "keys", "values", "map"],
)
def test_a_collection_is_read_once_and_in_its_order(option: str, collect: Any) -> None:
    """Any iterable of strings is valid, in its order. A view of keys is a set and is sorted."""
    texts = GOOD[option]
    given = collect(texts)
    expected = sorted(texts) if isinstance(given, collections.abc.Set) else texts
    assert getattr(Policy(**{option: given}), option) == tuple(expected)


@pytest.mark.parametrize("option", LISTS)
@pytest.mark.parametrize("collect", [set, frozenset])
def test_a_set_is_sorted(option: str, collect: Any) -> None:
    """A set has no order, so it gets one."""
    assert getattr(Policy(**{option: collect(GOOD[option])}), option) == tuple(sorted(GOOD[option]))


SETS = """
import sys
from crossorigin import InvalidPolicyError, Policy
class Odd:
    def __repr__(self): return "Odd()"
origins = {f"https://a{i}.example" for i in range(40)}
print(Policy(allow_origins=origins, allow_methods={"PUT", "GET", "POST"}, allow_headers=frozenset("ABC")))
try:
    Policy(allow_origins={"https://b.example/", "https://a.example/", 7, b"x", ("https://c.example",), None, Odd()})
except InvalidPolicyError as error:
    print(error)
"""


def test_a_policy_of_sets_reads_the_same_in_every_process() -> None:
    """Neither the policy nor its error depends on the seed of Python's hashes."""
    said = {
        subprocess.run(
            [sys.executable, "-c", SETS],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
            timeout=60,
        ).stdout
        for seed in ("0", "1", "2", "77")
    }
    assert len(said) == 1
    assert "8 errors" in said.pop()


def test_in_a_set_strings_come_first() -> None:
    """Elements of other types come last."""
    fields = [issue[:2] for issue in issues_of({"allow_methods": {7, "patch", b"GET", "PUT"}})]
    assert fields == [
        ("allow_methods[1]", "method-wrong-case"),
        ("allow_methods[2]", "not-a-string"),
        ("allow_methods[3]", "not-a-string"),
    ]


def test_later_changes_to_a_list_change_nothing() -> None:
    """The policy has a copy."""
    origins = ["https://a.example"]
    policy = Policy(allow_origins=origins)
    origins.append("*")
    assert policy.allow_origins == ("https://a.example",)


class Method(enum.StrEnum):
    """An enum of methods."""

    PUT = "PUT"
    GET = "get"


class Colored(str, enum.Enum):  # Its `str()` is "Colored.RED", which the policy must not use.
    """An enum of origins."""

    RED = "https://red.example"
    BLUE = "https://blue.example/"


class Seconds(int):
    """An int with another text."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return the text with a unit."""
        return f"{int(self)} s"

    __repr__ = __str__


def test_an_enums_member_counts_as_its_text() -> None:
    """The policy contains the plain string of the member's value."""
    policy = Policy(allow_origins=[Colored.RED], allow_methods=Method)
    assert policy.allow_origins == ("https://red.example",)
    assert policy.allow_methods == ("PUT", "GET")
    assert {type(text) for text in (*policy.allow_origins, *policy.allow_methods)} == {str}
    assert issues_of({"allow_origins": [Colored.BLUE]}) == [
        ("allow_origins[0]", "origin-trailing-slash", '"https://blue.example"')
    ]
    assert issues_of({"allow_origins": Colored.BLUE}) == [("allow_origins", "bare-string", '["https://blue.example"]')]


def test_a_regex_of_a_subclass_counts_as_its_text() -> None:
    """This also holds for the option that is one string."""
    regex = Policy(allow_origin_regex=Colored.RED).allow_origin_regex
    assert regex == "https://red.example"
    assert type(regex) is str


@pytest.mark.parametrize("age", [Seconds(60), enum.IntEnum("Age", {"MINUTE": 60})(60)])
def test_an_age_of_a_subclass_counts_as_its_number(age: int) -> None:
    """The policy contains the plain number."""
    held = Policy(max_age=age).max_age
    assert held == 60
    assert type(held) is int


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("allow_origins", "https://a.example", '["https://a.example"]'),
        ("allow_origins", "https://a.example https://b.example", '["https://a.example", "https://b.example"]'),
        ("allow_origins", "https://a.example;https://b.example/,", '["https://a.example", "https://b.example"]'),
        ("allow_origins", " [https://a.example, 'https://b.example'] ", '["https://a.example", "https://b.example"]'),
        ("allow_origins", '["https://a.example/", "https://a.example"]', '["https://a.example"]'),
        ("allow_origins", "app.example.com,localhost:3000", '["https://app.example.com", "http://localhost:3000"]'),
        ("allow_origins", "*", '["*"]'),
        ("allow_origins", "null", '["null"]'),
        # JSON, as Python writes it.
        ("allow_origins", '["https://b\\u00fccher.example"]', '["https://xn--bcher-kva.example"]'),
        ("allow_origins", "", "[]"),
        ("allow_origins", " , ", "[]"),
        ("allow_origins", "[]", "[]"),
        ("allow_origins", b"https://a.example", '["https://a.example"]'),
        ("allow_origins", bytearray(b"https://a.example"), '["https://a.example"]'),
        ("allow_origins", b"HTTPS://A.example/", '["https://a.example"]'),
        ("allow_methods", "GET,POST", '["GET", "POST"]'),
        ("allow_methods", "get, patch", '["GET", "PATCH"]'),
        ("allow_methods", '["PUT"]', '["PUT"]'),
        ("allow_methods", '"PUT", ""', '["PUT"]'),
        ("allow_headers", "X-A, X-B", '["X-A", "X-B"]'),
        ("expose_headers", "*", '["*"]'),
    ],
)
def test_one_string_where_a_list_is_meant_is_shown_as_that_list(option: str, value: object, hint: str) -> None:
    """JSON, commas, semicolons and spaces separate elements, and the hint repairs every error in them."""
    assert issues_of({option: value}) == [(option, "bare-string", hint)]


def test_bytes_that_are_no_text_are_reported_like_any_others() -> None:
    """Undecodable bytes are shown as such, and nothing else is raised."""
    assert ("allow_headers", "bare-string", '["X-\N{REPLACEMENT CHARACTER}"]') in issues_of(
        {"allow_headers": b"X-\xff"}
    )


def test_the_rest_of_a_bare_string_is_checked_too() -> None:
    """Errors that the hint cannot fix are reported in the same run."""
    assert [issue[:2] for issue in issues_of({"allow_origins": "*", "allow_credentials": True})] == [
        ("allow_origins", "bare-string"),
        ("allow_origins", "wildcard-with-credentials"),
    ]
    assert ("allow_origins", "origin-file-scheme") in [issue[:2] for issue in issues_of({"allow_origins": "file:///a"})]


@pytest.mark.parametrize("option", LISTS)
@pytest.mark.parametrize(
    "value", [None, 1, 1.5, True, object(), {"a": 1}, {}, len], ids=lambda value: type(value).__name__
)
def test_what_is_no_collection_is_refused(option: str, value: object) -> None:
    """None, numbers, mappings and functions are not lists."""
    (field, code, hint), *_ = issues_of({option: value})
    assert (field, code) == (option, "not-a-collection")
    assert (hint == "[]") is (value is None)


@pytest.mark.parametrize(
    ("element", "hint"),
    [
        (("https://a.example", "https://b.example/"), '"https://a.example", "https://b.example"'),
        (["https://z.example", "https://a.example"], '"https://z.example", "https://a.example"'),
        pytest.param(
            {"https://z.example", "https://b.example", "https://d.example", "https://a.example", "https://c.example"},
            '"https://a.example", "https://b.example", "https://c.example", "https://d.example", "https://z.example"',
            id="a set",
        ),
        (b"https://a.example/", '"https://a.example"'),
        (bytearray(b"https://a.example"), '"https://a.example"'),
        (re.compile("https://a"), "move it to allow_origin_regex, as a string."),
        (None, 'use a string, as in ["https://app.example.com"].'),
        (7, 'use a string, as in ["https://app.example.com"].'),
        (b"", 'use a string, as in ["https://app.example.com"].'),
        (b"\xff", 'use a string, as in ["https://app.example.com"].'),
        ([], 'use a string, as in ["https://app.example.com"].'),
        ([1], 'use a string, as in ["https://app.example.com"].'),
        (["https://a.example", 7], 'use a string, as in ["https://app.example.com"].'),
        (ipaddress.IPv4Address("127.0.0.1"), 'use a string, as in ["https://app.example.com"].'),
    ],
    ids=repr,
)
def test_an_element_that_is_no_string_is_refused(element: object, hint: str) -> None:
    """If it contains strings, the hint has them in order."""
    assert issues_of({"allow_origins": [element]}) == [("allow_origins[0]", "not-a-string", hint)]


def test_a_url_object_is_refused_with_the_origin_it_means() -> None:
    """The URLs of pydantic end with a slash, which no origin does."""
    from pydantic import AnyHttpUrl, AnyUrl

    for url in (AnyHttpUrl("https://A.example:443/"), AnyUrl("https://a.example")):
        assert issues_of({"allow_origins": [url]}) == [("allow_origins[0]", "not-a-string", '"https://a.example"')]
    assert issues_of({"allow_headers": [AnyHttpUrl("https://a.example")]}) == [
        ("allow_headers[0]", "not-a-string", 'use a string, as in ["X-Token"].')
    ]


@pytest.mark.parametrize(
    "option",
    ["allow_credentials", "allow_private_network", "constant_allow_origin", "dangerously_allow_public_suffixes"],
)
@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("true", "True"),
        (" FALSE ", "False"),
        ("0", "False"),
        (1, "True"),
        (0, "False"),
        ("on", "True"),
        ("off", "False"),
        ("no", "False"),
        (None, "use True or False."),
        ("", "use True or False."),
        (2, "use True or False."),
        ([], "use True or False."),
    ],
)
def test_a_switch_is_true_or_false(option: str, value: object, hint: str) -> None:
    """Text, numbers and None are refused, with the value that they probably mean."""
    assert issues_of({"allow_origins": ["https://a.example"], option: value}) == [(option, "not-a-bool", hint)]


def test_a_switch_that_seems_on_is_checked_as_on() -> None:
    """The errors that the switch would cause are reported in the same run."""
    assert [issue[1] for issue in issues_of({"allow_origins": ["*"], "allow_credentials": "true"})] == [
        "wildcard-with-credentials",
        "not-a-bool",
    ]
    assert [issue[1] for issue in issues_of({"constant_allow_origin": "true"})] == [
        "not-a-bool",
        "constant-origin-needs-one-origin",
    ]


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (re.compile(r"https://a\.example"), r'r"https://a\.example"'),
        (re.compile("https://a", re.IGNORECASE), '"(?i:https://a)"'),
        (re.compile("https://a", re.VERBOSE), 'use a string, as in r"https://.*\\.example\\.org".'),
        (re.compile(b"https://a"), '"https://a"'),
        (b"https://a", '"https://a"'),
        (b"\xff", '"\N{REPLACEMENT CHARACTER}"'),
        (7, 'use a string, as in r"https://.*\\.example\\.org".'),
        (["https://a"], '"https://a"'),
        (["https://a", "https://b"], '"https://a|https://b"'),
        (["(?i)https://a", "(?i)https://b"], 'use a string, as in r"https://.*\\.example\\.org".'),
        ([], 'use a string, as in r"https://.*\\.example\\.org".'),
        (b"", 'use a string, as in r"https://.*\\.example\\.org".'),
    ],
)
def test_a_regex_is_a_string(value: object, hint: str) -> None:
    """A compiled pattern and bytes are refused, with their text unless flags would be lost."""
    assert issues_of({"allow_origin_regex": value}) == [("allow_origin_regex", "regex-not-a-string", hint)]


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("600", "600"),
        ("0", "0"),
        (" 60 ", "60"),
        (600.0, "600"),
        (dt.timedelta(hours=1), "3600"),
        (dt.timedelta(days=1), "86400"),
        (86401.0, "use a whole number of seconds, for example 600."),
        (dt.timedelta(milliseconds=1), "use a whole number of seconds, for example 600."),
        (dt.timedelta(days=2), "use a whole number of seconds, for example 600."),
        (dt.timedelta, "use a whole number of seconds, for example 600."),
        (1.5, "use a whole number of seconds, for example 600."),
        (float("inf"), "use a whole number of seconds, for example 600."),
        (float("nan"), "use a whole number of seconds, for example 600."),
        ("-1", "use a whole number of seconds, for example 600."),
        ("ten minutes", "use a whole number of seconds, for example 600."),
        (True, "use a whole number of seconds, for example 600."),
        pytest.param(object(), "use a whole number of seconds, for example 600.", id="an object"),
    ],
    ids=str,
)
def test_an_age_is_an_int(value: object, hint: str) -> None:
    """Text, fractions, time spans and switches are refused, with the seconds they mean up to a day."""
    assert issues_of({"max_age": value}) == [("max_age", "max-age-not-an-int", hint)]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("a", '"a"'),
        ("", '""'),
        ("a'b", '"a\'b"'),
        ('a"b', "'a\"b'"),
        ("a\\.b", 'r"a\\.b"'),
        ("a\\", "'a\\\\'"),
        ("a\nb", "'a\\nb'"),
        ("\ud800", "'\\ud800'"),
        (7, "7"),
    ],
)
def test_a_value_is_written_as_source(text: object, source: str) -> None:
    """Strings have double quotes if that is easier to read, and Python always reads the same value."""
    assert literal(text) == source
    assert eval(source) == text  # The literal must be valid when pasted.


def test_lists_and_elements_are_written_as_source() -> None:
    """A list has brackets. Elements have none, because they are pasted into a list."""
    assert list_literal(["a", "b"]) == '["a", "b"]'
    assert elements_literal(["a", "b"]) == '"a", "b"'
    assert list_literal([]) == "[]"


def test_what_an_iterable_raises_is_its_callers_to_see() -> None:
    """The exception of a generator is not an error of the policy, and is raised."""

    def origins() -> Any:
        yield "https://a.example"
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        Policy(allow_origins=origins())


@pytest.mark.parametrize(
    "origin",
    [
        "https://\ud800.example",
        "https://a.example\0",
        "\0",
        "\ud800",
        "https://a\u0085.example",
        "https://" + "a" * 10**5,
    ],
)
def test_no_text_is_too_odd_to_be_refused(origin: str) -> None:
    """Lone surrogates, control characters and very long texts are issues, and cause no other exception."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy(allow_origins=[origin])
    assert all(isinstance(issue.code, IssueCode) for issue in caught.value.issues)
    assert len(str(caught.value)) < 1000
