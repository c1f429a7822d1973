"""Assert what a page can do with an app in a browser: for everybody's test suites.

The app is any ASGI app, whatever sets its CORS headers; the browser is the model in `crossorigin.browser`. Nothing
listens anywhere: requests are handed over in process, and lifespan events are not sent. `crossorigin.testing.plugin`
has the pytest fixture, `crossorigin.testing.strategies` what Hypothesis needs; this module needs neither.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack, cast

from crossorigin.browser.drivers import ASGIApp, asgi_transport, run_async
from crossorigin.browser.engines import EngineName
from crossorigin.browser.reasons import BrowserReason
from crossorigin.browser.request import BrowserRequest, Credentials, Mode, Verdict
from crossorigin.testing.report import describe

__all__ = [
    "Asked",
    "Page",
    "assert_browser_can",
    "assert_browser_can_async",
    "assert_browser_cannot",
    "assert_browser_cannot_async",
]

# Where Starlette's and FastAPI's TestClient says the app is.
BASE_URL = "http://testserver"


class Asked(TypedDict, total=False):
    """Hold what else a page can say of its request; each has the meaning and default of `BrowserRequest`'s."""

    method: str
    headers: Mapping[str, str] | Iterable[tuple[str, str]]
    credentials: Credentials
    mode: Mode
    body: bytes | None
    content_type: str | None
    upload_listener: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Hold a page of `origin`, open in a browser, that calls `app`.

    `engine` says whose ways the browser has. Every request is the page's first: no preflight is remembered.

    >>> async def app(scope, receive, send):
    ...     await send({"type": "http.response.start", "status": 200, "headers": []})
    ...     await send({"type": "http.response.body"})
    >>> Page(app, "https://app.example.com").cannot("/", reason="missing-allow-origin-header").status
    200
    """

    app: ASGIApp
    origin: str
    engine: EngineName = "standard"

    def can(self, url: str = "/", *, exposes: Iterable[str] = (), **asked: Unpack[Asked]) -> Verdict:
        """Assert that the page gets a response, whatever its status, and can read the headers in `exposes`.

        A `url` without a host is one of `http://testserver`. The verdict is returned: its status, its exchanges.

        Raises:
            AssertionError: The browser refuses; the message names the reason, the header and what mends it. What the
                app raised is its cause.
            RuntimeError: An event loop is running; await `can_async` there. Or the app ended without a response.
            TypeError: `exposes` or `headers` is a string.
            ValueError: No browser can be asked for that.
        """
        return _wait(self.can_async(url, exposes=exposes, **asked))

    def cannot(self, url: str = "/", *, reason: str | None = None, **asked: Unpack[Asked]) -> Verdict:
        """Assert that the browser refuses, and for this `reason` if one is named; otherwise as `can`."""
        return _wait(self.cannot_async(url, reason=reason, **asked))

    async def can_async(self, url: str = "/", *, exposes: Iterable[str] = (), **asked: Unpack[Asked]) -> Verdict:
        """Assert what `can` asserts, inside a running event loop."""
        if isinstance(exposes, str):
            raise TypeError(f"exposes={exposes!r} is one string: write a list of names, [{exposes!r}]")
        verdict = await self._fetch(url, asked)
        hidden = [name for name in exposes if name.lower() not in verdict.exposed]
        if not verdict.allowed or hidden:
            raise AssertionError(describe(verdict, hidden=hidden)) from _raised(verdict)
        return verdict

    async def cannot_async(self, url: str = "/", *, reason: str | None = None, **asked: Unpack[Asked]) -> Verdict:
        """Assert what `cannot` asserts, inside a running event loop."""
        # A reason that does not exist would never be met.
        wanted = None if reason is None else BrowserReason(reason)
        verdict = await self._fetch(url, asked)
        if verdict.reason is None or wanted not in {None, verdict.reason}:
            raise AssertionError(describe(verdict, wanted=wanted)) from _raised(verdict)
        return verdict

    async def _fetch(self, url: str, asked: Asked) -> Verdict:
        headers = asked.get("headers", ())
        if isinstance(cast("object", headers), str):
            raise TypeError(f"headers={headers!r} is one string: write a mapping, {{name: value}}, or pairs of them")
        lines = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
        request: dict[str, Any] = {**asked, "headers": tuple(lines)}
        whole = f"{BASE_URL}{url}" if url.startswith("/") else url
        asking = BrowserRequest(url=whole, origin=self.origin, **request)
        return await run_async(asking, asgi_transport(self.app), engine=self.engine)


def _raised(verdict: Verdict) -> Exception | None:
    responses = [exchange.response for exchange in verdict.exchanges if exchange.response is not None]
    return next((response.error for response in reversed(responses) if response.error is not None), None)


def _wait(asserting: Coroutine[Any, Any, Verdict]) -> Verdict:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(asserting)
    asserting.close()
    raise RuntimeError("an event loop is running: await the assertion's asynchronous twin, which ends in _async")


def assert_browser_can(
    app: ASGIApp, *, origin: str, url: str = "/", exposes: Iterable[str] = (), **asked: Unpack[Asked]
) -> Verdict:
    """Assert that a page of `origin` can call `app` and gets a response; see `Page.can`.

    >>> async def app(scope, receive, send):
    ...     headers = [(b"access-control-allow-origin", b"*")]
    ...     await send({"type": "http.response.start", "status": 200, "headers": headers})
    ...     await send({"type": "http.response.body"})
    >>> assert_browser_can(app, origin="https://app.example.com", url="/items").status
    200
    """
    return Page(app, origin).can(url, exposes=exposes, **asked)


def assert_browser_cannot(
    app: ASGIApp, *, origin: str, url: str = "/", reason: str | None = None, **asked: Unpack[Asked]
) -> Verdict:
    """Assert that a browser keeps a page of `origin` from calling `app`; see `Page.cannot`."""
    return Page(app, origin).cannot(url, reason=reason, **asked)


async def assert_browser_can_async(
    app: ASGIApp, *, origin: str, url: str = "/", exposes: Iterable[str] = (), **asked: Unpack[Asked]
) -> Verdict:
    """Assert what `assert_browser_can` asserts, inside a running event loop."""
    return await Page(app, origin).can_async(url, exposes=exposes, **asked)


async def assert_browser_cannot_async(
    app: ASGIApp, *, origin: str, url: str = "/", reason: str | None = None, **asked: Unpack[Asked]
) -> Verdict:
    """Assert what `assert_browser_cannot` asserts, inside a running event loop."""
    return await Page(app, origin).cannot_async(url, reason=reason, **asked)
