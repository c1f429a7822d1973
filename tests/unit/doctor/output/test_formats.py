"""The formats of CI systems have every problem, and nothing that breaks their syntax."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from crossorigin.browser import BrowserRequest, HttpResponse, run
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.output.document import Document, document, not_run
from crossorigin.doctor.output.formats import WRITERS
from tests.unit.browser.scripted_fetch import API, PAGE, answer


def checked(response: HttpResponse) -> Document:
    """Return the document of a check with one response."""
    request = BrowserRequest(url=f"{API}/items", origin=PAGE)
    return document(diagnose([run(request, lambda _: response, engine="chromium")]))


BLOCKED = checked(answer(200, allow_origin="https://a\x1b.example, 100%"))
WARNED = checked(answer(200, {"Content-Disposition": "x", "ETag": "1"}, allow_origin="*"))
CLEAN = checked(answer(200, allow_origin="*"))
FAILED = not_run("dns", "The host <a> has no address.\n")
ALL = [BLOCKED, WARNED, CLEAN, FAILED]


def test_sarif_has_a_result_for_each_problem() -> None:
    """With a rule, a level, and the URL as its location."""
    log: dict[str, Any] = json.loads(WRITERS["sarif"](ALL))
    [found] = log["runs"]
    assert log["version"] == "2.1.0"
    assert [(result["ruleId"], result["level"]) for result in found["results"]] == [
        ("multiple-allow-origin-values", "error"),
        ("unexposed-header", "warning"),
        ("unexposed-header", "note"),
        ("not-run-dns", "error"),
    ]
    assert len(found["tool"]["driver"]["rules"]) == 3
    location = found["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": f"{API}/items"}


def test_junit_has_a_test_case_for_each_check() -> None:
    """One that is blocked fails, one that could not run is an error, and a warning is output."""
    suite = ET.fromstring(WRITERS["junit"](ALL))  # noqa: S314  # our own text
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert [[child.tag for child in case] for case in suite] == [["failure"], ["system-out"], [], ["error"]]
    assert "\x1b" not in WRITERS["junit"](ALL)


def test_github_commands_are_one_line_each() -> None:
    """What would end a command is escaped."""
    lines = WRITERS["github"](ALL).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning", "::notice", "::error"]
    assert "100%25" in lines[0]
    assert lines[3].endswith("::crossorigin check: The host <a> has no address.%0A")
    assert WRITERS["github"]([CLEAN]) == "1 CORS checks passed."


@pytest.mark.parametrize("documents", [[CLEAN], ALL])
def test_json_is_one_document(documents: list[Document]) -> None:
    """That of a single check as it is, several in a list with the worst outcome."""
    written = json.loads(WRITERS["json"](documents))
    assert written["outcome"] == ("clean" if len(documents) == 1 else "not-run")
