"""Drivers that run a fetch over a transport, a function that returns the response to one request.

A transport can call an app in process, use a socket, or replay a recording.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from crossorigin.browser.cache import PreflightCache
from crossorigin.browser.engines import EngineName
from crossorigin.browser.exchange import browse
from crossorigin.browser.request import BrowserRequest, HttpRequest, HttpResponse, Verdict

Transport = Callable[[HttpRequest], HttpResponse | None]
AsyncTransport = Callable[[HttpRequest], Awaitable[HttpResponse | None]]
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]


def run(
    request: BrowserRequest,
    transport: Transport,
    *,
    engine: EngineName = "standard",
    cache: PreflightCache | None = None,
    now: float = 0.0,
) -> Verdict:
    """Fetch `request` over `transport`, which returns each response, or None if the network failed.

    >>> def answer(request: HttpRequest) -> HttpResponse:
    ...     return HttpResponse(status=200)
    >>> run(BrowserRequest(url="https://api.example/", origin="https://app.example"), answer).reason
    <BrowserReason.MISSING_ALLOW_ORIGIN_HEADER: 'missing-allow-origin-header'>
    """
    fetching = browse(request, engine=engine, cache=cache, now=now)
    response: HttpResponse | None = None
    while True:
        try:
            sent = fetching.send(response)
        except StopIteration as done:
            verdict: Verdict = done.value
            return verdict
        response = transport(sent)


async def run_async(
    request: BrowserRequest,
    transport: AsyncTransport,
    *,
    engine: EngineName = "standard",
    cache: PreflightCache | None = None,
    now: float = 0.0,
) -> Verdict:
    """Fetch `request` over an asynchronous `transport`; see `run`."""
    fetching = browse(request, engine=engine, cache=cache, now=now)
    response: HttpResponse | None = None
    while True:
        try:
            sent = fetching.send(response)
        except StopIteration as done:
            verdict: Verdict = done.value
            return verdict
        response = await transport(sent)


def asgi_transport(app: ASGIApp) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Return a transport that passes each request to an ASGI app, whatever its host, without a server.

    The transport raises the app's exceptions. If the app raises after it has sent a response, as error handlers do,
    the exception is the `error` of that response instead. The body of the response is discarded: if it has several
    parts, the client disconnects after the first one, so that endless streams work. Lifespan events are not sent.

    https://asgi.readthedocs.io/en/latest/specs/www.html

    Raises:
        RuntimeError: The transport raises it if the app returns without a response.
    """

    async def transport(request: HttpRequest) -> HttpResponse:
        started: list[MutableMapping[str, Any]] = []
        received = left = False
        answered = asyncio.Event()

        async def receive() -> dict[str, Any]:
            nonlocal received
            if received:
                # The client stays connected until it has the response.
                await answered.wait()
                return {"type": "http.disconnect"}
            received = True
            return {"type": "http.request", "body": request.body or b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                started.append(message)
                return
            answered.set()
            if started and message.get("more_body", False):
                left = True
                raise OSError("the client has disconnected")

        error = None
        try:
            await app(_scope(request), receive, send)
        except Exception as raised:
            if not started:
                raise
            # An exception caused by the disconnect is not an error of the app.
            error = None if left else raised
        if not started:
            raise RuntimeError(f"the app sent no response to {request.method} {request.url}")
        headers = tuple((bytes(name), bytes(value)) for name, value in started[0].get("headers", ()))
        return HttpResponse(status=started[0]["status"], headers=headers, error=error)

    return transport


def _scope(request: HttpRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    headers = [(b"host", url.netloc.encode()), *((name.lower(), value) for name, value in request.headers)]
    if request.body is not None:
        headers.append((b"content-length", str(len(request.body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote_to_bytes(url.path).decode("utf-8", "replace"),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": (url.hostname or "", url.port or (443 if url.scheme == "https" else 80)),
    }
