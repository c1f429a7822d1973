"""The documentation site is built without a network, is complete, and can be read on a desktop and on a phone."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Page, async_playwright

from crossorigin.browser import BrowserReason, EngineName
from tests.meta.docs.reason_page import page_of, read_console

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv-docs" / "bin" / "python"
SCRIPT = ROOT / "scripts" / "build_site.py"
PAGES = [
    "index.html",
    "installation.html",
    "tutorial.html",
    "deployment.html",
    "faq.html",
    "changelog.html",
    "reasons/index.html",
    "reasons/missing-allow-origin-header.html",
    "findings/missing-vary.html",
    "policy.html",
    "policy-errors.html",
    "api.html",
]
MESSAGE = "No 'Access-Control-Allow-Origin' header is present on the requested resource."


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def problems_of(site: Path) -> list[str]:
    """Return the problems that the build script finds in a site."""
    spec = importlib.util.spec_from_file_location("build_site", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[str] = module.problems_of(site)
    return found


def copy_sources(place: Path) -> None:
    """Copy the sources of the site."""
    for name in ("zensical.toml", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "docs", place / "docs")
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__"))


def build(place: Path) -> subprocess.CompletedProcess[str]:
    """Build the site in another folder, as `make docs` does."""
    assert PYTHON.exists(), "the site builder is not installed: run make .venv-docs/.docs"
    return subprocess.run([PYTHON, SCRIPT], cwd=place, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built for these tests."""
    place = tmp_path_factory.mktemp("site")
    copy_sources(place)
    built = build(place)
    assert built.returncode == 0, built.stdout + built.stderr
    return place / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Generator[str]:
    """The URL of the site, which is served below a path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site.parent))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/site/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
async def browser(anyio_backend: str, chromium_launch: dict[str, Any]) -> AsyncGenerator[Browser]:
    """The headless Chromium of the system."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium_launch)
        yield browser
        await browser.close()


@pytest.fixture
def asked() -> list[str]:
    """The URLs that the browser requests."""
    return []


@pytest.fixture
async def page(browser: Browser, asked: list[str]) -> AsyncGenerator[Page]:
    """An empty page of Chromium."""
    context = await browser.new_context()
    context.on("request", lambda request: asked.append(request.url))
    yield await context.new_page()
    await context.close()


def test_a_broken_link_between_documents_fails_the_build(tmp_path: Path) -> None:
    """A link to a missing document or heading fails the build."""
    copy_sources(tmp_path)
    with (tmp_path / "docs" / "not-cors.md").open("a", encoding="utf-8") as document:
        document.write("\n[a page](nowhere.md) [a heading](policy.md#nowhere)\n")
    built = build(tmp_path)
    assert built.returncode == 1
    assert "page does not exist" in built.stderr
    assert "anchor does not exist" in built.stderr


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('<a href="https://elsewhere.example/#top">', None),
        ('<a href="page.html#place">', None),
        ('<a href="../LICENSE">', "index.html: broken link: ../LICENSE"),
        ('<a href="/page.html">', "index.html: broken link: /page.html"),
        ('<a href="page.html#no">', "index.html: broken link, no such heading: page.html#no"),
        ('<a href="#no">', "index.html: broken link, no such heading: #no"),
        ('<link href="no.css">', "index.html: broken link: no.css"),
        ('<img src="https://elsewhere.example/a.png">', "index.html: https://elsewhere.example/a.png is loaded from"),
        ('<script src="//elsewhere.example/a.js">', "index.html: //elsewhere.example/a.js is loaded from another host"),
    ],
)
def test_a_broken_link_is_reported(tmp_path: Path, written: str, told: str | None) -> None:
    """A link must lead to a file of the site and to an anchor in it, and a page loads nothing from another host."""
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "LICENSE").write_text("", "utf-8")
    (site / "index.html").write_text(f'<a href="page.html">{written}', "utf-8")
    (site / "page.html").write_text('<h2 id="place">', "utf-8")
    assert [problem.startswith(told or "?") for problem in problems_of(site)] == [True] * bool(told)


def test_a_page_without_a_link_to_it_is_reported(tmp_path: Path) -> None:
    """Each document must be in the navigation or in an index."""
    for name in ("index.html", "lost.html"):
        (tmp_path / name).write_text(f'<a href="{name}">', "utf-8")
    assert problems_of(tmp_path) == ["lost.html: no page links here"]


