"""The pytest fixture: a page in a browser that calls the app under test.

Pytest does not load it automatically. Add this to the `conftest.py` at the top of your tests:

    pytest_plugins = ["crossorigin.testing.plugin"]

    @pytest.fixture
    def cors_app():
        return app
"""

from collections.abc import Callable

import pytest

from crossorigin.browser.engines import EngineName
from crossorigin.testing import App, Page

__all__ = ["cors_app", "cors_page"]


@pytest.fixture
def cors_app() -> App:
    """Return the app that pages call; override this fixture in your test suite."""
    raise pytest.UsageError("cors_page requires a fixture `cors_app` that returns the app: define one")


@pytest.fixture
def cors_page(cors_app: App) -> Callable[..., Page]:
    """Return a function that opens a page, given an origin and optionally an engine."""

    def open_page(origin: str, engine: EngineName = "standard") -> Page:
        return Page(cors_app, origin, engine)

    return open_page
