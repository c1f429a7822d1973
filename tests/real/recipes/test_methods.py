"""HEAD and OPTIONS requests that the app answers itself: the middleware answers only preflights."""

from collections.abc import Generator

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from crossorigin import CORSMiddleware
from tests.real.recipes.serving import Served, served, statuses
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_ASK = "Access-Control-Request-Method"
# The page asks with OPTIONS what the resource supports.
_OPTIONS = {"method": "OPTIONS"}


async def answer(request: Request) -> Response:
    """Return the method of the request in a header, which a response to HEAD has too."""
    headers = {"X-Method": request.method, "Allow": "GET, HEAD, OPTIONS"}
    return PlainTextResponse(f"the app's own {request.method}", headers=headers)


@pytest.fixture(params=[Starlette, FastAPI], scope="module")
def server(request: pytest.FixtureRequest) -> Generator[Served]:
    """A server with one route that serves all three methods."""
    app = request.param(routes=[Route("/", answer, methods=["GET", "HEAD", "OPTIONS"])])
    app.add_middleware(
        CORSMiddleware, allow_origins=[ORIGIN], allow_methods=["GET", "OPTIONS"], expose_headers=["X-Method", "Allow"]
    )
    with served(app) as server:
        yield server


@pytest.mark.parametrize(
    "headers",
    [{"Origin": ORIGIN}, {_ASK: "GET"}, {}, {"Origin": ORIGIN, "Access-Control-Request-Headers": "x-token"}],
    ids=["origin alone", "method alone", "neither", "origin and headers"],
)
def test_options_that_is_no_preflight_reaches_the_app(server: Served, headers: dict[str, str]) -> None:
    """Without both header fields of a preflight, OPTIONS is an ordinary request."""
    with server.ask("OPTIONS", "/", headers) as response:
        assert (response.status, response.read()) == (200, b"the app's own OPTIONS")
        assert response.headers["Access-Control-Allow-Origin"] == headers.get("Origin")


def test_a_preflight_does_not(server: Served) -> None:
    """With both header fields it is a preflight, which the middleware answers even if a route serves OPTIONS."""
    with server.ask("OPTIONS", "/", {"Origin": ORIGIN, _ASK: "GET"}) as response:
        assert (response.status, response.read()) == (200, b"OK")
        assert response.headers["X-Method"] is None


def test_a_page_may_ask_for_options(server: Served) -> None:
    """The browser sends a preflight for OPTIONS, and the second OPTIONS reaches the app."""
    verdict = server.fetch("/", origin=ORIGIN, **_OPTIONS)
    assert statuses(verdict) == [200, 200]
    assert [exchange.request.preflight for exchange in verdict.exchanges] == [True, False]
    assert {"allow", "x-method"} <= set(verdict.exposed)
    assert server.fetch("/", origin=UNTRUSTED, **_OPTIONS).reason == "preflight-missing-allow-origin-header"


def test_a_page_may_ask_for_the_head(server: Served) -> None:
    """HEAD gets the headers of the full response without its body, and needs no preflight."""
    verdict = server.fetch("/", origin=ORIGIN, method="HEAD")
    assert statuses(verdict) == [200]
    assert {"content-length", "x-method"} <= set(verdict.exposed)
    with server.ask("HEAD", "/", {"Origin": ORIGIN}) as response:
        assert (response.headers["X-Method"], response.read()) == ("HEAD", b"")
    assert server.fetch("/", origin=UNTRUSTED, method="HEAD").reason == "missing-allow-origin-header"
