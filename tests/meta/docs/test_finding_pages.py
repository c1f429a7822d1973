"""Every finding of the doctor has a page, and a check has the results on the page."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from crossorigin.browser import AsyncTransport, EngineName, HttpRequest, HttpResponse, asgi_transport
from crossorigin.doctor.asking.run_checks import Check, check
from crossorigin.doctor.diagnosis import Diagnosis
from crossorigin.doctor.findings import FindingCode
from crossorigin.doctor.output.report import report
from crossorigin.doctor.pages import page_of
from tests.meta.docs.documents import FINDINGS, ROOT, rows_of
from tests.meta.docs.reason_page import blocks_of, read_exchange, sections_of, wire

INDEX = FINDINGS / "index.md"
SECTIONS = ["What the report says", "What happened", "Why", "The fix"]
PROBED = {FindingCode.ANY_ORIGIN_REFLECTED, FindingCode.NULL_ORIGIN_ALLOWED, FindingCode.LOOKALIKE_ORIGIN_ALLOWED}


def path_of(code: str) -> Path:
    """Return the path of the page of a finding."""
    return FINDINGS / f"{code}.md"


def checked(code: FindingCode, transport: AsyncTransport) -> Diagnosis:
    """Check the request of the page in every browser and in the standard's model."""
    exposes = ("X-Cursor",) if code is FindingCode.REQUIRED_HEADER_NOT_EXPOSED else ()
    request = read_exchange(path_of(code)).request
    asked = Check(request=request, engines=get_args(EngineName), probe=code in PROBED, exposes=exposes)
    return asyncio.run(check(asked, transport))


def app_of(section: str) -> AsyncTransport:
    """Return the app of the only block of a section."""
    (block,) = blocks_of(section, "python")
    names: dict[str, Any] = {}
    exec(block, names)  # The code comes from our documents.
    return asgi_transport(names["app"])


def codes_of(found: Diagnosis) -> set[FindingCode]:
    """Return the codes of the findings."""
    return {finding.code for finding in found.findings}


def told_of(code: FindingCode, found: Diagnosis) -> Sequence[str]:
    """Return the lines of the report about this finding only."""
    alone = replace(found, cause=None, findings=tuple(finding for finding in found.findings if finding.code is code))
    lines = [line.text for line in report(alone, width=100)]
    lines = lines[lines.index("Also noticed") + 1 :]
    return [line.removeprefix("   ") for line in lines[: lines.index("")]]


def test_every_finding_has_one_page_and_no_page_is_left_over() -> None:
    """The folder contains the index and one page for each code."""
    assert {path.stem for path in FINDINGS.iterdir()} == {*map(str, FindingCode), "index"}


def test_the_index_lists_the_pages_by_their_titles() -> None:
    """The index lists each finding once, in the order of the enum, with the title of its page."""
    titles = [path_of(code).read_text("utf-8").partition("\n")[0] for code in FindingCode]
    listed = re.findall(r"^- \[(`(.+)`)\]\(\2\.md\)(: .+)$", INDEX.read_text("utf-8"), flags=re.MULTILINE)
    assert [f"# {code}{sentence}" for code, _, sentence in listed] == titles
    assert [code for _, code, _ in listed] == list(map(str, FindingCode))


def test_every_finding_has_a_row() -> None:
    """Each finding has a row in the table of the doctor's page."""
    assert [row["Finding"] for row in rows_of(ROOT / "docs" / "doctor.md", "Finding")] == list(map(str, FindingCode))


@pytest.mark.parametrize("code", FindingCode)
def test_what_happened_is_what_the_report_tells(code: FindingCode) -> None:
    """The requests and the report are those on the page."""
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
    """With the app of the fix, the page can read its response, and there are no findings.

    There is a link to the other servers.
    """
    fix = sections_of(path_of(code))["The fix"]
    found = checked(code, app_of(fix))
    # Most of the apps have no route, so they answer 404.
    expected = set() if code is FindingCode.ERROR_STATUS else {FindingCode.ERROR_STATUS}
    assert found.lead.reason is None
    assert codes_of(found) <= expected
    assert "](../reasons/fixes.md)" in fix
    assert "`crossorigin explain fixes`" in (page_of(code) or "")
