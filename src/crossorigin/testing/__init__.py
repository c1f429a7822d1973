"""Test assertions about what a page in a browser can do with an app.

The app is any ASGI, WSGI or aiohttp app, whatever sets its CORS headers. The browser is the model in
`crossorigin.browser`. Requests are passed to the app in process, without a server, and lifespan events are not sent.
`crossorigin.testing.plugin` contains the pytest fixture and `crossorigin.testing.strategies` the Hypothesis strategies;
this module requires neither pytest nor Hypothesis.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypedDict, Unpack, cast

from crossorigin.browser.aiohttp import AiohttpApp, aiohttp_transport, is_aiohttp_app
from crossorigin.browser.drivers import ASGIApp, asgi_transport, run, run_async
from crossorigin.browser.engines import EngineName
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.request import BrowserRequest, Credentials, Mode, Verdict
from crossorigin.browser.wsgi import WSGIApp, is_wsgi_app, wsgi_transport
from crossorigin.testing.report import describe

App = ASGIApp | WSGIApp | AiohttpApp

__all__ = [
    "Page",
    "RequestOptions",
    "assert_browser_can",
    "assert_browser_can_async",
    "assert_browser_cannot",
    "assert_browser_cannot_async",
]

# The base URL of TestClient in Starlette and FastAPI.
BASE_URL = "http://testserver"


class RequestOptions(TypedDict, total=False):
    """The other options of a page's request, with the meanings and defaults of `BrowserRequest`."""

    method: str
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    credentials: Credentials
    mode: Mode
    body: bytes | None
    content_type: str | None
    upload_listener: bool


