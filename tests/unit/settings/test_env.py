"""Policies in the environment: what is read, what is refused, and messages whose fixes can be applied there."""

import inspect
import json
import os
import re
import subprocess
import sys
import warnings
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossorigin import REMOVE, CORSMiddleware, CrossOriginWarning, InvalidPolicyError, Policy, PolicyIssue
from crossorigin.fetch.methods import normalize_method
from crossorigin.policy.options import DEFAULTS
from crossorigin.settings import policy_from_env
from crossorigin.testing.strategies import origins, policies
from tests.example_counts import ExampleCounts
from tests.unit.policy.check.faulty_policies import FAULTY, Faulty
from tests.unit.settings.environments import FALSE, TRUE, as_texts, environments, variable

A, B = "https://a.example", "https://b.example"
REGEX = r"https://r[0-9]{1,3}\.example\.org"

# Instructions, if there is no text to write.
_ELEMENTS = "the elements, separated by commas; or remove it."
_NULL = 'remove it; or, if it is an element, write a JSON list, for example ["null"].'
_REGEX = "the regular expression, without quotes and comments."


def issues_of(environ: dict[str, str], prefix: str = "CORS_") -> tuple[PolicyIssue, ...]:
    """Return the issues of an environment: errors, warnings, or none."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            policy_from_env(prefix, environ)
        except InvalidPolicyError as error:
            assert not caught
            return error.issues
    assert len(caught) <= 1
    return tuple(issue for warning in caught for issue in getattr(warning.message, "issues", ()))


def issue_of(name: str, text: str) -> tuple[str, str, str]:
    """The code, the field and the hint of the one issue of an option's text."""
    (issue,) = issues_of({variable(name): text})
    return str(issue.code), issue.field, issue.hint


# Valid variables.


def test_an_environment_that_says_nothing_is_the_default_policy() -> None:
    """A missing variable, an empty one and one without a value allow no origin."""
    assert policy_from_env(environ={}) == Policy()
    assert policy_from_env(environ={variable(name): " " for name in DEFAULTS}) == Policy()
    assert policy_from_env(environ=dict.fromkeys(map(variable, DEFAULTS))) == Policy()


def test_a_policy_that_is_written_is_read() -> None:
    """However an option is written, the policy that is read is the one that was meant."""
    counts = ExampleCounts()

    @given(policies(), origins(), st.booleans(), st.booleans(), st.data())
    def law(drawn: Policy, origin: str, network: bool, constant: bool, data: st.DataObject) -> None:
        options = drawn.to_dict()
        options |= {"allow_private_network": network, "dangerously_allow_public_suffixes": network}
        if constant:
            options |= {"allow_origins": [origin], "constant_allow_origin": True, "allow_credentials": network}
        elif not drawn.allow_credentials and "*" not in drawn.allow_origins:
            options |= {"allow_origin_regex": r"https://[a-z, ]*\.example\.org"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossOriginWarning)
            policy = Policy.from_dict(options)
            assert policy_from_env(environ=data.draw(environments(policy))) == policy
        counts.count(
            origins=bool(policy.allow_origins),
            credentials=policy.allow_credentials,
            regex=policy.allow_origin_regex is not None,
            constant=constant,
            age=policy.max_age != 600,
        )

    law()
    counts.require(origins=0.3, credentials=0.02, regex=0.02, constant=0.1, age=0.2)


@pytest.mark.parametrize(
    "text", [f"{A},{B}", f"{A} {B}", f" {A} , {B}, ", f"{A}\n{B}\n", json.dumps([A, B]), f'[\n  "{A}",\n  "{B}"\n]']
)
def test_a_list_is_written_with_commas_white_space_or_json(text: str) -> None:
    """All of them are the same two origins."""
    assert policy_from_env(environ={"CORS_ALLOW_ORIGINS": text}).allow_origins == (A, B)


