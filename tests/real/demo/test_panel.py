"""The panel works with a keyboard, on a phone, zoomed and with a screen reader, in both color schemes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from demo.editable import EditableApi
from demo.serving import serving

# The documented list names an http origin with credentials, which is a warning.
pytestmark = pytest.mark.filterwarnings("ignore::crossorigin.CrossOriginWarning")

OPTIONS = [
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "allow_credentials",
    "expose_headers",
    "max_age",
    "allow_origin_regex",
    "constant_allow_origin",
    "allow_private_network",
    "dangerously_allow_public_suffixes",
]

# The contrast of each text with the first background that is not transparent, as WCAG 2 defines it.
CONTRASTS = """
() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].filter((child) => child.nodeType === 3).map((child) => child.data);
    const text = node.matches("input, textarea") ? node.value : own.join("").trim();
    if (!text || !node.checkVisibility() || node.matches(":disabled")) continue;
    const both = [channels(getComputedStyle(node).color), ground(node)].map(luminance);
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    found.push({ text: text.slice(0, 40), console: node.closest("pre") !== null, ratio });
  }
  return found;
}
"""


@asynccontextmanager
async def opened(api: EditableApi, launch: dict[str, Any], **context: Any) -> AsyncGenerator[Page]:
    """Open the page of the refused origin, after its requests."""
    async with serving(api=api, port=0, page_port=0) as addresses, async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch)
        page = await (await browser.new_context(**context)).new_page()
        await page.goto(addresses.refused)
        await wait_for_run(page, 1)
        yield page
        await browser.close()


async def wait_for_run(page: Page, number: int) -> None:
    """Wait until all requests have been sent this many times."""
    await page.wait_for_selector(f"html[data-runs='{number}']", state="attached")


async def status(page: Page) -> str:
    """Return the line above the results."""
    return await page.inner_text("#status")


async def open_all(page: Page) -> None:
    """Unfold everything, with an error and a warning in the panel."""
    await page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")


async def show_an_error(page: Page) -> None:
    """Apply a policy with several errors of long texts."""
    await page.fill("#allow_origins", "https://*.com\n" + "https://" + "a" * 60 + ".example/path")
    await page.fill("#allow_headers", "bad header")
    await page.press("#allow_headers", "Enter")
    await page.wait_for_selector(".issue.error")


async def test_an_edit_needs_no_mouse(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """Tab reaches the fields in order, each shows its focus, and Enter or Ctrl+Enter sends the policy."""
    async with opened(api, chromium_launch) as page:
        await page.focus("#reset")
        reached: list[str] = []
        while not reached or reached[-1] != "allow_origins":
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.id || document.activeElement.textContent"))
        assert reached == [
            "Examples to try",
            "Allow this page",
            "Every origin, no cookies",
            "Every origin, with cookies",
            "Only GET",
            "No custom headers",
            "allow_origins",
        ]
        await page.keyboard.press("Control+End")
        await page.keyboard.type(f"\n{await page.evaluate('location.origin')}")
        await page.keyboard.press("Control+Enter")
        await wait_for_run(page, 2)
        assert await status(page) == "After the edit, the page could read 6 of 6 responses."
        for expected in [*OPTIONS[1:6], "More options", "Apply and send again"]:
            await page.keyboard.press("Tab")
            assert await page.evaluate("document.activeElement.id || document.activeElement.textContent") == expected
            outline = await page.evaluate("({...getComputedStyle(document.activeElement)}).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2, expected
        await page.fill("#allow_methods", "GET")
        await page.press("#allow_methods", "Enter")
        await wait_for_run(page, 3)
        assert await status(page) == "After the edit, the page could read 2 of 6 responses."
        # The focus stays where it was, so that the next edit needs no way back.
        assert await page.evaluate("document.activeElement.id") == "allow_methods"
        assert await page.inner_text("#row-put-omit .was") == "was readable"


async def test_an_error_is_next_to_its_field_and_has_the_focus(
    api: EditableApi, chromium_launch: dict[str, Any]
) -> None:
    """The message is the description of the field, is announced, and disappears with the next valid policy."""
    async with opened(api, chromium_launch) as page:
        before = await status(page)
        await show_an_error(page)
        assert await page.evaluate("document.activeElement.id") == "allow_origins"
        assert await page.locator("#panel-error[role=alert]").inner_text() == (
            "Nothing was changed. The policy has 3 errors."
        )
        for name, part in [("allow_origins", "allow_origins[0]"), ("allow_headers", "It is not a valid header name")]:
            field = page.locator(f"#{name}")
            assert await field.get_attribute("aria-invalid") == "true"
            described = await field.get_attribute("aria-describedby")
            assert described is not None
            assert f"{name}-issues" in described.split()
            assert part in await page.inner_text(f"#{name}-issues")
        assert await page.get_attribute("#allow_methods", "aria-invalid") is None
        assert await status(page) == before
        await page.click("#reset")
        await wait_for_run(page, 2)
        assert await page.locator("#panel .issue, #panel [aria-invalid]").count() == 0
        assert await page.inner_text("#panel-error") == ""


async def test_an_error_in_a_folded_field_unfolds_it(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """A message that nobody sees helps nobody."""
    async with opened(api, chromium_launch) as page:
        await page.evaluate("document.querySelector('#allow_origin_regex').value = '('")
        await page.press("#max_age", "Enter")
        await page.wait_for_selector("#allow_origin_regex-issues .issue.error")
        assert await page.evaluate("document.activeElement.id") == "allow_origin_regex"


async def test_a_warning_is_shown_and_the_policy_applies(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """A policy with a warning is used, and says what does not do what it appears to do."""
    async with opened(api, chromium_launch) as page:
        await page.fill("#max_age", "86401")
        await page.press("#max_age", "Enter")
        await wait_for_run(page, 2)
        assert "max-age-above-browser-limits" in await page.inner_text("#max_age-issues .issue.warning")
        assert await page.get_attribute("#max_age", "aria-invalid") is None
        assert api.state()["options"]["max_age"] == 86401


async def test_every_option_can_be_edited(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """Each option of the policy has a field with a label, whose value is sent and shown again."""
    options = {
        "allow_origins": ["https://a.example"],
        "allow_methods": ["GET", "PUT"],
        "allow_headers": ["X-One", "X-Two"],
        "allow_credentials": False,
        "expose_headers": ["Date"],
        "max_age": None,
        "allow_origin_regex": r"https://b\.example",
        "constant_allow_origin": False,
        "allow_private_network": True,
        "dangerously_allow_public_suffixes": True,
    }
    assert [*options] == OPTIONS
    assert {*options} == {*api.state()["options"]}
    async with opened(api, chromium_launch) as page:
        await page.click("summary:text('More options')")
        for name, value in options.items():
            field = page.locator(f"#{name}")
            label = await page.inner_text(f"label[for='{name}']")
            assert label.split()[-1] == name
            if isinstance(value, bool):
                await field.set_checked(value)
            elif isinstance(value, list):
                await field.fill(("\n" if name == "allow_origins" else ", ").join(value))
            else:
                await field.fill(value or "")
        await page.click("text=Apply and send again")
        await wait_for_run(page, 2)
        assert api.state()["options"] == options
        assert await page.input_value("#allow_headers") == "X-One, X-Two"
        assert 'allow_origin_regex="https://b\\\\.example"' in await page.text_content("#code") or ""
        # What the page says about constant_allow_origin comes from the library, too.
        await page.check("#constant_allow_origin")
        await page.click("text=Apply and send again")
        await page.wait_for_selector(
            "#constant_allow_origin-issues .issue.error, #allow_origin_regex-issues .issue.error"
        )


async def test_exposed_headers_become_readable(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """The first request lists what its script could read, so that expose_headers has a visible effect."""
    async with opened(api, chromium_launch) as page:
        await page.click("button:text('Allow this page')")
        await wait_for_run(page, 2)
        assert "content-length, content-type." in await page.inner_text("#get-omit .did")
        await page.fill("#expose_headers", "Date")
        await page.press("#expose_headers", "Enter")
        await wait_for_run(page, 3)
        assert "content-length, content-type, date." in await page.inner_text("#get-omit .did")


async def test_the_page_of_the_other_origin_follows(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """Two pages side by side show the same policy: an edit in one sends the requests of the other again."""
    async with opened(api, chromium_launch) as page:
        other = await page.context.new_page()
        await other.goto(await page.get_attribute("#other-page", "href") or "")
        await wait_for_run(other, 1)
        await page.click("text=Only GET")
        await wait_for_run(page, 2)
        await wait_for_run(other, 2)
        assert await other.input_value("#allow_methods") == "GET"
        # Its own origin is not in the list, because it is not on the documented port.
        assert await status(other) == "After the edit, the page could read 0 of 6 responses."


async def test_every_field_and_button_has_a_name(api: EditableApi, chromium_launch: dict[str, Any]) -> None:
    """Screen readers have a name for each control, and announce the results."""
    async with opened(api, chromium_launch) as page:
        await open_all(page)
        await page.press("#live-origin", "Enter")
        await wait_for_run(page, 2)
        unnamed = await page.evaluate(
            "[...document.querySelectorAll('input, textarea')].filter((field) => field.labels.length !== 1).length"
        )
        assert unnamed == 0
        for control in await page.locator("button, summary, a").all():
            name = await control.get_attribute("aria-label") or await control.inner_text()
            assert name.strip(), await control.evaluate("(node) => node.outerHTML")
        assert await page.get_attribute("#status", "aria-live") == "polite"
        assert await page.locator("#panel[aria-labelledby=panel-title]").count() == 1


@pytest.mark.parametrize("width", [320, 390, 640, 1280])
async def test_nothing_is_wider_than_the_screen(api: EditableApi, chromium_launch: dict[str, Any], width: int) -> None:
    """A phone, and a window of 1280 pixels at a zoom of 100, 200 and 400 %, need no horizontal scrolling."""
    async with opened(api, chromium_launch, viewport={"width": width, "height": 800}) as page:
        await page.click("summary:text('Live origins')")
        await page.press("#live-origin", "Enter")
        await wait_for_run(page, 2)
        await show_an_error(page)
        await open_all(page)
        assert await page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_texts_have_enough_contrast(api: EditableApi, chromium_launch: dict[str, Any], scheme: str) -> None:
    """4.5 : 1 for every text, and 7 : 1 for what was sent and why it was refused."""
    async with opened(api, chromium_launch, color_scheme=scheme) as page:
        await page.fill("#max_age", "86401")
        await page.click("text=Apply and send again")
        await wait_for_run(page, 2)
        await open_all(page)
        texts = await page.evaluate(CONTRASTS)
        await show_an_error(page)
        texts += await page.evaluate(CONTRASTS)
    assert len(texts) > 200
    assert any(text["console"] for text in texts)
    low = {(text["text"], round(text["ratio"], 2)) for text in texts if text["ratio"] < (7 if text["console"] else 4.5)}
    assert not low
