"""Some of the pasted fixes in Chromium: the page fails before the fix and works after it."""

import sys
import threading
from collections.abc import AsyncGenerator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from playwright.async_api import Page, async_playwright

from tests.real.doctor.broken.serving import serving
from tests.real.doctor.broken.stacks import STACKS
from tests.real.doctor.broken.test_cases import CASES, Case, check, paste_into

_ORIGIN = "http://localhost:5173"
_CASES = [
    case for case in CASES if _ORIGIN in case.check and case.fix and case.path == "/items" and case.stack != "mcp"
]
_FETCH = """
async ({url, method, headers, credentials, body}) => {
    try {
        return (await fetch(url, {method, headers, credentials, body})).status;
    } catch (error) {
        return error.message;
    }
}
"""


class _Empty(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
async def page(chromium_launch: dict[str, Any], anyio_backend: str) -> AsyncGenerator[Page]:
    """A page of the origin. Chromium connects to another port, because a test cannot rely on that one being free."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        rules = f"--host-resolver-rules=MAP localhost:5173 127.0.0.1:{server.server_port}"
        launch = {**chromium_launch, "args": [*chromium_launch["args"], rules]}
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch)
            opened = await browser.new_page()
            await opened.goto(f"{_ORIGIN}/")
            yield opened
            await browser.close()
        server.shutdown()


def request_of(case: Case) -> dict[str, Any]:
    """Return the request that the arguments of the command describe."""
    words = iter(case.check[1:])
    request: dict[str, Any] = {"method": "GET", "headers": {}, "credentials": "same-origin"}
    for word in words:
        if word == "--credentials":
            request["credentials"] = "include"
        elif word == "-X":
            request["method"] = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            request["headers"][name] = value
        elif word == "--data":
            request["body"] = next(words)
    return request


@pytest.mark.parametrize("case", _CASES, ids=[case.name for case in _CASES])
async def test_the_page_works_after_the_fix(
    case: Case, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same request fails before the fix, and works after it, in Chromium."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    runner, request = STACKS[case.stack].runner, request_of(case)
    (tmp_path / "main.py").write_text(case.source, "utf-8")
    with serving(tmp_path, case.source, runner) as url:
        assert await page.evaluate(_FETCH, {"url": f"{url}/items", **request}) == "Failed to fetch"
        target = ["main:app", "/items"] if case.in_process else [f"{url}/items"]
        found = await _checked(case, target)
    with serving(tmp_path, paste_into(case, found["fix"]["edits"]), runner) as url:
        assert await page.evaluate(_FETCH, {"url": f"{url}/items", **request}) == 200


async def _checked(case: Case, target: list[str]) -> dict[str, Any]:
    """Check in a thread, because the command runs its own event loop."""
    return await anyio.to_thread.run_sync(lambda: check(*target, *case.check[1:]))


def test_there_are_several_stacks() -> None:
    """The cases in Chromium are of several stacks."""
    assert len({case.stack for case in _CASES}) >= 4
