"""The `--check` option: headless Chromium opens the page from both origins, and the results are checked.

The verdicts are read from the DOM of the page. A page cannot see why a request failed, so the reason comes from
Chromium (`Network.loadingFailed.corsErrorStatus`). A failed request counts as blocked only if Chromium reports a CORS
reason, because an API that is down does not refuse anything. The reason must equal the one that the library's own
model of Chromium predicts for the same API.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from crossorigin.browser import BrowserRequest, asgi_transport, run_async
from demo.api import app
from demo.scenario import PAGE_PORT, REQUESTS, DemoRequest, expected_verdict
from demo.serving import serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.async_api import Browser

    from demo.recorder import App

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_OK = 200
_TIMEOUT_MS = 60_000


class BrowserUnavailableError(RuntimeError):
    """Chromium is not installed, or it does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The result of one request from one origin."""

    origin: str
    request: str
    credentials: str
    expected: str
    verdict: str
    reason: str
    predicted_reason: str
    """The reason that the browser model predicts."""

    @property
    def as_expected(self) -> bool:
        """Whether the browser allowed or blocked the request as expected, and for the predicted reason."""
        return self.verdict == self.expected and self.reason == self.predicted_reason


async def run_check(*, port: int, api: App = app, page_port: int = PAGE_PORT) -> int:
    """Print a table of verdicts, and return 0 if all are as expected, otherwise 1.

    `api` can be any ASGI app: a test passes one without CORS and expects 1.

    Raises:
        BrowserUnavailableError: Chromium is not installed, or it does not start.
        PortUnavailableError: One of the ports could not be opened.
    """
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        raise BrowserUnavailableError(
            f"--check requires Chromium, but none of {', '.join(_BROWSERS)} is on the PATH. "
            "On Debian, run: sudo apt-get install chromium"
        )
    async with serving(api=api, port=port, page_port=page_port) as addresses:
        rows = await _check_origins(executable, (addresses.allowed, addresses.refused), api)
    print(_table(rows))
    unexpected = sum(not row.as_expected for row in rows)
    print(f"\n{len(rows) - unexpected} of {len(rows)} verdicts are as expected.")
    return 1 if unexpected else 0


async def _check_origins(executable: str, origins: Sequence[str], api: App) -> list[Row]:
    from playwright.async_api import Error, async_playwright

    # The sandbox of Chromium does not start for root.
    as_root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=executable, args=[*_ARGUMENTS, *as_root])
        except Error as error:
            raise BrowserUnavailableError(f"{executable} does not start: {error.message}") from error
        try:
            return [row for origin in origins for row in await _rows_from(browser, origin, api)]
        finally:
            await browser.close()


async def _rows_from(browser: Browser, origin: str, api: App) -> list[Row]:
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(_TIMEOUT_MS)
    session: Any = await context.new_cdp_session(page)
    reasons = _Reasons()
    session.on("Network.requestWillBeSent", reasons.note_request)
    session.on("Network.loadingFailed", reasons.note_failure)
    await session.send("Network.enable")
    await page.goto(f"{origin}/")
    await page.wait_for_selector("html[data-state=done]", state="attached")
    cards: list[dict[str, str]] = await page.evaluate(
        "[...document.querySelectorAll('[data-request]')].map(card => ({...card.dataset}))"
    )
    await context.close()
    results = {card["request"]: card for card in cards}
    return [
        Row(
            origin=origin,
            request=request.name,
            credentials=request.credentials,
            expected=expected_verdict(origin),
            predicted_reason=await _predict_reason(api, origin, request),
            **_result_of(results.get(request.key), reasons),
        )
        for request in REQUESTS
    ]


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


class _Reasons:
    """The errors that Chromium reports for failed requests, by the id that the page gave each request."""

    def __init__(self) -> None:
        self._identifiers: dict[str, str] = {}
        self.cors: dict[str, str] = {}
        self.other: dict[str, str] = {}

    def note_request(self, event: dict[str, Any]) -> None:
        url: str = event["request"]["url"]
        identifier = parse_qs(urlsplit(url).query).get("demo", [""])[0]
        self._identifiers[event["requestId"]] = identifier

    def note_failure(self, event: dict[str, Any]) -> None:
        identifier = self._identifiers.get(event["requestId"], "")
        if status := event.get("corsErrorStatus"):
            self.cors[identifier] = status["corsError"]
        else:
            self.other[identifier] = event["errorText"]


def _result_of(card: dict[str, str] | None, reasons: _Reasons) -> dict[str, str]:
    if card is None:
        return {"verdict": "failed", "reason": "the page did not send it"}
    identifier = card["id"]
    if card["verdict"] == "readable":
        status = int(card["status"])
        verdict = "readable" if status == _OK else f"answered {status}"
        return {"verdict": verdict, "reason": "-"}
    if card["verdict"] == "blocked" and identifier in reasons.cors:
        return {"verdict": "blocked", "reason": reasons.cors[identifier]}
    return {"verdict": "failed", "reason": reasons.other.get(identifier, "unknown")}


def _table(rows: Sequence[Row]) -> str:
    lines = [
        ("Origin", "Request", "Credentials", "Expected", "Verdict", "Reason", ""),
        *(
            (
                row.origin,
                row.request,
                row.credentials,
                row.expected,
                row.verdict,
                row.reason,
                "" if row.as_expected else "UNEXPECTED",
            )
            for row in rows
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
