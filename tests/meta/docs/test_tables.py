"""The reference is complete: every code, reason, option and limit is documented, and nothing else."""

import inspect
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import crossorigin
from crossorigin import (
    CORSMiddleware,
    CrossOriginWarning,
    InvalidPolicyError,
    IssueCode,
    LiveOrigins,
    Policy,
    PolicyIssue,
    Reason,
)
from crossorigin.fetch.fields import MAX_EMPTY_ELEMENTS, MAX_LIST_BYTES
from crossorigin.fetch.host import MAX_HOST, MAX_LABEL
from crossorigin.fetch.origin import MAX_ORIGIN, MAX_PORT
from crossorigin.policy.check.rules import MAX_MAX_AGE
from tests.meta.docs.documents import (
    BEHAVIOR,
    DOCUMENTS,
    NAMES,
    POLICY,
    POLICY_ERRORS,
    ROOT,
    anchors_of,
    names_of,
    prose_of,
    rows_of,
)

_CODE = "Code"
_WARNING = "Warning"
# Paths that commands create.
_MADE = {"build/fuzz", "site/"}


async def app(*_: object) -> None:
    """The app that the examples wrap; no request is sent."""


def build(written: str) -> object:
    """Build a policy from options as a table writes them, or evaluate a whole call."""
    call = written if "(" in written.partition("=")[0] else f"Policy({written})"
    types: list[type] = [CORSMiddleware, LiveOrigins, Policy]
    names: dict[str, Any] = {**{named.__name__: named for named in types}, "app": app, "re": re}
    return eval(call, names)  # The code comes from our documents.


def issues_of(written: str) -> tuple[PolicyIssue, ...]:
    """Return the issues of options as a table writes them, or of a whole call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            build(written)
        except InvalidPolicyError as error:
            return error.issues
    (warning,) = caught
    assert isinstance(warning.message, CrossOriginWarning)
    return warning.message.issues


@pytest.mark.parametrize("kind", [_CODE, _WARNING])
def test_every_row_shows_the_real_message(kind: str) -> None:
    """The options of a row have exactly the issue of the row, with the same reason and fix."""
    rows = rows_of(POLICY_ERRORS, kind)
    assert rows
    for row in rows:
        code, written, reason, hint = row.values()
        told = [(str(issue.code), issue.reason, issue.hint) for issue in issues_of(written)]
        assert told == [(code, reason, hint)]


def test_every_issue_code_is_documented() -> None:
    """The tables of errors and warnings together list every code, in the order of the enum."""
    listed = [name for kind in (_CODE, _WARNING) for name in names_of(rows_of(POLICY_ERRORS, kind))]
    assert listed == [*map(str, IssueCode)]


def test_errors_refuse_and_warnings_do_not() -> None:
    """A policy with an error is not built, and a policy with a warning is."""
    for row in rows_of(POLICY_ERRORS, _WARNING):
        with pytest.warns(CrossOriginWarning):
            build(row["You write"])
    for row in rows_of(POLICY_ERRORS, _CODE):
        assert row[_CODE] not in names_of(rows_of(POLICY_ERRORS, _WARNING))


def test_every_reason_is_documented() -> None:
    """The table of reasons has all of them, with the outcome of each."""
    rows = rows_of(BEHAVIOR, "Reason")
    assert [(row["Reason"], row["Outcome"]) for row in rows] == [
        (str(reason), "allowed" if reason.allows else "refused") for reason in Reason
    ]


def test_every_option_is_documented_with_its_type_and_default() -> None:
    """The tables of options have the parameters of the signatures, in order."""
    parameters = inspect.signature(Policy).parameters
    assert [(row["Option"], row["Type"], row["Default"]) for row in rows_of(POLICY, "Option")] == [
        (name, type_of(parameter), repr(parameter.default)) for name, parameter in parameters.items()
    ]
    own = {name: p for name, p in inspect.signature(CORSMiddleware).parameters.items() if name not in parameters}
    assert [(row["Argument"], row["Default"]) for row in rows_of(POLICY, "Argument")] == [
        (name, "required" if p.default is p.empty else repr(p.default)) for name, p in own.items()
    ]


def type_of(parameter: inspect.Parameter) -> str:
    """Return the type of a parameter as it is written."""
    return str(parameter.annotation)


@pytest.mark.parametrize("option", inspect.signature(Policy).parameters)
def test_every_option_has_a_section(option: str) -> None:
    """The reference describes each option below its own heading."""
    assert f"\n### `{option}`\n" in POLICY.read_text("utf-8")


def test_every_limit_is_the_real_one() -> None:
    """The table of limits has the numbers of the code."""
    shown = [int(row["Limit"].split(" ")[0]) for row in rows_of(BEHAVIOR, "Value")]
    assert shown == [MAX_ORIGIN, MAX_HOST, MAX_LABEL, MAX_PORT, MAX_LIST_BYTES, MAX_EMPTY_ELEMENTS, MAX_MAX_AGE]


@pytest.mark.parametrize("name", crossorigin.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    """The reference pages mention every public name."""
    pages = "".join(
        path.read_text("utf-8")
        for path in (POLICY, BEHAVIOR, *map(BEHAVIOR.with_name, ("routes.md", "live-origins.md")))
    )
    assert re.search(rf"`{name}\b", pages)


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_every_link_between_documents_resolves(path: Path) -> None:
    """The file of a link exists and has the heading."""
    for target in re.findall(r"\]\(([^)]+)\)", prose_of(path)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target


def test_every_path_in_the_guide_for_contributors_exists() -> None:
    """A recipe names files of the repository, of the tests or of the package."""
    guide = ROOT / "CONTRIBUTING.md"
    paths = set(re.findall(r"`([\w./-]+/[\w.-]*)`", prose_of(guide))) - _MADE
    assert len(paths) > 20
    for path in paths:
        assert any((base / path).exists() for base in (ROOT, ROOT / "src" / "crossorigin")), path
