"""The page of the doctor matches the command."""

import json
import re
import shlex
from importlib.resources import files
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crossorigin.doctor.cli import cli
from crossorigin.doctor.findings import FINDINGS
from tests.meta.docs.documents import ROOT, rows_of

PAGE = ROOT / "docs" / "doctor.md"


def blocks(language: str) -> list[str]:
    """Return the blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


CASES = list(zip(blocks("python"), [block for block in blocks("sh") if block.startswith("$ ")], strict=True))


def test_there_are_five_cases() -> None:
    """The page has five cases with real output."""
    assert len(CASES) == 5


@pytest.mark.parametrize(("app", "shown"), CASES)
def test_a_case_is_what_the_command_prints(
    app: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output of the command, for the app above it, is the one on the page."""
    command, _, output = shown.partition("\n")
    (tmp_path / "main.py").write_text(app, "utf-8")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)
    assert words[:2] == ["$", "crossorigin"]
    result = CliRunner().invoke(cli, words[2:])
    assert (result.stdout, result.exit_code) == (output, 1)


def test_every_finding_is_documented() -> None:
    """The table has the text of each finding, in the order of the enum."""
    assert [tuple(row.values()) for row in rows_of(PAGE, "Finding")] == [
        (str(code), told.meaning, told.fix) for code, told in FINDINGS.items()
    ]


def test_every_option_is_documented() -> None:
    """The table has all names of each option."""
    check = cli.commands["check"]
    options = [", ".join(option.opts) for option in check.params if isinstance(option, click.Option)]
    assert [row["Option"] for row in rows_of(PAGE, "Option")] == options


def test_every_field_of_the_document_is_documented() -> None:
    """The tables have the fields of every form of the document."""
    schema = json.loads((files("crossorigin.doctor") / "check.schema.json").read_text("utf-8"))
    fields = dict.fromkeys(name for form in schema["$defs"].values() for name in form.get("properties", ()))
    assert [row["Field"] for row in rows_of(PAGE, "Field")] == list(fields)


def test_every_command_of_the_page_is_one() -> None:
    """No example uses an option that does not exist."""
    commands = re.findall(r"^(?:\$ )?crossorigin (.*?)(?: \| .*)?$", "\n".join(blocks("sh")), re.MULTILINE)
    for command in commands:
        name, *words = shlex.split(command)
        with cli.commands[name].make_context(name, words):
            pass
    assert len(commands) >= 10
