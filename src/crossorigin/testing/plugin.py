"""Hold the pytest fixture: a page in a browser that calls the app under test.

It is not loaded by itself. In a `conftest.py` at the top of the tests:

    pytest_plugins = ["crossorigin.testing.plugin"]

    @pytest.fixture
    def cors_app():
        return app
"""

from collections.abc import Callable

import pytest

from crossorigin.browser.drivers import ASGIApp
from crossorigin.browser.engines import EngineName
from crossorigin.testing import Page

__all__ = ["cors_app", "cors_page"]


@pytest.fixture
def cors_app() -> ASGIApp:
    """Return the app that pages call; every test suite has its own fixture of this name."""
    raise pytest.UsageError("cors_page needs the app: write a fixture `cors_app` that returns it")


@pytest.fixture
def cors_page(cors_app: ASGIApp) -> Callable[..., Page]:
    """Open a page: call it with an origin, and with an engine if it is to be one."""

    def open_page(origin: str, engine: EngineName = "standard") -> Page:
        return Page(cors_app, origin, engine)

    return open_page