async def test_a_page_fits_a_phone_and_a_desk(address: str, page: Page, asked: list[str]) -> None:
    """No page and no code is cut, also with a zoom of 200 %, and no other host gets a request."""
    for name in PAGES:
        await page.goto(address + name, wait_until="networkidle")
        # A zoom of 200 % halves the width of the window in CSS pixels.
        for width in (390, 640, 1280):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            selector = "pre > code" if width < 1280 else ".language-console code"
            hidden = "blocks => blocks.map(block => block.scrollWidth - block.clientWidth)"
            assert set(await page.locator(selector).evaluate_all(hidden)) <= {0}, (name, width)
    assert all(url.startswith(address) for url in asked), asked


async def test_a_row_of_a_wide_table_is_a_list_on_a_phone(address: str, page: Page) -> None:
    """Each cell has the whole width and shows the name of its column."""
    await page.set_viewport_size({"width": 390, "height": 900})
    await page.goto(f"{address}policy-errors.html", wait_until="networkidle")
    cells = page.locator("tbody tr").first.locator("td")
    assert min(await cells.evaluate_all("cells => cells.map(cell => cell.clientWidth)")) > 300
    shown = "cells => cells.map(cell => getComputedStyle(cell, '::before').content)"
    assert await cells.evaluate_all(shown) == ['"Code"', '"You write"', '"Why"', '"Write instead"']


# The contrast of an element's text with its background, by the formula of WCAG 2.
_CONTRAST = """
elements => elements.map(element => {
    const values = color => color.match(/[\\d.]+/g).map(Number);
    const luminance = color => color.slice(0, 3)
        .map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    let parent = element;
    while (getComputedStyle(parent).backgroundColor === "rgba(0, 0, 0, 0)") parent = parent.parentElement;
    const back = values(getComputedStyle(parent).backgroundColor);
    const [...text] = values(getComputedStyle(element).color);
    const alpha = text[3] ?? 1;
    const seen = text.slice(0, 3).map((part, index) => part * alpha + back[index] * (1 - alpha));
    const [dark, light] = [luminance(seen), luminance(back)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
})
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["reasons/missing-allow-origin-header.html", "tutorial.html"])
async def test_code_is_easy_to_read(
    address: str, browser: Browser, name: str, scheme: Literal["light", "dark"]
) -> None:
    """Each part of a console message and of other code has a contrast of at least 7:1, in both color schemes."""
    async with await browser.new_context(color_scheme=scheme) as context:
        page = await context.new_page()
        await page.goto(address + name, wait_until="networkidle")
        contrasts = await page.locator("pre code, pre code span:not(:empty)").evaluate_all(_CONTRAST)
    assert len(contrasts) > 50
    assert min(contrasts) >= 7


async def test_a_page_works_with_the_keyboard(address: str, page: Page) -> None:
    """The first Tab reaches the link to the content, and a search result opens with the arrow and Enter keys."""
    await page.goto(f"{address}policy.html", wait_until="networkidle")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent.trim()") == "Skip to content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search")
    await field.fill("glossary")
    await page.locator('a[role="option"]').first.wait_for()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/glossary.html*")


def test_a_page_has_a_title_that_names_it(site: Path) -> None:
    """The title of a tab or a bookmark starts with the page, and no title repeats the name of the site."""
    titles = {
        path.relative_to(site).as_posix(): re.findall("<title>(.*?)</title>", path.read_text("utf-8"))
        for path in site.rglob("*.html")
    }
    assert all(len(found) == 1 for found in titles.values())
    assert len({found[0] for found in titles.values()}) == len(titles)
    assert titles["index.html"] == ["crossorigin: CORS for FastAPI, Django, Flask and aiohttp"]
    assert titles["changelog.html"] == ["Changelog - crossorigin"]


def test_examples_in_docstrings_are_code(site: Path) -> None:
    """The API page shows the examples of docstrings as code, not as quotations."""
    text = (site / "api.html").read_text("utf-8")
    assert "<blockquote" not in text
    assert text.count("&gt;&gt;&gt; ") > 10


def test_the_api_page_has_every_name(site: Path) -> None:
    """Each name of the document has a heading that the builder filled in from a docstring."""
    anchors = set(re.findall(r'id="(crossorigin[\w.]*)"', (site / "api.html").read_text("utf-8")))
    names = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "api.md").read_text("utf-8"), flags=re.MULTILINE)
    assert len(names) > 50
    assert set(names) <= anchors


async def test_a_console_message_is_found(address: str, page: Page, asked: list[str]) -> None:
    """A message of Chrome in the search leads to the page that explains it."""
    await page.goto(address, wait_until="networkidle")
    await page.keyboard.press("/")
    await page.get_by_role("combobox", name="Search").fill(MESSAGE)
    found = page.locator("a[href*='reasons/missing-allow-origin-header.html']").first
    await found.click()
    await page.wait_for_url("**/reasons/missing-allow-origin-header.html*")
    assert MESSAGE in await page.inner_text("article")
    assert all(url.startswith(address) for url in asked), asked


# The site cannot know the addresses, methods and headers in the message of a reader.
OWN = {
    "https://api.example.com/items": "http://localhost:8000/v2/users?id=7",
    "https://api.example.com": "http://localhost:8000",
    "https://app.example.com": "http://localhost:5173",
    "//app.example": "//localhost.example",
    "PUT": "PATCH",
    "x-token": "x-csrf-token",
}
_ROW = re.compile(r"^\| `(.+)` \| (\[.+\)) \|$", re.MULTILINE)


class Search:
    """The search field of an open page."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._field = page.get_by_role("combobox", name="Search")
        self._reasons = f"{address}reasons/"

    async def paste(self, text: str) -> list[str]:
        """Paste a text into the empty field, and return the pages that are found, best first."""
        await self._field.fill("")
        await self._page.evaluate("text => navigator.clipboard.writeText(text)", text)
        await self._field.press("Control+V")
        await self._page.wait_for_function("field => field.value", arg=await self._field.element_handle())
        return await self._found()

    async def type(self, text: str) -> list[str]:
        """Type a text into the empty field, and return the pages that are found, best first."""
        await self._field.fill(text)
        return await self._found()

    async def _found(self) -> list[str]:
        # The address of a result contains the query, so the results of a previous query do not match.
        query = urlencode({"h": await self._field.input_value()}, safe="*")
        results = self._page.locator(f'a[role="option"][href*="{query}"]')
        await results.first.wait_for()
        pages = await results.evaluate_all("results => results.map(result => result.href.split(/[?#]/)[0])")
        return list(dict.fromkeys(page.removeprefix(self._reasons) for page in pages))