def test_an_empty_list_is_written_as_json() -> None:
    """An empty variable counts as missing and keeps the default, so an empty list has its own text."""
    assert policy_from_env(environ={"CORS_ALLOW_METHODS": ""}).allow_methods == ("GET",)
    assert policy_from_env(environ={"CORS_ALLOW_METHODS": "[]"}).allow_methods == ()


@pytest.mark.parametrize(("texts", "value"), [(TRUE, True), (FALSE, False)])
def test_a_boolean_is_a_word_for_it(texts: list[str], value: bool) -> None:
    """The case and surrounding white space do not matter."""
    environ = {"CORS_ALLOW_ORIGINS": A}
    assert {policy_from_env(environ=environ | {"CORS_ALLOW_CREDENTIALS": t}).allow_credentials for t in texts} == {
        value
    }


def test_a_regular_expression_is_one_text() -> None:
    """Commas and spaces in it divide nothing."""
    assert policy_from_env(environ={"CORS_ALLOW_ORIGIN_REGEX": f" {REGEX} "}).allow_origin_regex == REGEX


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mapping, the variables of the process are read."""
    for name in os.environ:
        if name.startswith("CORS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CORS_ALLOW_ORIGINS", A)
    assert policy_from_env() == Policy(allow_origins=[A])


def test_two_policies_have_two_prefixes() -> None:
    """Each reads its own variables, and its messages name them; they are in upper case."""
    environ = {"PUBLIC_CORS_ALLOW_ORIGINS": "*", "CORS_ALLOW_ORIGINS": A, "ALLOW_ORIGINS": B}
    assert policy_from_env("public_cors_", environ).allow_origins == ("*",)
    assert policy_from_env("CORS_", environ).allow_origins == (A,)
    assert policy_from_env("", environ).allow_origins == (B,)
    (issue,) = issues_of({"ADMIN_MAX_AGE": "soon"}, "ADMIN_")
    assert issue.field == "ADMIN_MAX_AGE"


# Invalid variables.


def test_all_errors_are_reported_at_once_in_the_order_of_the_options() -> None:
    """Unreadable, invalid and misspelled variables are in one message, each with its name."""
    environ = {
        "CORS_MAX_AGE": "-1",
        "CORS_ALLOW_CREDENTIALS": "ture",
        "CORS_ALLOW_ORIGINS": f"{A}, {B}/",
        "CORS_ALLOW_ORIGIN": A,
    }
    with pytest.raises(InvalidPolicyError) as caught:
        policy_from_env(environ=environ)
    assert (
        str(caught.value)
        == """This CORS policy has 4 errors.

CORS_ALLOW_ORIGINS[1] = 'https://b.example/'
  It ends with a slash. Browsers send origins without one, so it would never match.
  Fix: https://b.example
  [origin-trailing-slash]

CORS_ALLOW_CREDENTIALS = 'ture'
  It is neither true nor false.
  Fix: true or false.
  [not-a-bool]

CORS_MAX_AGE = -1
  It must not be negative; 0 disables the preflight cache.
  Fix: 0
  [max-age-out-of-range]

