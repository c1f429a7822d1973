"""One browser, one server of pages and one of APIs for all the tests with Chromium."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import pytest
from playwright.async_api import Browser, async_playwright
from tests.browser.world import Api, App, Place, Site, Visitor, pages

Serve = Callable[[App], Place]
Visit = Callable[..., Awaitable[Visitor]]

_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def browser(anyio_backend: str, chromium: str) -> AsyncGenerator[Browser]:
    """A headless Chromium, the system's own."""
    # Chromium's sandbox refuses to run for root.
    arguments = [*_ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else _ARGUMENTS
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def serve() -> Generator[Serve]:
    """Serve an app at a place of its own."""
    api = Api()
    with Site(api) as site:
        yield lambda app: Place(api, site.port, app)


@pytest.fixture(scope="session")
def page_port() -> Generator[int]:
    """The port of the pages: any name below localhost is an origin of its own."""
    with Site(pages) as site:
        yield site.port


@pytest.fixture(scope="session")
def origin(page_port: int) -> str:
    """The origin that the policies list."""
    return f"http://app.localhost:{page_port}"


@pytest.fixture(scope="session")
async def visit(browser: Browser, page_port: int) -> AsyncGenerator[Visit]:
    """Visit a page by the name of its host; each is opened once.

    No test leaves anything to another there: each has an API of its own, so URLs of its own, and sets no cookie.
    """
    opened: dict[tuple[str, str], Visitor] = {}
    context = await browser.new_context()

    async def visiting(host: str, path: str = "/") -> Visitor:
        if (host, path) not in opened:
            opened[host, path] = await Visitor.visit(context, f"http://{host}:{page_port}{path}")
        return opened[host, path]

    yield visiting
    await context.close()


@pytest.fixture
async def visit_alone(browser: Browser, page_port: int) -> AsyncGenerator[Visit]:
    """Visit a page with an empty jar of cookies."""
    context = await browser.new_context()

    async def visiting(host: str, path: str = "/") -> Visitor:
        return await Visitor.visit(context, f"http://{host}:{page_port}{path}")

    yield visiting
    await context.close()
