"""HEAD and OPTIONS that the app answers itself: only preflights are taken from it."""

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
# The page's own question about what a resource can do.
_OPTIONS = {"method": "OPTIONS"}


async def answer(request: Request) -> Response:
    """Say which method was asked for, in a header that HEAD carries too."""
    headers = {"X-Method": request.method, "Allow": "GET, HEAD, OPTIONS"}
    return PlainTextResponse(f"the app's own {request.method}", headers=headers)


@pytest.fixture(params=[Starlette, FastAPI], scope="module")
def server(request: pytest.FixtureRequest) -> Generator[Served]:
    """A server of one route that answers all three."""
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
    """Without both fields of a preflight it is a request like any other."""
    with server.ask("OPTIONS", "/", headers) as response:
        assert (response.status, response.read()) == (200, b"the app's own OPTIONS")
        assert response.headers["Access-Control-Allow-Origin"] == headers.get("Origin")


def test_a_preflight_does_not(server: Served) -> None:
    """With both it is answered for the app, also where the app has a route for OPTIONS."""
    with server.ask("OPTIONS", "/", {"Origin": ORIGIN, _ASK: "GET"}) as response:
        assert (response.status, response.read()) == (200, b"OK")
        assert response.headers["X-Method"] is None


def test_a_page_may_ask_for_options(server: Served) -> None:
    """Browsers ask first whether they may, and the second OPTIONS is the app's."""
    verdict = server.fetch("/", origin=ORIGIN, **_OPTIONS)
    assert statuses(verdict) == [200, 200]
    assert [exchange.request.preflight for exchange in verdict.exchanges] == [True, False]
    assert {"allow", "x-method"} <= set(verdict.exposed)
    assert server.fetch("/", origin=UNTRUSTED, **_OPTIONS).reason == "preflight-missing-allow-origin-header"


def test_a_page_may_ask_for_the_head(server: Served) -> None:
    """It has the headers of the whole answer and no body, and needs no preflight."""
    verdict = server.fetch("/", origin=ORIGIN, method="HEAD")
    assert statuses(verdict) == [200]
    assert {"content-length", "x-method"} <= set(verdict.exposed)
    with server.ask("HEAD", "/", {"Origin": ORIGIN}) as response:
        assert (response.headers["X-Method"], response.read()) == ("HEAD", b"")
    assert server.fetch("/", origin=UNTRUSTED, method="HEAD").reason == "missing-allow-origin-header"
