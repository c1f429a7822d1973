"""If a page requests a URL with a scheme that is not HTTP, Chromium's message is the one of the model."""

import pytest
from playwright.async_api import Browser

from crossorigin.browser import console_text
from tests.unit.browser.scripted_fetch import fetch

HOW = {
    "fetch": "fetch(url)",
    "no-cors": "fetch(url, {mode: 'no-cors'})",
    "same-origin": "fetch(url, {mode: 'same-origin'})",
    "xhr": """new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("GET", url);
        request.onerror = reject;
        request.send();
    })""",
}


@pytest.mark.parametrize("url", ["localhost:8000/items?q#f", "ws://127.0.0.1/", "file:///items"])
@pytest.mark.parametrize("how", HOW)
async def test_chromium_says_what_the_model_says(browser: Browser, page_port: int, url: str, how: str) -> None:
    """The message is the same for `fetch` in each mode and for XMLHttpRequest."""
    origin = f"http://app.localhost:{page_port}"
    page = await browser.new_page()
    await page.goto(origin)
    async with page.expect_console_message() as told:
        assert await page.evaluate(f"url => {HOW[how]}.catch(() => 'refused')", url) == "refused"
    asked = {"mode": how} if how.endswith(("cors", "origin")) else {"initiator": how}
    assert (await told.value).text == console_text(fetch(url=url, origin=origin, **asked), "chromium")
    await page.close()