CORS_ALLOW_ORIGIN = 'https://a.example'
  There is no option with this name, but it is too similar to one to be ignored.
  Fix: rename it to CORS_ALLOW_ORIGINS; or, if it belongs to another program, use another prefix for the policy.
  [unknown-option]"""
    )


@pytest.mark.parametrize(
    ("name", "text", "code", "hint"),
    [
        ("allow_credentials", "ture", "not-a-bool", "true or false."),
        ("allow_credentials", '"true"', "not-a-bool", "true"),
        ("allow_credentials", "'off'", "not-a-bool", "false"),
        ("constant_allow_origin", "2", "not-a-bool", "true or false."),
        ("max_age", "soon", "max-age-not-an-int", "use a whole number of seconds, for example 600, or none."),
        ("max_age", "600.0", "max-age-not-an-int", "600"),
        ("max_age", "'600'", "max-age-not-an-int", "600"),
        ("max_age", "6_00", "max-age-not-an-int", "600"),
        ("allow_credentials", "`on`", "not-a-bool", "true"),
        ("allow_credentials", "yes # in production", "not-a-bool", "true"),
        ("max_age", "600  # ten minutes", "max-age-not-an-int", "600"),
        ("max_age", "9" * 5000, "max-age-not-an-int", "use a whole number of seconds, for example 600, or none."),
        ("max_age", "9" * 100, "max-age-out-of-range", "86400"),
        ("allow_origins", f'["{A}",]', "not-a-collection", A),
        ("allow_origins", f'["{A}" "{B}/"]', "not-a-collection", f"{A},{B}"),
        ("allow_origins", f"'[\"{A}\"]'", "not-a-collection", A),
        ("allow_origins", f'{{"{A}": true}}', "not-a-collection", _ELEMENTS),
        ("allow_origins", "[" * 100_000, "not-a-collection", _ELEMENTS),
        ("allow_headers", "[X-Token, X-Other]", "not-a-collection", "X-Token,X-Other"),
        ("allow_origins", "null", "not-a-collection", _NULL),
        ("allow_origins", "null,", "not-a-collection", _NULL),
        ("allow_origins", f"{A},null", "not-a-collection", _NULL),
        ("allow_origins", f"NULL {A}", "not-a-collection", _NULL),
        ("allow_methods", '"NULL"', "not-a-collection", _NULL),
        ("allow_headers", "X-Token, null", "not-a-collection", _NULL),
        ("allow_origins", f"['{A}', 'null']", "not-a-collection", _NULL),
        ("allow_origins", f"{A} 'null' # later", "not-a-collection", _ELEMENTS),
        ("allow_headers", "['X-Token', '#X-Other']", "not-a-collection", _ELEMENTS),
        ("allow_origins", f'"{A}"', "not-a-collection", A),
        ("allow_origins", f'"{A}/,{B}"', "not-a-collection", f"{A},{B}"),
        ("allow_origins", '""', "not-a-collection", _ELEMENTS),
        ("allow_methods", "'GET,POST'", "not-a-collection", "GET,POST"),
        ("allow_methods", "'*'", "not-a-collection", "*"),
        ("allow_methods", "`GET` `put`", "not-a-collection", "GET,PUT"),
        ("allow_headers", "X-Token,'X-Other'", "not-a-collection", "X-Token,X-Other"),
        ("expose_headers", '"ETag"', "not-a-collection", "ETag"),
        ("allow_methods", "GET # never DELETE or PUT", "not-a-collection", "GET"),
        ("allow_methods", '["GET", "PUT"]  # never DELETE', "not-a-collection", "GET,PUT"),
        ("allow_headers", "X-Token\t#* in development", "not-a-collection", "X-Token"),
        ("allow_headers", "X-Token,#X-Other", "not-a-collection", "X-Token"),
        ("allow_origins", f"{A}/ # {B}", "not-a-collection", A),
        ("allow_origins", "# later", "not-a-collection", _ELEMENTS),
        ("allow_origins", "https://${HOST}", "not-a-collection", "the text with its value."),
        ("allow_origins", '["https://$(HOST)"]', "not-a-collection", "the text with its value."),
        ("allow_origins", f"{A},$ORIGINS", "not-a-collection", "the text with its value."),
        ("allow_origins", "{{ origins }}", "not-a-collection", "the text with its value."),
        ("allow_origin_regex", rf"'{REGEX}'", "regex-never-matches", REGEX),
        ("allow_origin_regex", rf'r"{REGEX}"', "regex-never-matches", REGEX),
        ("allow_origin_regex", rf"b'{REGEX}'", "regex-never-matches", REGEX),
        ("allow_origin_regex", "'('", "regex-never-matches", _REGEX),
        ("allow_origin_regex", rf"{REGEX}`", "regex-never-matches", REGEX),
        ("allow_origin_regex", rf"{REGEX} # ours", "regex-never-matches", REGEX),
        ("allow_origin_regex", "''", "regex-never-matches", "remove it."),
    ],
)
def test_a_text_that_says_no_one_thing_is_refused(name: str, text: str, code: str, hint: str) -> None:
    """There is no guess. The hint is the text to write, if there is one."""
    assert issue_of(name, text) == (code, variable(name), hint)


def test_semicolons_with_spaces_are_reported_for_the_whole_variable() -> None:
    """The fix writes the list with commas. Without a fix, the instruction names the separators."""
    issue = issue_of("allow_origins", "http://localhost:3000; https://a.example/")
    assert issue == ("multiple-origins", "CORS_ALLOW_ORIGINS", "http://localhost:3000,https://a.example")
    _, _, hint = issue_of("allow_origins", "http://localhost:3000; none")
    assert hint == "the elements, separated by commas; or remove it."


USUAL = {"FRONTEND_URL": "https://app.example.com/", "BACKEND_CORS_ORIGINS": '["http://localhost:3000", "*"]'}


def test_origins_under_usual_names_are_reported_once_and_never_read() -> None:
    """One warning names each variable and the line to write, while ours are not set."""
    meant, otherwise = "if they are meant, write CORS_ALLOW_ORIGINS=", "otherwise write CORS_ALLOW_ORIGINS=[]."
    with pytest.warns(CrossOriginWarning) as caught:
        policy = policy_from_env(environ=USUAL)
    assert policy == Policy()
    (warning,) = caught.list
    assert isinstance(warning.message, CrossOriginWarning)
    assert [(issue.field, issue.hint) for issue in warning.message.issues] == [
        ("BACKEND_CORS_ORIGINS", f"{meant}http://localhost:3000,*; {otherwise}"),
        ("FRONTEND_URL", f"{meant}https://app.example.com; {otherwise}"),
    ]


@pytest.mark.parametrize(
    "environ",
    [
        {**USUAL, "CORS_ALLOW_ORIGINS": A},
        {**USUAL, "CORS_ALLOW_ORIGINS": "[]"},
        {**USUAL, "CORS_ALLOW_ORIGIN_REGEX": r"https://a\.example"},
        {"FRONTEND_URL": "none", "ORIGIN": "", "CORS_DOMAINS": "tcp://10.0.0.1:80", "HOMEPAGE": A},
    ],
)
def test_other_variables_are_left_alone(environ: dict[str, str]) -> None:
    """They are ignored if ours are set, even to an empty list, or if they contain no origins."""
    assert issues_of(environ) == ()


@pytest.mark.parametrize(
    ("name", "text", "field", "code"),
    [
        ("allow_origins", "['*']", "allow_origins[0]", "wildcard-with-credentials"),
        ("allow_origin_regex", '".*"', "allow_origin_regex", "regex-allows-untrusted-origins"),
    ],
)
def test_an_unreadable_text_does_not_hide_other_errors(name: str, text: str, field: str, code: str) -> None:
    """What it is likely to mean is checked with the other options, which may be unreadable, too."""
    issues = issues_of({variable(name): text, "CORS_ALLOW_CREDENTIALS": "'true'"})
    assert (code, variable(field)) in [(issue.code, issue.field) for issue in issues]
    assert len(issues) == 3


def test_json_says_what_a_bare_text_may_not() -> None:
    """A quote, a number sign and `null` can be part of names, and in JSON they are intended."""
    environ = {"CORS_ALLOW_ORIGINS": f'["{A}", "null"]', "CORS_ALLOW_METHODS": '["#", "\'", "NULL"]'}
    policy = policy_from_env(environ=environ)
    assert (policy.allow_origins, policy.allow_methods) == ((A, "null"), ("#", "'", "NULL"))


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("allow_origins", f"{A}/", A),
        ("allow_origins", f"{A};{B}", f"{A},{B}"),
        ("allow_origins", f'["{A}/"]', f'"{A}"'),
        ("allow_origins", f'["{A}, {B}/"]', f'"{A}", "{B}"'),
        ("allow_methods", "patch", "PATCH"),
        ("allow_methods", '["patch"]', '"PATCH"'),
        ("allow_headers", "max_age:", "max_age"),
    ],
)
def test_the_hint_is_written_as_the_variable_is(name: str, text: str, hint: str) -> None:
    """Bare among commas, quoted in JSON; written there, it is taken."""
    _, field, told = issue_of(name, text)
    assert (field, told) == (f"{variable(name)}[0]", hint)
    mended = f"[{hint}]" if text.startswith("[") else hint
    assert issues_of({variable(name): mended}) == ()


def test_a_hint_of_several_lines_is_lines_of_a_file_of_variables() -> None:
    """Comments have their own lines, each line makes a valid policy, and booleans are in lower case."""
    environ = {"CORS_ALLOW_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": "true"}
    (issue,) = issues_of(environ)
    assert issue.reason.startswith('With CORS_ALLOW_CREDENTIALS=true, "*" would')
    assert issue.hint.split("\n") == [
        "# if no page sends cookies; tokens in headers still work",
        "CORS_ALLOW_CREDENTIALS=false",
        "# if pages send cookies; list their origins",
        "CORS_ALLOW_ORIGINS=https://app.example.com",
        "# during development: any port on this machine",
        "CORS_ALLOW_ORIGINS=http://localhost:*,http://127.0.0.1:*",
    ]
    for line in issue.hint.split("\n")[1::2]:
        assert issues_of(environ | dict([line.split("=")])) == ()


def test_what_is_to_be_removed_is_a_comment_among_other_lines() -> None:
    """It is named as it is written in the file."""
    (issue,) = issues_of({"CORS_ALLOW_ORIGINS": f"{A},*", "CORS_ALLOW_CREDENTIALS": "true"})
    assert issue.hint.split("\n") == [
        "# remove it if only the pages of the other origins send cookies",
        "# if no page sends cookies; tokens in headers still work",
        "CORS_ALLOW_CREDENTIALS=false",
    ]
    (issue,) = issues_of({"CORS_ALLOW_ORIGINS": f"{A} *"})
    assert issue.hint.split("\n") == [
        "# remove it if every site may use the API",
        '# remove CORS_ALLOW_ORIGINS[1] if "*" was not intended',
    ]
    (issue,) = issues_of({"CORS_ALLOW_METHODS": "GET trace"})
    assert issue.hint == "remove it."


def test_an_element_among_other_lines_is_written_as_the_variable_is() -> None:
    """As a bare text, or quoted in JSON; a comment has its own line."""
    for text, element in (("*;https://a.example", A), (json.dumps([f"*,{A}"]), f'"{A}"')):
        issues = issues_of({"CORS_ALLOW_ORIGINS": text, "CORS_ALLOW_CREDENTIALS": "true"})
        (issue,) = [issue for issue in issues if issue.code == "wildcard-with-credentials"]
        assert issue.hint.split("\n")[:2] == [
            "# if only the pages of the other origins send cookies",
            element,
        ]


def test_the_fixes_of_a_variable_are_of_its_name() -> None:
    """For programs: the field is the variable's, as the issue's is."""
    (issue,) = issues_of({"CORS_ALLOW_ORIGINS": "*", "CORS_ALLOW_CREDENTIALS": "true"})
    assert [(fix.field, fix.value) for fix in issue.fixes] == [
        ("CORS_ALLOW_CREDENTIALS", False),
        ("CORS_ALLOW_ORIGINS", ("https://app.example.com",)),
        ("CORS_ALLOW_ORIGINS", ("http://localhost:*", "http://127.0.0.1:*")),
    ]
    (issue,) = issues_of({"CORS_ALLOW_METHODS": "GET trace"})
    assert [(fix.field, fix.value) for fix in issue.fixes] == [("CORS_ALLOW_METHODS[1]", REMOVE)]


def test_an_instruction_names_variables_and_is_no_python() -> None:
    """What another option is called in Python means nothing where variables are set."""
    environ = {"CORS_ALLOW_ORIGIN_REGEX": r"https://([a-z0-9-]{1,63}\.){1,100}example\.com"}
    (issue,) = issues_of(environ)
    assert issue.hint.startswith("list the origins in CORS_ALLOW_ORIGINS, ")
    assert issue.hint.endswith(r'as in "https://.*\.example\.org".')
    assert 'r"' not in issue.hint
    (issue,) = issues_of({"CORS_ALLOW_ORIGINS": "https://*.github.io", "CORS_ALLOW_CREDENTIALS": "1"})
    assert issue.hint.endswith("CORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES=true")


WRITTEN = [(faulty, texts) for faulty in FAULTY if (texts := as_texts(faulty.options)) is not None]


@pytest.mark.parametrize(("faulty", "environ"), WRITTEN, ids=[faulty.name for faulty, _ in WRITTEN])
def test_what_is_wrong_in_python_is_wrong_in_the_environment(faulty: Faulty, environ: dict[str, str]) -> None:
    """The same issues in the same order, errors and warnings; only their names are the variables'."""
    told = issues_of(environ)
    assert [(issue.code, issue.field) for issue in told] == [(code, variable(field)) for code, field in faulty.issues]


