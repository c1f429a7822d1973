"""The assertions take aiohttp apps too."""

import pytest
from aiohttp import web

from crossorigin.aiohttp import setup
from crossorigin.testing import Page, assert_browser_can, assert_browser_can_async, assert_browser_cannot

PAGE, UNTRUSTED = "https://app.example.com", "https://evil.example"


async def items(request: web.Request) -> web.StreamResponse:
    """Answer with a header that pages may read."""
    return web.Response(text="items", headers={"X-Total": "1"})


@pytest.fixture
def app() -> web.Application:
    """Return an API that one page may call."""
    built = web.Application()
    built.add_routes([web.get("/items", items), web.put("/items", items)])
    setup(built, allow_origins=[PAGE], allow_methods=["GET", "PUT"], expose_headers=["X-Total"])
    return built


def test_a_page_can_what_is_allowed(app: web.Application) -> None:
    """The preflight, the request and the exposed header."""
    verdict = assert_browser_can(app, origin=PAGE, url="/items", method="PUT", exposes=["X-Total"])
    assert (verdict.status, len(verdict.exchanges)) == (200, 2)


def test_another_page_cannot(app: web.Application) -> None:
    """The message names the option of the policy to change."""
    assert_browser_cannot(app, origin=UNTRUSTED, url="/items", reason="missing-allow-origin-header")
    with pytest.raises(AssertionError, match=r'allow_origins=\["https://evil.example"\]'):
        Page(app, UNTRUSTED, engine="firefox").can("/items")


async def test_an_asynchronous_test_can_ask(app: web.Application) -> None:
    """In the event loop of the test."""
    assert (await assert_browser_can_async(app, origin=PAGE, url="/items")).status == 200
