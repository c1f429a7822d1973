"""The page's server shows every origin the same page, the record and the explanation."""

import json
import re
from typing import Any

import pytest
from anyio import to_thread
from playwright.async_api import async_playwright

from demo.editable import EditableApi
from demo.recorder import Message, Receive, Send
from demo.serving import ServerDidNotStartError, serving
from tests.real.demo.process import get

# The documented list names an http origin with credentials: that is reported, and served.
pytestmark = pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")


async def ask(url: str, **headers: str) -> tuple[dict[str, str], str]:
    """Return the header lines and the text of a 200 answer; the servers run in this loop."""
    return await to_thread.run_sync(lambda: get(url, **headers))


async def ask_json(url: str) -> Any:
    """Return what an answer holds."""
    return json.loads((await ask(url))[1])


async def test_the_record_is_read_through_the_page_of_any_origin(api: EditableApi) -> None:
    """What the API was sent is found by its id, under both of the page's origins."""
    async with serving(api=api, port=0, page_port=0) as addresses:
        await ask(f"{addresses.api}/?demo=one", Origin="http://127.0.0.1:8080")
        for origin in (addresses.allowed, addresses.refused):
            [exchange] = await ask_json(f"{origin}/exchanges?id=one")
            assert ["origin", "http://127.0.0.1:8080"] in exchange["sent"]
            assert exchange["status"] == 200
            assert await ask_json(f"{origin}/exchanges?id=two") == []


@pytest.mark.parametrize(("origin", "allowed"), [("http://localhost:8080", True), ("http://127.0.0.1:8080", False)])
async def test_the_explanation_is_the_policys(api: EditableApi, origin: str, *, allowed: bool) -> None:
    """The explanation judges the origin and the names that it was asked about."""
    question = f"method=PUT&origin={origin}&headers=content-type,x-demo"
    async with serving(api=api, port=0, page_port=0) as addresses:
        answer = await ask_json(f"{addresses.allowed}/explain?{question}")
    assert answer["originAllowed"] is allowed
    assert origin in answer["text"]


async def test_the_page_loads_nothing_from_elsewhere(api: EditableApi) -> None:
    """Its policy lets it load from its own server and call the API, nothing more."""
    async with serving(api=api, port=0, page_port=0) as addresses:
        headers, html = await ask(addresses.allowed)
        assert headers["content-security-policy"] == (
            f"default-src 'self'; connect-src 'self' {addresses.api}; img-src data:"
        )
        loaded = re.findall(r'<(?:link|script|img)[^>]* (?:href|src)="([^"]+)"', html)
        assert loaded == ["data:,", "/static/page.css", "/static/page.js"]


async def test_a_refused_page_shows_it_all_on_a_phone(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """What was sent and why it was refused stands on a screen of 375 pixels, none wider."""
    async with serving(api=api, port=0, page_port=0) as addresses, async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium_launch)
        page = await browser.new_page(viewport={"width": 375, "height": 800})
        await page.goto(addresses.refused)
        await page.wait_for_selector("html[data-state=done]", state="attached")
        assert await page.inner_text("#status") == "As expected: the page could read none of the 6 responses."
        await page.locator("#row-put-include a").click()
        card = page.locator("article#put-include")
        did, sent, says = [await card.locator(f".{name}").inner_text() for name in ("did", "sent", "says")]
        await browser.close()
    assert "TypeError: Failed to fetch" in did
    assert "the request itself was never sent" in did
    assert "OPTIONS /" in sent
    assert "Access-Control-Request-Headers: content-type,x-demo" in sent
    assert f"Origin: {addresses.refused}" in sent
    assert addresses.refused in says


async def test_an_api_that_gives_up_at_its_start_is_reported() -> None:
    """A server that does not start ends the demo instead of leaving half of it."""

    async def api(scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "a misconfigured policy"})

    with pytest.raises(ServerDidNotStartError):
        async with serving(api=api, port=0, page_port=0):
            pytest.fail("the demo was opened")