@pytest.fixture
async def search(address: str, browser: Browser) -> AsyncGenerator[Search]:
    """The search of the start page, with a clipboard."""
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(address, wait_until="networkidle")
    await page.keyboard.press("/")
    yield Search(page, address)
    await context.close()


def shared_phrases() -> dict[str, list[str]]:
    """Return the phrases of the index that more than two pages explain, with these pages."""
    rows = _ROW.findall((ROOT / "docs" / "reasons" / "index.md").read_text("utf-8"))
    found = {phrase: re.findall(r"\(([a-z-]+)\.md\)", pages) for phrase, pages in rows}
    return {phrase: pages for phrase, pages in found.items() if len(pages) > 2}


@pytest.mark.parametrize("engine", ["chromium", "firefox", "webkit"])
async def test_a_pasted_message_finds_its_page_first_or_second(search: Search, engine: EngineName) -> None:
    """This holds with the addresses of the reader. A message of many pages finds the two most common of them."""
    tried = 0
    for reason in BrowserReason:
        message = read_console(page_of(reason))[engine]
        if message is None:
            continue
        common = [pages for phrase, pages in shared_phrases().items() if phrase in message and engine != "chromium"]
        for shown, own in OWN.items():
            message = message.replace(shown, own)
        expected = common[0][:2] if common and reason not in common[0][:2] else [str(reason)]
        found = (await search.paste(message))[:2]
        assert {f"{page}.html" for page in expected} <= set(found), (message, found)
        tried += 1
    assert tried > 15


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("blocked by CORS policy", "missing-allow-origin-header"),
        ("CORS error", "missing-allow-origin-header"),
        ("Cross-Origin Request Blocked", "missing-allow-origin-header"),
    ],
)
async def test_the_words_of_every_message_find_the_most_common_reason_first(
    search: Search, typed: str, page: str
) -> None:
    """A reader who types what all messages say gets the page that most readers need."""
    assert (await search.type(typed))[0] == f"{page}.html"


async def test_other_searches_find_their_pages(search: Search, address: str) -> None:
    """A message that is not about CORS, and a single word, find their pages first."""
    mixed = "Mixed Content: The page at 'https://a.example/' was loaded over HTTPS, but requested an insecure resource"
    assert (await search.paste(f"{mixed} 'http://b.example/7'."))[0] == f"{address}not-cors.html"
    assert (await search.type("glossary"))[0] == f"{address}glossary.html"
    assert (await search.type("gunicorn"))[0] == f"{address}deployment.html"


async def test_a_page_opens_from_a_disk(site: Path, page: Page, asked: list[str]) -> None:
    """Links and styles work without a server, and nothing outside the site is requested."""
    await page.goto((site / "index.html").as_uri())
    await page.locator("article").get_by_role("link", name="Look up the message").click()
    await page.wait_for_url("**/reasons/index.html")
    assert all(url.startswith(site.as_uri()) for url in asked), asked
