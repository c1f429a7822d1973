"""The picture of the demo in the README: the page on the refused origin, in headless Chromium.

    python -m demo.screenshot [PATH]

It writes docs/demo.png unless PATH names another file.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from demo.api import create_api, documented_policy
from demo.editable import EditableApi
from demo.scenario import PAGE_PORT
from demo.serving import serving
from demo.tab import find_chromium, running_chromium

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "demo.png"
# Wide enough for the table next to the panel, and high enough for the results above the details.
WIDTH, HEIGHT = 1280, 1100
_TIMEOUT_MS = 60_000


async def take_screenshot(path: Path, *, port: int = 0, page_port: int = PAGE_PORT) -> None:
    """Serve the demo, open the page on the refused origin, and write what Chromium shows.

    Raises:
        BrowserUnavailableError: Chromium is not installed.
        PortUnavailableError: One of the ports could not be opened.
    """
    executable = find_chromium()
    api = EditableApi(create_api, documented_policy())
    async with (
        serving(api=api, port=port, page_port=page_port) as addresses,
        running_chromium(executable) as browser,
    ):
        page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.set_default_timeout(_TIMEOUT_MS)
        await page.goto(f"{addresses.refused}/")
        await page.wait_for_selector("html[data-state=done]", state="attached")
        await page.screenshot(path=path)


def main(arguments: list[str]) -> int:
    """Write the picture and return the exit code."""
    path = Path(arguments[0]) if arguments else PICTURE
    # The port of the API is shown in the picture, so it is the one that `make demo` uses.
    asyncio.run(take_screenshot(path, port=8000))
    print(f"Wrote {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
