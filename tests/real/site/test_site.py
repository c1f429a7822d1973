"""The site of the documents is built without a network, is whole, and can be read on a desk and on a phone."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import AsyncGenerator, Generator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
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
    "reasons/index.html",
    "reasons/missing-allow-origin-header.html",
    "findings/missing-vary.html",
    "policy.html",
    "api.html",
]
MESSAGE = "No 'Access-Control-Allow-Origin' header is present on the requested resource."


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def log_message(self, *_: object) -> None:
        """Leave the run's output to the tests."""


def problems_of(site: Path) -> list[str]:
    """What the script that builds tells of a site."""
    spec = importlib.util.spec_from_file_location("build_site", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[str] = module.problems_of(site)
    return found


def copy_sources(place: Path) -> None:
    """Copy all that the site is made of."""
    for name in ("zensical.toml", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "docs", place / "docs")
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__"))


def build(place: Path) -> subprocess.CompletedProcess[str]:
    """Do what `make docs` does, elsewhere."""
    assert PYTHON.exists(), "nothing here builds the site: run make .venv-docs/.docs"
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
    """Where it is served, below a path that is not the root."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site.parent))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/site/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
async def browser(anyio_backend: str, chromium_launch: dict[str, Any]) -> AsyncGenerator[Browser]:
    """A headless Chromium, the system's own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**chromium_launch)
        yield browser
        await browser.close()


@pytest.fixture
def asked() -> list[str]:
    """The URLs that the page's browser asks for."""
    return []


@pytest.fixture
async def page(browser: Browser, asked: list[str]) -> AsyncGenerator[Page]:
    """An empty page of Chromium."""
    context = await browser.new_context()
    context.on("request", lambda request: asked.append(request.url))
    yield await context.new_page()
    await context.close()


def test_a_broken_link_between_documents_fails_the_build(tmp_path: Path) -> None:
    """No site is built with a link to a document or to a heading that is not there."""
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
def test_what_is_broken_for_a_reader_is_told(tmp_path: Path, written: str, told: str | None) -> None:
    """A link leads to a file of the site and to a place in it, and a page loads nothing from another host."""
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "LICENSE").write_text("", "utf-8")
    (site / "index.html").write_text(f'<a href="page.html">{written}', "utf-8")
    (site / "page.html").write_text('<h2 id="place">', "utf-8")
    assert [problem.startswith(told or "?") for problem in problems_of(site)] == [True] * bool(told)


def test_a_page_that_none_leads_to_is_told(tmp_path: Path) -> None:
    """A new document has a place in the navigation or in an index."""
    for name in ("index.html", "lost.html"):
        (tmp_path / name).write_text(f'<a href="{name}">', "utf-8")
    assert problems_of(tmp_path) == ["lost.html: no page links here"]


async def test_a_page_fits_a_phone_and_a_desk(address: str, page: Page, asked: list[str]) -> None:
    """Nothing is scrolled sideways, not even a console's message, and no other host is asked for anything."""
    messages = "[...document.querySelectorAll('.language-console code')]"
    for name in PAGES:
        await page.goto(address + name, wait_until="networkidle")
        for width in (390, 1280):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            hidden = await page.evaluate(f"{messages}.map(block => block.scrollWidth - block.clientWidth)")
            assert set(hidden) == ({0} if "/missing" in name else set()), (name, width)
    assert all(url.startswith(address) for url in asked), asked


async def test_a_console_message_is_found(address: str, page: Page, asked: list[str]) -> None:
    """Who pastes what Chrome prints into the search reaches the page that explains it."""
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
    """Its links and its style work without a server, and nothing is asked for beyond the site."""
    await page.goto((site / "index.html").as_uri())
    await page.locator("article").get_by_role("link", name="Look up the message").click()
    await page.wait_for_url("**/reasons/index.html")
    assert all(url.startswith(site.as_uri()) for url in asked), asked
