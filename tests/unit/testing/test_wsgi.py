"""The assertions take WSGI apps too."""

from typing import Any

import pytest
from flask import Flask

from crossorigin.flask import CORS
from crossorigin.testing import (
    Page,
    assert_browser_can,
    assert_browser_can_async,
    assert_browser_cannot,
)

PAGE, UNTRUSTED = "https://app.example.com", "https://evil.example"


@pytest.fixture
def app() -> Flask:
    """Return an API that one page may call."""
    built = Flask(__name__)
    CORS(built, allow_origins=[PAGE], allow_methods=["GET", "PUT"], expose_headers=["X-Total"])
    built.add_url_rule("/items", "items", lambda: ("items", {"X-Total": "1"}), methods=["GET", "PUT"])
    return built


def test_a_page_can_what_is_allowed(app: Flask) -> None:
    """The preflight, the request and the exposed header."""
    verdict = assert_browser_can(app, origin=PAGE, url="/items", method="PUT", exposes=["X-Total"])
    assert (verdict.status, len(verdict.exchanges)) == (200, 2)


def test_another_page_cannot(app: Flask) -> None:
    """The message names the option of the policy to change."""
    assert_browser_cannot(app, origin=UNTRUSTED, url="/items", reason="missing-allow-origin-header")
    with pytest.raises(AssertionError, match=r'allow_origins=\["https://evil.example"\]'):
        Page(app, UNTRUSTED, engine="firefox").can("/items")


async def test_the_app_runs_next_to_an_event_loop(app: Flask) -> None:
    """An asynchronous test can call it, and an app that starts its own event loop works."""
    import asyncio

    def starts_a_loop(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asyncio.run(asyncio.sleep(0))
        start_response("200 OK", [("Access-Control-Allow-Origin", "*")])
        return []

    assert (await assert_browser_can_async(app, origin=PAGE, url="/items")).status == 200
    assert (await assert_browser_can_async(starts_a_loop, origin=PAGE)).status == 200
