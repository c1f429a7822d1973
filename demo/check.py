"""`--check`: let headless Chromium open the page from both origins, and judge what it saw.

The verdicts are the page's own, read from its DOM. A page is told nothing of why a request
failed, so the reason comes from Chromium (`Network.loadingFailed.corsErrorStatus`), and only
with such a reason does a failed request count as blocked: an API that is down is no refusal.
The reason must be the one that the library's own model of Chromium gives over the same API.
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
    """There is no Chromium to check with, or it does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one request from one origin."""

    origin: str
    request: str
    credentials: str
    expected: str
    verdict: str
    reason: str
    foreseen: str
    """The reason that the model of the browser gives."""

    @property
    def as_expected(self) -> bool:
        """Return whether the browser did what the policy promises, and for the reason that the model gives."""
        return self.verdict == self.expected and self.reason == self.foreseen


async def run_check(*, port: int, api: App = app, page_port: int = PAGE_PORT) -> int:
    """Print a table of verdicts; return 0 if each is the expected one, else 1.

    `api` may be any ASGI app: a test hands over one without CORS and expects 1.

    Raises:
        BrowserUnavailableError: there is no Chromium, or it does not start.
        PortUnavailableError: one of the ports could not be opened.
    """
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        raise BrowserUnavailableError(
            f"The check needs Chromium; none of {', '.join(_BROWSERS)} is on the PATH. "
            "On Debian: sudo apt-get install chromium"
        )
    async with serving(api=api, port=port, page_port=page_port) as addresses:
        rows = await _look(executable, (addresses.allowed, addresses.refused), api)
    print(_table(rows))
    wrong = sum(not row.as_expected for row in rows)
    print(f"\n{len(rows) - wrong} of {len(rows)} verdicts are the expected ones.")
    return 1 if wrong else 0


async def _look(executable: str, origins: Sequence[str], api: App) -> list[Row]:
    from playwright.async_api import Error, async_playwright

    # Chromium's sandbox does not start for root.
    as_root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=executable, args=[*_ARGUMENTS, *as_root])
        except Error as error:
            raise BrowserUnavailableError(f"{executable} does not start: {error.message}") from error
        try:
            return [row for origin in origins for row in await _look_from(browser, origin, api)]
        finally:
            await browser.close()


async def _look_from(browser: Browser, origin: str, api: App) -> list[Row]:
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
            foreseen=await _foresee(api, origin, request),
            **_judge(results.get(request.key), reasons),
        )
        for request in REQUESTS
    ]


async def _foresee(api: App, origin: str, request: DemoRequest) -> str:
    """Return the reason for which the model of Chromium refuses a request, `-` if it lets it through."""
    asked = BrowserRequest(
        url="http://api.localhost/",
        origin=origin,
        method=request.method,
        headers=tuple(request.headers.items()),
        credentials=request.credentials,
        body=None if request.body is None else request.body.encode(),
    )
    verdict = await run_async(asked, asgi_transport(api), engine="chromium")
    return "-" if verdict.reason is None else verdict.reason.cors_error or verdict.reason


class _Reasons:
    """What Chromium says about failed requests, by the id the page gave each."""

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


def _judge(card: dict[str, str] | None, reasons: _Reasons) -> dict[str, str]:
    if card is None:
        return {"verdict": "failed", "reason": "the page did not get that far"}
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