def written_in(environ: dict[str, str], issue: PolicyIssue, line: str) -> dict[str, str]:
    """Return the environment with one line of a hint, written into the variable of the issue or of the line."""
    name, bracket, index = issue.field.partition("[")
    if len(issue.fixes) > 1 and "=" in line:
        return environ | dict([line.split("=", 1)])
    goes = line.startswith(("remove it", "# remove it"))
    if not bracket:
        return environ | {name: "" if goes else line}
    elements, place = json.loads(environ[name]), int(index[:-1])
    elements[place : place + 1] = [] if goes else json.loads(f"[{line}]")
    return environ | {name: json.dumps(elements)}


@pytest.mark.parametrize(("faulty", "environ"), WRITTEN, ids=[faulty.name for faulty, _ in WRITTEN])
def test_a_fix_written_there_takes_its_issue_away(faulty: Faulty, environ: dict[str, str]) -> None:
    """The fix is a value, or a line with the name of its variable.

    A comment says when it is right, or what to remove.
    """
    for issue in issues_of(environ):
        lines = issue.hint.split("\n") if issue.fixes else []
        for line in lines:
            if line.startswith("#") and not line.startswith("# remove it"):
                continue
            after = [other.code for other in issues_of(written_in(environ, issue, line))]
            assert after.count(issue.code) < len([code for code, _ in faulty.issues if code == issue.code])


