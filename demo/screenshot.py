"""The picture of the demo in the README: the page on the refused origin, in headless Chromium.

    python -m demo.screenshot [PATH]

It writes docs/demo.png unless PATH names another file.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

from demo.api import app
from demo.check import BrowserUnavailableError
from demo.scenario import PAGE_PORT
from demo.serving import serving

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "demo.png"
# Wide enough for the table, and high enough for the results above the details.
WIDTH, HEIGHT = 1000, 1000
_TIMEOUT_MS = 60_000


async def take_screenshot(path: Path, *, port: int = 0, page_port: int = PAGE_PORT) -> None:
    """Serve the demo, open the page on the refused origin, and write what Chromium shows.

    Raises:
        BrowserUnavailableError: Chromium is not installed.
        PortUnavailableError: One of the ports could not be opened.
    """
    from playwright.async_api import async_playwright

    executable = shutil.which("chromium")
    if executable is None:
        raise BrowserUnavailableError("The screenshot requires Chromium. On Debian, run: sudo apt-get install chromium")
    # The sandbox of Chromium does not start for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with serving(api=app, port=port, page_port=page_port) as addresses, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.set_default_timeout(_TIMEOUT_MS)
            await page.goto(f"{addresses.refused}/")
            await page.wait_for_selector("html[data-state=done]", state="attached")
            await page.screenshot(path=path)
        finally:
            await browser.close()


def main(arguments: list[str]) -> int:
    """Write the picture and return the exit code."""
    path = Path(arguments[0]) if arguments else PICTURE
    # The port of the API is shown in the picture, so it is the one that `make demo` uses.
    asyncio.run(take_screenshot(path, port=8000))
    print(f"Wrote {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