_OPTIONS = {field.name for field in fields(BrowserRequest)} - {"url", "origin"}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of `origin` in a browser that sends requests to `app`.

    `engine` selects the browser engine. Preflights are not cached, so every request is like the page's first.

    >>> async def app(scope, receive, send):
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body"})
    >>> Page(app, "https://app.example.com").cannot("/", reason="missing-allow-origin-header").status
    200
    """

    app: App
    origin: str
    engine: EngineName = "standard"

    def can(self, url: str = "/", *, exposes: Iterable[str] = (), **options: Unpack[RequestOptions]) -> Verdict:
        """Assert that the page gets a response, whatever its status, and can read the headers in `exposes`.

        A `url` without a host is resolved against `http://testserver`. The returned verdict contains the status and
        the exchanges.

        Raises:
            AssertionError: The browser blocks the request. The message names the reason, the header and the fix. If
                the app raised an exception, it is the cause of this error.
            RuntimeError: An event loop is running (await `can_async` instead), or the app returned without a response.
            TypeError: `exposes` or `headers` is a string, `body` is not bytes, an option is unknown, or `app` is not an
                app.
            ValueError: No page can make such a request.
        """
        return _run(self.can_async(url, exposes=exposes, **options))

    def cannot(self, url: str = "/", *, reason: str | None = None, **options: Unpack[RequestOptions]) -> Verdict:
        """Assert that the browser blocks the request, and for `reason` if one is given; see also `can`."""
        return _run(self.cannot_async(url, reason=reason, **options))

    async def can_async(
        self, url: str = "/", *, exposes: Iterable[str] = (), **options: Unpack[RequestOptions]
    ) -> Verdict:
        """Assert the same as `can`, inside a running event loop."""
        if isinstance(exposes, str):
            raise TypeError(f"exposes must be a list of header names, not a string: write [{exposes!r}]")
        verdict = await self._fetch(url, options)
        hidden = [name for name in exposes if name.lower() not in verdict.exposed]
        if not verdict.allowed or hidden:
            raise AssertionError(describe(verdict, hidden=hidden)) from _app_error(verdict)
        return verdict

    async def cannot_async(
        self, url: str = "/", *, reason: str | None = None, **options: Unpack[RequestOptions]
    ) -> Verdict:
        """Assert the same as `cannot`, inside a running event loop."""
        # BrowserReason raises ValueError for a misspelled reason, which would otherwise never match.
        wanted = None if reason is None else BrowserReason(reason)
        verdict = await self._fetch(url, options)
        if verdict.reason is None or wanted not in {None, verdict.reason}:
            raise AssertionError(describe(verdict, wanted=wanted)) from _app_error(verdict)
        return verdict

    async def _fetch(self, url: str, options: RequestOptions) -> Verdict:
        _check_options(options)
        headers = options.get("headers", ())
        lines = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
        request_fields: dict[str, Any] = {**options, "headers": tuple(lines)}
        absolute_url = f"{BASE_URL}{url}" if url.startswith("/") else url
        request = BrowserRequest(url=absolute_url, origin=self.origin, **request_fields)
        if is_wsgi_app(self.app):
            # The app runs in a thread, because it may start an event loop for an asynchronous view.
            return await asyncio.to_thread(run, request, wsgi_transport(self.app), engine=self.engine)
        if is_aiohttp_app(self.app):
            return await run_async(request, aiohttp_transport(self.app), engine=self.engine)
        if not callable(self.app):
            raise TypeError(f"app must be the app itself, such as client.app, not {type(self.app).__name__}")
        return await run_async(request, asgi_transport(cast("ASGIApp", self.app)), engine=self.engine)


def _check_options(options: Mapping[str, object]) -> None:
    unknown = next((name for name in options if name not in _OPTIONS), None)
    if unknown is not None:
        raise TypeError(f"unknown option {unknown}: expected {', '.join(RequestOptions.__annotations__)}")
    headers, body = options.get("headers"), options.get("body")
    if isinstance(headers, str):
        raise TypeError(f"headers must be a mapping or a list of (name, value) pairs, not a string: {headers!r}")
    if body is not None and not isinstance(body, bytes):
        example = 'body=json.dumps(...).encode(), content_type="application/json"'
        raise TypeError(f"body must be bytes, for example {example}, not {type(body).__name__}")


def _app_error(verdict: Verdict) -> Exception | None:
    responses = [exchange.response for exchange in verdict.exchanges if exchange.response is not None]
    return next((response.error for response in reversed(responses) if response.error is not None), None)


def _run(assertion: Coroutine[Any, Any, Verdict]) -> Verdict:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(assertion)
    assertion.close()
    raise RuntimeError("An event loop is running: await the asynchronous assertion, whose name ends in _async")


def assert_browser_can(
    app: App,
    *,
    origin: str,
    url: str = "/",
    exposes: Iterable[str] = (),
    **options: Unpack[RequestOptions],
) -> Verdict:
    """Assert that a page of `origin` can call `app` and get a response; see `Page.can`.

    >>> async def app(scope, receive, send):
    ...     headers = [(b"access-control-allow-origin", b"*")]
    ...     await send({"type": "http.response.start", "status": 200, "headers": headers})
    ...     await send({"type": "http.response.body"})
    >>> assert_browser_can(app, origin="https://app.example.com", url="/items").status
    200
    """
    return Page(app, origin).can(url, exposes=exposes, **options)


def assert_browser_cannot(
    app: App, *, origin: str, url: str = "/", reason: str | None = None, **options: Unpack[RequestOptions]
) -> Verdict:
    """Assert that the browser blocks a request of a page of `origin` to `app`; see `Page.cannot`."""
    return Page(app, origin).cannot(url, reason=reason, **options)


async def assert_browser_can_async(
    app: App,
    *,
    origin: str,
    url: str = "/",
    exposes: Iterable[str] = (),
    **options: Unpack[RequestOptions],
) -> Verdict:
    """Assert the same as `assert_browser_can`, inside a running event loop."""
    return await Page(app, origin).can_async(url, exposes=exposes, **options)


async def assert_browser_cannot_async(
    app: App, *, origin: str, url: str = "/", reason: str | None = None, **options: Unpack[RequestOptions]
) -> Verdict:
    """Assert the same as `assert_browser_cannot`, inside a running event loop."""
    return await Page(app, origin).cannot_async(url, reason=reason, **options)