def test_most_errors_are_tried_in_the_environment() -> None:
    """The cases above are most of the table, with errors of every option that is a text."""
    assert len(WRITTEN) > len(FAULTY) / 2
    assert {field.partition("[")[0] for faulty, _ in WRITTEN for _, field in faulty.issues} >= {
        *("allow_origins", "allow_methods", "allow_headers", "allow_origin_regex"),
        *("expose_headers", "max_age", "constant_allow_origin"),
    }


def test_a_warning_names_the_variable_and_the_caller() -> None:
    """The policy starts; the warning points at the line that reads it."""
    with pytest.warns(CrossOriginWarning) as caught:
        policy = policy_from_env(environ={"CORS_ALLOW_HEADERS": "X-Token,x-token"})
    (warning,) = caught
    assert policy.allow_headers == ("X-Token",)
    assert warning.filename == __file__
    assert "CORS_ALLOW_HEADERS[1] = 'x-token'\n  It is a duplicate of CORS_ALLOW_HEADERS[0]." in str(warning.message)


# Whose variables they are.


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CORS_ALLOWED_ORIGINS", "CORS_ALLOW_ORIGINS"),
        ("CORS_ORIGINS", "CORS_ALLOW_ORIGINS"),
        ("CORS_ORIGIN", "CORS_ALLOW_ORIGINS"),
        ("CORS_ORIGIN_WHITELIST", "CORS_ALLOW_ORIGINS"),
        ("CORS_METHODS", "CORS_ALLOW_METHODS"),
        ("CORS_SUPPORTS_CREDENTIALS", "CORS_ALLOW_CREDENTIALS"),
        ("CORS_EXPOSED_HEADERS", "CORS_EXPOSE_HEADERS"),
        ("CORS_ALLOWED_HOSTS", "CORS_ALLOW_ORIGINS"),
        ("CORS_ALLOW_COOKIES", "CORS_ALLOW_CREDENTIALS"),
        ("CORS_MAXAGE", "CORS_MAX_AGE"),
        ("cors_allow_origins", "CORS_ALLOW_ORIGINS"),
    ],
)
def test_a_misspelled_variable_is_not_lost(name: str, meant: str) -> None:
    """A name similar to that of an option is an error that names the option. An empty one is ignored."""
    (issue,) = issues_of({name: "1"})
    assert (issue.code, issue.field) == ("unknown-option", name)
    assert issue.hint.startswith(f"rename it to {meant}; or, if it belongs to another program, ")
    assert issues_of({name: " "}) == ()


