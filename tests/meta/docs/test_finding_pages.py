"""Every finding of the doctor has its page, and what the page says is what a check finds."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from crossorigin.browser import AsyncTransport, EngineName, HttpRequest, HttpResponse, asgi_transport
from crossorigin.doctor.diagnosis import Diagnosis
from crossorigin.doctor.findings import FindingCode
from crossorigin.doctor.pages import page_of
from crossorigin.doctor.report import report
from crossorigin.doctor.run_checks import Check, check
from tests.meta.docs.documents import FINDINGS, ROOT, rows_of
from tests.meta.docs.reason_page import blocks_of, read_exchange, sections_of, wire

INDEX = FINDINGS / "index.md"
SECTIONS = ["What the report says", "What happened", "Why", "The fix"]
PROBED = {FindingCode.ANY_ORIGIN_REFLECTED, FindingCode.NULL_ORIGIN_ALLOWED, FindingCode.LOOKALIKE_ORIGIN_ALLOWED}


def path_of(code: str) -> Path:
    """Where the page of a finding stands."""
    return FINDINGS / f"{code}.md"


def checked(code: FindingCode, transport: AsyncTransport) -> Diagnosis:
    """Ask what the page asks for, as every browser does, and the standard."""
    asked = Check(request=read_exchange(path_of(code)).request, engines=get_args(EngineName), probe=code in PROBED)
    return asyncio.run(check(asked, transport))


def app_of(section: str) -> AsyncTransport:
    """Return the app of a section's one block."""
    (block,) = blocks_of(section, "python")
    names: dict[str, Any] = {}
    exec(block, names)  # the documents are ours
    return asgi_transport(names["app"])


def codes_of(found: Diagnosis) -> set[FindingCode]:
    """Return what was noticed."""
    return {finding.code for finding in found.findings}


def told_of(code: FindingCode, found: Diagnosis) -> Sequence[str]:
    """Return the lines that the report has for this finding alone."""
    alone = replace(found, findings=tuple(finding for finding in found.findings if finding.code is code))
    lines = [line.text for line in report(alone, width=100)]
    return [line.removeprefix("   ") for line in lines[lines.index("Also noticed") + 1 : -2]]


def test_every_finding_has_one_page_and_no_page_is_left_over() -> None:
    """The directory holds the index and the pages of the closed list."""
    assert {path.stem for path in FINDINGS.iterdir()} == {*map(str, FindingCode), "index"}


def test_the_index_lists_the_pages_by_their_titles() -> None:
    """Each finding stands in the index once, in the order of the list, with what its page's title says."""
    titles = [path_of(code).read_text("utf-8").partition("\n")[0] for code in FindingCode]
    listed = re.findall(r"^- \[(`(.+)`)\]\(\2\.md\)(: .+)$", INDEX.read_text("utf-8"), flags=re.MULTILINE)
    assert [f"# {code}{sentence}" for code, _, sentence in listed] == titles
    assert [code for _, code, _ in listed] == list(map(str, FindingCode))


def test_every_finding_has_a_row() -> None:
    """In the table of the doctor's document."""
    assert [row["Finding"] for row in rows_of(ROOT / "docs" / "doctor.md", "Finding")] == list(map(str, FindingCode))


@pytest.mark.parametrize("code", FindingCode)
def test_what_happened_is_what_the_report_tells(code: FindingCode) -> None:
    """All that is shown is asked for, and a check says of the answers, word for word, what stands there."""
    sections, shown = sections_of(path_of(code)), read_exchange(path_of(code))
    assert list(sections) == SECTIONS
    left = {repr(wire(exchange.request)): exchange.response for exchange in shown.exchanges}
    answers, asked = dict(left), set[str]()

    async def recorded(request: HttpRequest) -> HttpResponse | None:
        asked.add(repr(wire(request)))
        return answers.get(repr(wire(request)), HttpResponse(status=400))

    found = checked(code, recorded if answers else app_of(sections["What happened"]))
    assert asked >= set(left)
    assert blocks_of(sections[SECTIONS[0]], "console") == ["".join(f"{line}\n" for line in told_of(code, found))]


@pytest.mark.parametrize("code", FindingCode)
def test_after_the_fix_nothing_is_noticed(code: FindingCode) -> None:
    """The app of the fix lets the page read its answer, and there is nothing more to say; each server has a link."""
    fix = sections_of(path_of(code))["The fix"]
    found = checked(code, app_of(fix))
    assert (found.lead.reason, codes_of(found)) == (None, set())
    assert "](../reasons/fixes.md)" in fix
    assert "`crossorigin explain fixes`" in (page_of(code) or "")
