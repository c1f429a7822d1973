"""Compressed responses: in either order of the two middlewares, `Vary` is complete."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from crossorigin import CORSMiddleware, Policy
from crossorigin.testing import assert_browser_can, assert_browser_cannot
from tests.unit.adapters.asgi.scopes import ORIGIN, PREFLIGHT_VARY, UNTRUSTED

_POLICY = Policy(allow_origins=[ORIGIN])
_LONG = "long enough " * 100


async def long(request: Request) -> PlainTextResponse:
    """Answer with a body that is large enough to be compressed and depends on the language."""
    return PlainTextResponse(_LONG, headers={"Vary": "Accept-Language"})


async def parts(request: Request) -> StreamingResponse:
    """Stream the same body in parts."""
    return StreamingResponse(iter([_LONG, _LONG]), media_type="text/plain", headers={"Vary": "Accept-Language"})


_ROUTES = [Route("/long", long), Route("/parts", parts)]


def _added(framework: type[Starlette], *order: str) -> Any:
    app = framework(routes=_ROUTES)
    for name in order:
        if name == "gzip":
            app.add_middleware(GZipMiddleware)
        else:
            app.add_middleware(CORSMiddleware, policy=_POLICY)
    return app


def _around_a_route() -> Any:
    middleware = [Middleware(GZipMiddleware)]
    app = Starlette(routes=[Route(route.path, route.endpoint, middleware=middleware) for route in _ROUTES])
    app.add_middleware(CORSMiddleware, policy=_POLICY)
    return app


_WAYS: dict[str, Callable[[], Any]] = {
    "Starlette, gzip added first": lambda: _added(Starlette, "gzip", "cors"),
    "Starlette, gzip added last": lambda: _added(Starlette, "cors", "gzip"),
    "FastAPI, gzip added first": lambda: _added(FastAPI, "gzip", "cors"),
    "FastAPI, gzip added last": lambda: _added(FastAPI, "cors", "gzip"),
    "gzip outside, by hand": lambda: GZipMiddleware(CORSMiddleware(FastAPI(routes=_ROUTES), policy=_POLICY)),
    "gzip inside, by hand": lambda: CORSMiddleware(GZipMiddleware(FastAPI(routes=_ROUTES)), policy=_POLICY),
    "gzip of the route": _around_a_route,
}


@pytest.fixture(params=_WAYS.values(), ids=_WAYS.keys())
def app(request: pytest.FixtureRequest) -> Any:
    """The same routes under both middlewares, in each of the two orders."""
    return request.param()


def vary(answer: httpx2.Response) -> list[str]:
    """Return the names in all lines of `Vary`, sorted."""
    lines = answer.headers.get_list("vary")
    return sorted(name for line in lines for name in re.split(r"\s*,\s*", line))


@pytest.mark.parametrize("path", ["/long", "/parts"])
@pytest.mark.parametrize("origin", [ORIGIN, UNTRUSTED, None])
def test_a_compressed_answer_depends_on_both(app: Any, path: str, origin: str | None) -> None:
    """`Vary` names the app's own field, `Accept-Encoding` and `Origin` once each, also after several requests."""
    headers = {"Accept-Encoding": "gzip"} | ({} if origin is None else {"Origin": origin})
    client = TestClient(app)
    for _ in range(3):
        answer = client.get(path, headers=headers)
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.text.startswith(_LONG)
        assert vary(answer) == ["Accept-Encoding", "Accept-Language", "Origin"]
        granted = [origin] if origin == ORIGIN else []
        assert answer.headers.get_list("access-control-allow-origin") == granted


@pytest.mark.parametrize("path", ["/long", "/parts"])
def test_a_page_reads_it(app: Any, path: str) -> None:
    """An allowed page can read the response with and without compression, and another page cannot."""
    for encoding in ("gzip", "identity"):

        async def asking(scope: Any, receive: Any, send: Any, encoding: str = encoding) -> None:
            # The browser sets this header; no page can set it.
            asked = [*scope["headers"], (b"accept-encoding", encoding.encode())]
            await app({**scope, "headers": asked}, receive, send)

        assert_browser_can(asking, origin=ORIGIN, url=path)
        assert_browser_cannot(asking, origin=UNTRUSTED, url=path, reason="missing-allow-origin-header")


def test_a_preflight_is_whole(app: Any) -> None:
    """The response is the documented one and is not compressed."""
    asked = {"Accept-Encoding": "gzip", "Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    answer = TestClient(app).options("/long", headers=asked)
    assert (answer.status_code, answer.text) == (200, "OK")
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == PREFLIGHT_VARY


def test_under_the_wildcard_it_depends_on_the_encoding_alone() -> None:
    """A response that is the same for every origin has no `Vary: Origin`."""
    app = FastAPI(routes=_ROUTES)
    app.add_middleware(GZipMiddleware)
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    answer = TestClient(app).get("/long", headers={"Accept-Encoding": "gzip", "Origin": UNTRUSTED})
    assert vary(answer) == ["Accept-Encoding", "Accept-Language"]