@pytest.mark.parametrize("name", ["CORS_ALLOW_ALL_ORIGINS", "CORS_ALLOW_ALL"])
def test_a_variable_for_any_origin_names_the_wildcard(name: str) -> None:
    """Its value is not a list of origins."""
    (issue,) = issues_of({name: "true"})
    assert issue.hint.startswith("write CORS_ALLOW_ORIGINS=*, without CORS_ALLOW_CREDENTIALS, if it is meant; or, if")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- https://a.example\n- https://b.example", "It looks like a YAML list"),
        ("(https://a.example, https://b.example)", "Parentheses around it"),
        ("('https://a.example', 'https://b.example')", "Parentheses around it"),
    ],
)
def test_the_list_of_another_syntax_has_a_fix(text: str, reason: str) -> None:
    """The elements of a YAML list and of a tuple are recognized."""
    (issue,) = issues_of({"CORS_ALLOW_ORIGINS": text})
    assert issue.reason.startswith(reason)
    assert issue.hint == "https://a.example,https://b.example"


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("CORS_CHECK_WEBSOCKETS", "check_websockets"),
        ("CORS_CHECK_WEBSOCKET", "check_websockets"),
        ("cors_on_refused", "on_refused"),
        ("CORS_OUTERMOST", "outermost"),
        ("CORS_ON_DECISION", "on_decision"),
    ],
)
def test_an_argument_of_the_middleware_is_not_lost(name: str, argument: str) -> None:
    """Otherwise a user could rely on a variable that nothing reads."""
    (issue,) = issues_of({name: "true"})
    assert (issue.code, issue.field) == ("unknown-option", name)
    assert issue.hint.startswith(
        f"remove it, and pass {argument}= to CORSMiddleware; or, if it belongs to another program, "
    )
    assert argument in inspect.signature(CORSMiddleware).parameters
    assert issues_of({name: ""}) == ()


