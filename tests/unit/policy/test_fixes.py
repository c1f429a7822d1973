"""Fixes are values: they travel, they are applied to options, and they are written as Python source."""

import copy
import os
import pickle
import subprocess
import sys
from typing import Any

import pytest

import crossorigin
from crossorigin import REMOVE, Fix, InvalidPolicyError, IssueCode, Policy, PolicyIssue
from crossorigin.policy.literals import fixes_source
from crossorigin.policy.options import apply_fix

A, B = "https://a.example", "https://b.example"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_fix_survives_pickling_and_copying(protocol: int) -> None:
    """There is one `REMOVE`, wherever it arrives."""
    fix = Fix("allow_origins[0]", REMOVE, when="if nobody needs it")
    for other in (pickle.loads(pickle.dumps(fix, protocol)), copy.copy(fix), copy.deepcopy(fix)):
        assert other == fix
        assert other.value is REMOVE
    assert repr(fix) == "Fix(field='allow_origins[0]', value=REMOVE, when='if nobody needs it')"
    assert str(REMOVE) == "REMOVE"


def test_a_fix_is_a_frozen_value() -> None:
    """It is compared and hashed by what it says."""
    fix = Fix("max_age", 600)
    assert {fix, Fix("max_age", 600)} == {fix}
    assert fix != Fix("max_age", 0)
    with pytest.raises(AttributeError):
        fix.value = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "fix", "fixed"),
    [
        ({"allow_origins": [A, "x", B]}, Fix("allow_origins[1]", REMOVE), {"allow_origins": [A, B]}),
        ({"allow_origins": [A, "x"]}, Fix("allow_origins[1]", B), {"allow_origins": [A, B]}),
        ({"allow_origins": (A, "x")}, Fix("allow_origins[1]", (B, "null")), {"allow_origins": [A, B, "null"]}),
        ({"allow_methods": {"b", "a", 1}}, Fix("allow_methods[0]", "A"), {"allow_methods": ["A", "b", 1]}),
        ({"allow_origins": A, "max_age": 5}, Fix("allow_origins", (A,)), {"allow_origins": [A], "max_age": 5}),
        ({"max_age": 5}, Fix("max_age", None), {"max_age": None}),
        ({"max_age": 5}, Fix("max_age", REMOVE), {}),
        ({"max_age": 5}, Fix("allow_credentials", value=False), {"max_age": 5, "allow_credentials": False}),
        ({"max_age": 5}, Fix("allow_credentials", REMOVE), {"max_age": 5}),
        ({"max_age[0]": 5}, Fix("max_age[0]", REMOVE), {}),
    ],
)
def test_a_fix_is_applied_to_a_copy(options: dict[str, Any], fix: Fix, fixed: dict[str, Any]) -> None:
    """Several texts for an element are elements, and a set has the order in which a policy reads it."""
    given = copy.deepcopy(options)
    assert apply_fix(options, fix) == fixed
    assert options == given


@pytest.mark.parametrize(
    ("fixes", "source"),
    [
        ([Fix("allow_origins[0]", A)], f'"{A}"'),
        ([Fix("allow_origins[0]", (A, B))], f'"{A}", "{B}"'),
        ([Fix("allow_origins[0]", REMOVE)], "remove it."),
        ([Fix("allow_origins", ())], "allow_origins=[]"),
        ([Fix("allow_origin_regex", r"a\.b")], r'allow_origin_regex=r"a\.b"'),
        ([Fix("allow_origin_regex", None)], "allow_origin_regex=None"),
        ([Fix("allow_credentials", value=False)], "allow_credentials=False"),
        ([Fix("allow_credentials", REMOVE)], "remove allow_credentials."),
        (
            [Fix("allow_origins[0]", A, "if one"), Fix("max_age", 5, "if two"), Fix("allow_headers", (), "if three")],
            f'"{A}",  # if one\nmax_age=5,  # if two\nallow_headers=[],  # if three',
        ),
        (
            [Fix("allow_origins[0]", REMOVE, "if one"), Fix("max_age", REMOVE, "if two")],
            "# remove it if one\n# remove max_age if two",
        ),
    ],
)
def test_fixes_are_written_as_python_source(fixes: list[Fix], source: str) -> None:
    """The only one as the bare value; of several each line can be pasted, and says when it is the right one."""
    assert fixes_source("allow_origins[0]", fixes) == source


def test_the_only_fix_of_an_option_is_the_bare_value_and_of_several_each_names_it() -> None:
    """A line among others is pasted into the call, where a bare value would be another argument."""
    one = Fix("allow_origins", (A,), "if one")
    assert fixes_source("allow_origins", [one]) == f'["{A}"]'
    assert fixes_source("allow_origins", [one, Fix("allow_origins", (B,), "if two")]) == (
        f'allow_origins=["{A}"],  # if one\nallow_origins=["{B}"],  # if two'
    )


def test_the_hint_is_the_instruction_or_the_fixes() -> None:
    """Where a front other than Python has written the fixes, its text goes before."""
    fixes = (Fix("max_age", 0),)
    given: dict[str, Any] = {"code": IssueCode.MAX_AGE_OUT_OF_RANGE, "field": "max_age", "value": -1, "reason": "Low."}
    assert PolicyIssue(**given, fixes=fixes).hint == "0"
    assert PolicyIssue(**given, instruction="wait.").hint == "wait."
    assert PolicyIssue(**given, fixes=fixes, instruction="MAX=0").hint == "MAX=0"


CORRECT = """
import sys
from crossorigin import CORSMiddleware, Policy
Policy(allow_origins=["https://a.example", "https://*.a.example:*"], allow_credentials=True, max_age=None)
Policy(allow_origins={"*"}, allow_methods=["*"], allow_headers=["X-A"], expose_headers=["ETag"])
CORSMiddleware(print, allow_origins=["https://a.example"], on_refused="block", check_websockets=True)
late = ["suggestions", "lenient", "origin_repair", "url_repair", "scheme_repair"]
modules = {f"crossorigin.policy.check.{name}" for name in late} | {"crossorigin.policy.fixes", "difflib", "json"}
print(*modules & {*sys.modules})
"""


# Measuring the coverage of the process would load more.
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


def test_a_correct_policy_loads_nothing_of_fixes() -> None:
    """Importing the package is part of every start."""
    run = subprocess.run(
        [sys.executable, "-c", CORRECT], capture_output=True, text=True, check=True, timeout=60, env=PLAIN
    )
    assert run.stdout == "\n"


def test_fixes_are_public() -> None:
    """Programs that read them can name their types."""
    assert {"Fix", "REMOVE"} <= {*crossorigin.__all__}
    with pytest.raises(InvalidPolicyError) as caught:
        Policy(allow_methods=["TRACE"])
    assert caught.value.issues[0].fixes == (Fix("allow_methods[0]", REMOVE),)
