"""One browser, one server of pages and one of APIs for all the tests with Chromium."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.real.browser.servers import Api, App, Place, Site, Visitor, pages

Serve = Callable[[App], Place]
Visit = Callable[..., Awaitable[Visitor]]


@pytest.fixture(scope="package")
async def playwright(anyio_backend: str) -> AsyncGenerator[Playwright]:
    """The Playwright that drives the browsers."""
    async with async_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
async def browser(playwright: Playwright, chromium_launch: dict[str, Any]) -> AsyncGenerator[Browser]:
    """The headless Chromium of the system."""
    browser = await playwright.chromium.launch(**chromium_launch)
    yield browser
    await browser.close()


@pytest.fixture(scope="package")
def serve() -> Generator[Serve]:
    """Serve an app below its own path."""
    api = Api()
    with Site(api) as site:
        yield lambda app: Place(api, site.port, app)


@pytest.fixture(scope="package")
def page_port() -> Generator[int]:
    """The port of the pages. Each name below localhost is its own origin."""
    with Site(pages) as site:
        yield site.port


@pytest.fixture(scope="package")
def origin(page_port: int) -> str:
    """The origin that the policies list."""
    return f"http://app.localhost:{page_port}"


@pytest.fixture(scope="package")
async def visit(browser: Browser, page_port: int) -> AsyncGenerator[Visit]:
    """Visit a page by the name of its host, and open each page only once.

    Tests do not affect each other: each has its own API and therefore its own URLs, and sets no cookie.
    """
    opened: dict[tuple[str, str], Visitor] = {}
    # Nobody signs a certificate for localhost.
    context = await browser.new_context(ignore_https_errors=True)

    async def visiting(host: str, path: str = "/") -> Visitor:
        if (host, path) not in opened:
            opened[host, path] = await Visitor.visit(context, f"http://{host}:{page_port}{path}")
        return opened[host, path]

    yield visiting
    await context.close()


@pytest.fixture
async def visit_alone(browser: Browser, page_port: int) -> AsyncGenerator[Visit]:
    """Visit a page without cookies."""
    context = await browser.new_context()

    async def visiting(host: str, path: str = "/") -> Visitor:
        return await Visitor.visit(context, f"http://{host}:{page_port}{path}")

    yield visiting
    await context.close()
