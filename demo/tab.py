"""A tab of headless Chromium with the page of the demo, and the results that it shows.

The verdicts are read from the DOM of the page. A page cannot see why a request failed, so the reason comes from
Chromium (`Network.loadingFailed.corsErrorStatus`). A failed request counts as blocked only if Chromium reports a CORS
reason, because an API that is down does not refuse anything.
"""

from __future__ import annotations

import os
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from playwright.async_api import Browser, Page

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


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one request: the verdict of the page, and Chromium's reason if it is `blocked`."""

    verdict: str
    reason: str


def find_chromium() -> str:
    """Return the path of Chromium.

    Raises:
        BrowserUnavailableError: It is not installed.
    """
    executable = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        raise BrowserUnavailableError(
            f"This requires Chromium, but none of {', '.join(_BROWSERS)} is on the PATH. "
            "On Debian, run: sudo apt-get install chromium"
        )
    return executable


@asynccontextmanager
async def running_chromium(executable: str) -> AsyncGenerator[Browser]:
    """Run headless Chromium while the context is open.

    Raises:
        BrowserUnavailableError: It does not start.
    """
    from playwright.async_api import Error, async_playwright

    # The sandbox of Chromium does not start for root.
    as_root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=executable, args=[*_ARGUMENTS, *as_root])
        except Error as error:
            raise BrowserUnavailableError(f"{executable} does not start: {error.message}") from error
        try:
            yield browser
        finally:
            await browser.close()


class Tab:
    """A tab with the page of one origin. `open_tab` opens it."""

    def __init__(self, page: Page, origin: str, reasons: Reasons) -> None:
        """Keep the page and its failures."""
        self.page = page
        self.origin = origin
        self._reasons = reasons

    async def runs(self) -> int:
        """Return how often the page has sent all requests."""
        return int(await self.page.evaluate("document.documentElement.dataset.runs ?? 0"))

    async def wait_for_run(self, number: int) -> None:
        """Wait until the page has sent all requests this many times."""
        await self.page.wait_for_selector(f"html[data-runs='{number}']", state="attached")

    async def results(self) -> dict[str, Result]:
        """Return the results that the page shows, by the keys of the requests."""
        cards: list[dict[str, str]] = await self.page.evaluate(
            "[...document.querySelectorAll('[data-request]')].map(card => ({...card.dataset}))"
        )
        return {card["request"]: self._result_of(card) for card in cards}

    def _result_of(self, card: dict[str, str]) -> Result:
        identifier = card["id"]
        if card["verdict"] == "readable":
            status = int(card["status"])
            return Result("readable" if status == _OK else f"answered {status}", "-")
        if card["verdict"] == "blocked" and identifier in self._reasons.cors:
            return Result("blocked", self._reasons.cors[identifier])
        return Result("failed", self._reasons.other.get(identifier, "unknown"))


@asynccontextmanager
async def open_tab(browser: Browser, origin: str) -> AsyncGenerator[Tab]:
    """Open the page of an origin, and wait until it has sent its requests."""
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(_TIMEOUT_MS)
    session: Any = await context.new_cdp_session(page)
    reasons = Reasons()
    session.on("Network.requestWillBeSent", reasons.note_request)
    session.on("Network.loadingFailed", reasons.note_failure)
    await session.send("Network.enable")
    tab = Tab(page, origin, reasons)
    await page.goto(f"{origin}/")
    await tab.wait_for_run(1)
    try:
        yield tab
    finally:
        await context.close()


class Reasons:
    """The errors that Chromium reports for failed requests, by the id that the page gave each request."""

    def __init__(self) -> None:
        """Start without any."""
        self._identifiers: dict[str, str] = {}
        self.cors: dict[str, str] = {}
        self.other: dict[str, str] = {}

    def note_request(self, event: dict[str, Any]) -> None:
        """Remember the id of a request."""
        url: str = event["request"]["url"]
        identifier = parse_qs(urlsplit(url).query).get("demo", [""])[0]
        self._identifiers[event["requestId"]] = identifier

    def note_failure(self, event: dict[str, Any]) -> None:
        """Remember why a request failed."""
        identifier = self._identifiers.get(event["requestId"], "")
        if status := event.get("corsErrorStatus"):
            self.cors[identifier] = status["corsError"]
        else:
            self.other[identifier] = event["errorText"]
