"""Streams and server-sent events with a real server: the middleware delays no part of a response."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from crossorigin import CORSMiddleware, Policy
from tests.real.recipes.serving import served, statuses
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_POLICY = Policy(allow_origins=[ORIGIN], allow_credentials=True, expose_headers=["X-Stream"])


class Source:
    """Two events, of which the second waits for permission. It records when the client has disconnected."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.ended = threading.Event()

    async def events(self) -> AsyncGenerator[str]:
        """Send both events."""
        try:
            yield "data: first\n\n"
            await asyncio.to_thread(self.goes_on.wait, 30)
            yield "data: last\n\n"
        finally:
            self.ended.set()


def _app(framework: type[Starlette], source: Source) -> Starlette:
    async def stream(request: Request) -> StreamingResponse:
        headers = {"X-Stream": "1", "Cache-Control": "no-store"}
        return StreamingResponse(source.events(), media_type="text/event-stream", headers=headers)

    return framework(routes=[Route("/events", stream)])


def _added(framework: type[Starlette]) -> Callable[[Source], Any]:
    def make(source: Source) -> Any:
        app = _app(framework, source)
        app.add_middleware(GZipMiddleware)
        app.add_middleware(CORSMiddleware, policy=_POLICY)
        return app

    return make


_WAYS: dict[str, Callable[[Source], Any]] = {
    "Starlette": _added(Starlette),
    "FastAPI": _added(FastAPI),
    "by hand": lambda source: CORSMiddleware(_app(FastAPI, source), policy=_POLICY),
}
every_way = pytest.mark.parametrize("make", _WAYS.values(), ids=_WAYS.keys())


@every_way
def test_the_first_event_arrives_before_the_last_is_sent(make: Callable[[Source], Any]) -> None:
    """The client has the headers and the first event while the app still waits, and gets the rest later."""
    source = Source()
    with served(make(source)) as server, server.ask("GET", "/events", {"Origin": ORIGIN}) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Expose-Headers"] == "X-Stream"
        assert "Origin" in answer.headers["Vary"].split(", ")
        assert answer.readline() == b"data: first\n"
        assert not source.ended.is_set()
        source.goes_on.set()
        assert answer.read() == b"\ndata: last\n\n"


@every_way
def test_a_page_may_listen(make: Callable[[Source], Any]) -> None:
    """An `EventSource` of an allowed origin connects with its cookies, and that of an untrusted origin does not."""
    source = Source()
    source.goes_on.set()
    with served(make(source)) as server:
        listening: dict[str, Any] = {"initiator": "eventsource", "headers": (("Accept", "text/event-stream"),)}
        verdict = server.fetch("/events", origin=ORIGIN, credentials="include", **listening)
        assert statuses(verdict) == [200]
        assert "x-stream" in verdict.exposed
        refused = server.fetch("/events", origin=UNTRUSTED, **listening)
        assert refused.reason == "missing-allow-origin-header"


@every_way
def test_a_page_that_leaves_ends_the_stream(make: Callable[[Source], Any]) -> None:
    """The app is notified of the disconnect while it waits."""
    source = Source()
    with served(make(source)) as server:
        with server.ask("GET", "/events", {"Origin": ORIGIN}) as answer:
            assert answer.readline() == b"data: first\n"
        assert source.ended.wait(30)
        assert not source.goes_on.is_set()
        source.goes_on.set()