@pytest.mark.parametrize(
    "name",
    [
        "CORS_PROXY_URL",
        "CORS_ENABLED",
        "CORS_DEBUG",
        "CORS_SERVICE_HOST",
        "CORS_SERVICE_PORT_HTTP",
        "CORS_PORT_80_TCP_ADDR",
        "CORS_PROXY_PORT_8080_TCP_PROTO",
        "CORS_WEBSOCKETS_PORT",
        "MY_CORS_ALLOWED_ORIGINS",
        "ALLOWED_ORIGINS",
    ],
)
def test_the_variables_of_other_programs_do_not_stop_this_one(name: str) -> None:
    """An orchestrator puts such names into every container; none is close to an option's."""
    assert issues_of({name: "tcp://10.0.0.1:80"}) == ()


def test_without_a_prefix_no_name_is_too_close() -> None:
    """All variables would have that prefix."""
    assert issues_of({"ALLOWED_HOSTS": "*", "ORIGIN": A}, "") == ()


# Any text.

_PIECES = st.sampled_from([A, f"{A}/", "*", "null", "GET", "X-Token", "true", "none", "600", "[", "]", '"', "{"])
_TEXTS = st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=5).map(",".join), st.sampled_from([*TRUE, *FALSE]))
_SOME = st.lists(st.sampled_from([A, B, "https://*.a.example", "*"]), max_size=3)
_ORIGINS = st.one_of(_TEXTS, _SOME.map(" ".join), _SOME.map(json.dumps))
# Words in which a comment, a quote or a null could be taken for a method or a name.
_WORDS = st.lists(st.sampled_from(["GET", "put", "X-Token", "*", "#", "#PUT", "'PUT'", "null"]), max_size=3)
_LISTS = st.one_of(st.just(""), _WORDS.map(" ".join), _WORDS.map(",".join), _WORDS.map(json.dumps), _TEXTS)
_ENVIRONMENTS = st.builds(
    dict,
    st.dictionaries(st.sampled_from([*map(variable, DEFAULTS)]), _TEXTS, max_size=1),
    CORS_ALLOW_ORIGINS=_ORIGINS,
    CORS_ALLOW_METHODS=_LISTS,
    CORS_ALLOW_HEADERS=st.one_of(st.just(""), _LISTS),
)


