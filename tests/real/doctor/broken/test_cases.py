"""Each case in a real stack: the cause is named, and the pasted fix works and breaks nothing."""

import json
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crossorigin.doctor.cli import cli
from tests.real.doctor.broken.judging import works
from tests.real.doctor.broken.paste import paste
from tests.real.doctor.broken.serving import serving
from tests.real.doctor.broken.stacks import STACKS

_CASES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text("utf-8"))["case"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of the table."""

    name: str
    stack: str
    check: list[str]
    cause: str
    says: list[str]
    fix: list[str]
    wrong: str = ""
    behind: str = ""
    path: str = "/items"
    in_process: bool = False

    @property
    def source(self) -> str:
        """The source of the faulty app."""
        return STACKS[self.stack].source.replace("WRONG", self.wrong).replace("# behind", self.behind)


CASES = [Case(**case) for case in _CASES]


def check(*words: str) -> dict[str, Any]:
    """Run the command and return its document."""
    result = CliRunner().invoke(cli, ["check", *words, "--format", "json"])
    assert result.exit_code in {0, 1}, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def checked(case: Case, source: str, folder: Path, target: str) -> tuple[dict[str, Any], set[Any]]:
    """Run the app of a source. Return the document of a check, and the requests that work for other pages."""
    (folder / "main.py").write_text(source, "utf-8")
    with serving(folder, source, STACKS[case.stack].runner) as url:
        path = "/items" if case.path.startswith("https:") else case.path
        others = works(url + path)
        if case.in_process:
            return check("main:app", target, *case.check[1:]), others
        where = target if target.startswith("http://127") else url + target
        return check(where, *case.check[1:]), others


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_cause_is_named_and_the_pasted_fix_works(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the fix, the page works, and so does every other request that worked before."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "path", [*sys.path])
    before, worked = checked(case, case.source, tmp_path, case.check[0])
    assert before["outcome"] == "failed"
    assert before["cause"] is not None, before["reason"]
    assert before["cause"]["code"] == case.cause, before["cause"]
    for words in case.says:
        assert words in before["cause"]["text"]
    edits = before["fix"]["edits"]
    assert [edit["kind"] for edit in edits] == case.fix, before["fix"]
    if not edits:
        return
    target = case.check[0]
    if edits[0]["kind"] == "url":
        # The next server has another port.
        target = "/" + edits[0]["code"].split("/", 3)[3]
    source = paste_into(case, edits)
    after, works_now = checked(case, source, tmp_path, target)
    assert after["allowed"], (source, after["reason"], after["cause"])
    assert worked <= works_now, worked - works_now


def paste_into(case: Case, edits: list[dict[str, Any]]) -> str:
    """Return the source with the fix. In Django, the fix is pasted before the settings are used."""
    if case.stack != "django":
        return paste(case.source, edits)
    settings, mark, rest = case.source.partition("# settings\n")
    return paste(settings, edits) + mark + rest


def test_the_table_is_large_and_has_every_stack() -> None:
    """There are at least forty cases, with and without code."""
    assert len(CASES) >= 40
    assert {case.stack for case in CASES} == {*STACKS}
