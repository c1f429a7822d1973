"""The browser's side of CORS: what a browser sends for a page, and how it evaluates the responses.

The client half of the CORS protocol as the Fetch standard defines it, with the differences of three engines. It does
no I/O and needs only the standard library. It does not know policies, so its verdict on a server is independent of
the server side of this library.
"""

from crossorigin.browser.aiohttp import AiohttpApp, aiohttp_transport, is_aiohttp_app
from crossorigin.browser.cache import PreflightCache
from crossorigin.browser.console import console_text, firefox_category
from crossorigin.browser.drivers import ASGIApp, AsyncTransport, Transport, asgi_transport, run, run_async
from crossorigin.browser.engines import ENGINES, Engine, EngineName
from crossorigin.browser.exchange import browse
from crossorigin.browser.reasons import Advice, BrowserReason, advice
from crossorigin.browser.request import BrowserRequest, Culprit, Exchange, HttpRequest, HttpResponse, Verdict
from crossorigin.browser.wsgi import WSGIApp, is_wsgi_app, wsgi_transport

__all__ = [
    "ENGINES",
    "ASGIApp",
    "Advice",
    "AiohttpApp",
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
    "WSGIApp",
    "advice",
    "aiohttp_transport",
    "asgi_transport",
    "browse",
    "console_text",
    "firefox_category",
    "is_aiohttp_app",
    "is_wsgi_app",
    "run",
    "run_async",
    "wsgi_transport",
]