def words_of(text: str) -> set[str]:
    """Return what a text names for a reader: the elements of a JSON list, or the words before a comment."""
    with suppress(ValueError):
        listed = json.loads(text)
        if isinstance(listed, list):
            return set(listed)
    before = re.split(r"(?:^|[\s,])#", text)[0]
    return {word for word in re.split(r"[\s,]+", before) if not re.search(r"^[\"'`]|[\"'`]$", word)} - {"null"}


def outcome_of(environ: dict[str, str]) -> Policy | InvalidPolicyError:
    """Return the policy or the issues."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossOriginWarning)
        try:
            return policy_from_env(environ=environ)
        except InvalidPolicyError as error:
            return error


def test_no_text_lets_anybody_in_that_it_does_not_name() -> None:
    """Any texts make a policy that allows only what they name, or the one error, whose issues name variables."""
    counts = ExampleCounts()

    @settings(max_examples=300)
    @given(_ENVIRONMENTS)
    def law(environ: dict[str, str]) -> None:
        outcome = outcome_of(environ)
        if isinstance(outcome, Policy):
            assert not outcome.allow_credentials or environ["CORS_ALLOW_CREDENTIALS"] in TRUE
            assert words_of(environ["CORS_ALLOW_ORIGINS"]) >= {*outcome.allow_origins}
            assert words_of(environ.get("CORS_ALLOW_HEADERS", "")) >= {*outcome.allow_headers}
            methods = {normalize_method(word) for word in words_of(environ.get("CORS_ALLOW_METHODS", ""))}
            assert methods | {"GET"} >= {*outcome.allow_methods}
            named = outcome.allow_headers or outcome.allow_methods != ("GET",)
            counts.count(started=True, listed=bool(outcome.allow_origins), named=bool(named))
        else:
            assert all(issue.field.startswith("CORS_") for issue in outcome.issues)
            assert all(line.isprintable() for line in str(outcome).split("\n"))
            counts.count(refused=True)

    law()
    counts.require(refused=0.2, started=0.1, listed=0.02, named=0.02)


def test_importing_the_package_or_reading_an_environment_needs_no_pydantic() -> None:
    """The types for pydantic are loaded by those who import them."""
    program = (
        "import crossorigin, crossorigin.settings, sys\n"
        "crossorigin.settings.policy_from_env(environ={'CORS_ALLOW_ORIGINS': 'https://a.example'})\n"
        "assert not {name for name in sys.modules if name.startswith('pydantic')}"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
