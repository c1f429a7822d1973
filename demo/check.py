"""The `--check` option: headless Chromium opens the page from both origins, and the results are checked.

The reason for which Chromium blocks a request must equal the one that the library's own model of Chromium predicts for
the same API. If the policy or the live origins can be edited, the effect of
each edit is checked then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossorigin.browser import BrowserRequest, asgi_transport, run_async
from demo.editable import EditableApi
from demo.edits import EDITS, edits_of_store, problem_of_invalid_input
from demo.scenario import PAGE_PORT, REQUESTS, DemoRequest, expected_verdict
from demo.serving import serving
from demo.stored import StoredApi
from demo.tab import Result, find_chromium, open_tab, running_chromium

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.edits import Edit
    from demo.recorder import App
    from demo.tab import Tab

_NOT_SENT = Result("failed", "the page did not send it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The result of one request from one origin."""

    origin: str
    request: DemoRequest
    expected: str
    result: Result
    predicted_reason: str
    """The reason that the browser model predicts."""

    @property
    def as_expected(self) -> bool:
        """Whether the browser allowed or blocked the request as expected, and for the predicted reason."""
        return self.result.verdict == self.expected and self.result.reason == self.predicted_reason


async def run_check(*, port: int, api: App, page_port: int = PAGE_PORT, introduction: str = "") -> int:
    """Print tables of verdicts and edits, and return 0 if all are as expected, otherwise 1.

    `api` can be any ASGI app: a test passes one without CORS and expects 1. The introduction is printed before the
    first request, when the servers and the browser have started.

    Raises:
        BrowserUnavailableError: Chromium is not installed, or it does not start.
        PortUnavailableError: One of the ports could not be opened.
    """
    executable = find_chromium()
    async with (
        serving(api=api, port=port, page_port=page_port) as addresses,
        running_chromium(executable) as browser,
    ):
        print(introduction, end="\n" if introduction else "", flush=True)
        rows: list[Row] = []
        for origin in (addresses.allowed, addresses.refused):
            async with open_tab(browser, origin) as tab:
                rows += await _rows(tab, api, {request.key: expected_verdict(origin) for request in REQUESTS})
        print(_table(_verdict_lines(rows)))
        unexpected = sum(not row.as_expected for row in rows)
        print(f"\n{len(rows) - unexpected} of {len(rows)} verdicts are as expected.")
        async with open_tab(browser, addresses.refused) as tab:
            if isinstance(api, EditableApi):
                unexpected += await _check_panel(tab, api)
            elif isinstance(api, StoredApi):
                unexpected += await _check_edits(tab, api, edits_of_store(api))
    return 1 if unexpected else 0


async def _rows(tab: Tab, api: App, expected: Mapping[str, str]) -> list[Row]:
    results = await tab.results()
    return [
        Row(
            origin=tab.origin,
            request=request,
            expected=expected[request.key],
            result=results.get(request.key, _NOT_SENT),
            predicted_reason=await _predict_reason(api, tab.origin, request),
        )
        for request in REQUESTS
    ]


async def _check_panel(tab: Tab, api: EditableApi) -> int:
    """Check an invalid origin and the edits in the panel, and return how many are not as expected."""
    problem = await problem_of_invalid_input(tab, api)
    unexpected = await _check_edits(tab, api, EDITS)
    shown = "is refused, with a message next to its field" if problem is None else f"is UNEXPECTED: {problem}"
    print(f"An invalid origin {shown}.")
    return unexpected + (problem is not None)


async def _check_edits(tab: Tab, api: App, edits: Sequence[Edit]) -> int:
    """Make each edit, print its effects, and return how many are not as expected."""
    lines = [("Edit", "Readable", "Expected", "")]
    unexpected = 0
    for edit in edits:
        runs = await tab.runs()
        await edit.make(tab)
        await tab.wait_for_run(runs + 1)
        rows = await _rows(
            tab, api, {request.key: "readable" if request.key in edit.readable else "blocked" for request in REQUESTS}
        )
        readable = sum(row.result.verdict == "readable" for row in rows)
        wrong = [row.request.key for row in rows if not row.as_expected]
        unexpected += bool(wrong)
        note = f"UNEXPECTED: {', '.join(wrong)}" if wrong else ""
        lines.append((edit.name, f"{readable} of {len(rows)}", f"{len(edit.readable)} of {len(rows)}", note))
    print(f"\n{_table(lines)}")
    print(f"\n{len(edits) - unexpected} of {len(edits)} edits have the expected effect.")
    return unexpected


async def _predict_reason(api: App, origin: str, request: DemoRequest) -> str:
    """Return the reason for which the model of Chromium blocks a request, or `-` if it allows it."""
    modeled = BrowserRequest(
        url="http://api.localhost/",
        origin=origin,
        method=request.method,
        headers=tuple(request.headers.items()),
        credentials=request.credentials,
        body=None if request.body is None else request.body.encode(),
    )
    verdict = await run_async(modeled, asgi_transport(api), engine="chromium")
    return "-" if verdict.reason is None else verdict.reason.cors_error or verdict.reason


def _verdict_lines(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    return [
        ("Origin", "Request", "Credentials", "Expected", "Verdict", "Reason", ""),
        *(
            (
                row.origin,
                row.request.name,
                row.request.credentials,
                row.expected,
                row.result.verdict,
                row.result.reason,
                "" if row.as_expected else "UNEXPECTED",
            )
            for row in rows
        ),
    ]


def _table(lines: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
