"""Hold the browser's side: what a browser sends for a page, and what it makes of the answers.

The client half of the CORS protocol as the Fetch standard writes it, with the ways of three engines. Pure, from the
standard library alone; it knows nothing of policies, so that what it says of a server is a second opinion.
"""

from crossorigin.browser.cache import PreflightCache
from crossorigin.browser.console import console_text, firefox_category
from crossorigin.browser.drivers import ASGIApp, AsyncTransport, Transport, asgi_transport, run, run_async
from crossorigin.browser.engines import ENGINES, Engine, EngineName
from crossorigin.browser.exchange import browse
from crossorigin.browser.reasons import Advice, BrowserReason, advice
from crossorigin.browser.request import BrowserRequest, Culprit, Exchange, HttpRequest, HttpResponse, Verdict

__all__ = [
    "ENGINES",
    "ASGIApp",
    "Advice",
    "AsyncTransport",
    "BrowserReason",
    "BrowserRequest",
    "Culprit",
    "Engine",
    "EngineName",
    "Exchange",
    "HttpRequest",
    "HttpResponse",
    "PreflightCache",
    "Transport",
    "Verdict",
    "advice",
    "asgi_transport",
    "browse",
    "console_text",
    "firefox_category",
    "run",
    "run_async",
]
