"""The browser and its servers, for the wrong middlewares too."""

from tests.real.browser.conftest import browser, page_port, playwright, serve, visit

__all__ = ["browser", "page_port", "playwright", "serve", "visit"]
