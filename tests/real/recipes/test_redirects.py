"""A router redirects a path without its slash. A page can follow, and both responses have CORS headers."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from crossorigin import CORSMiddleware
from tests.real.recipes.serving import Served, served, statuses
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_PUBLIC = "https://api.example.com"
# The headers of a proxy that terminates TLS.
_TLS = {"X-Forwarded-Proto": "https"}


async def items(request: Request) -> PlainTextResponse:
    """Answer on one route."""
    return PlainTextResponse("items")


def _app(framework: type[Starlette], **options: Any) -> Starlette:
    app = framework(routes=[Route("/items/", items, methods=["GET", "POST", "PUT"])])
    app.add_middleware(CORSMiddleware, allow_methods=["*"], allow_headers=["X-Token"], **options)
    return app


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
@pytest.mark.parametrize("credentials", ["omit", "include"])
def test_a_page_follows_the_redirect(framework: type[Starlette], credentials: str) -> None:
    """The redirect, the final response and each preflight allow the page's origin."""
    options = {"allow_origins": [ORIGIN], "allow_credentials": credentials == "include"}
    with served(_app(framework, **options)) as server:
        page = {"origin": ORIGIN, "credentials": credentials}
        assert statuses(server.fetch("/items", **page)) == [307, 200]
        assert statuses(server.fetch("/items?page=2", **page)) == [307, 200]
        posted = server.fetch("/items", method="POST", body=b"x", content_type="text/plain", **page)
        assert statuses(posted) == [307, 200]
        put = server.fetch("/items", method="PUT", body=b"x", headers=(("X-Token", "t"),), **page)
        assert statuses(put) == [200, 307, 200, 200]
        assert {dict(exchange.request.headers)[b"Origin"] for exchange in put.exchanges} == {ORIGIN.encode()}


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_an_untrusted_origin_does_not(framework: type[Starlette]) -> None:
    """The redirect itself is refused, and the route does not run."""
    with served(_app(framework, allow_origins=[ORIGIN])) as server:
        verdict = server.fetch("/items", origin=UNTRUSTED)
        assert (verdict.reason, len(verdict.exchanges)) == ("missing-allow-origin-header", 1)


def test_anyone_follows_under_the_wildcard() -> None:
    """With `allow_origins=["*"]`, every hop is allowed."""
    with served(_app(FastAPI, allow_origins=["*"])) as server:
        assert statuses(server.fetch("/items", origin=UNTRUSTED)) == [307, 200]
        assert statuses(server.fetch("/items", origin="null")) == [307, 200]


def test_behind_a_proxy_the_redirect_stays_where_it_was() -> None:
    """If the proxy forwards the scheme and the host, the app redirects to the origin that the page requested."""
    with served(_app(FastAPI, allow_origins=[ORIGIN]), forwarded_allow_ips="127.0.0.1") as server:
        verdict = server.fetch(f"{_PUBLIC}/items", origin=ORIGIN, proxy=_TLS)
        assert statuses(verdict) == [307, 200]
        assert verdict.url == f"{_PUBLIC}/items/"


@pytest.mark.parametrize(
    ("config", "proxy"),
    [({"proxy_headers": False}, _TLS), ({"forwarded_allow_ips": "192.0.2.1"}, _TLS), ({}, {})],
    ids=["headers not read", "proxy not trusted", "not told"],
)
def test_a_redirect_that_leaves_https_loses_the_origin(config: dict[str, Any], proxy: dict[str, str]) -> None:
    """If the app does not know that the page used TLS, it redirects to another origin, and an http page is `null`.

    A browser does not follow the redirect from an https page at all, because of mixed content and not because of CORS.
    """
    page = ORIGIN.replace("https:", "http:")
    with served(_app(FastAPI, allow_origins=[page]), **config) as server:
        verdict = server.fetch(f"{_PUBLIC}/items", origin=page, proxy=proxy)
        assert verdict.url == "http://api.example.com/items/"
        assert dict(verdict.exchanges[-1].request.headers)[b"Origin"] == b"null"
        assert verdict.reason == "missing-allow-origin-header"


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_without_redirects_the_page_sees_the_404(framework: type[Starlette]) -> None:
    """With `redirect_slashes=False`, the page can read the 404."""
    app = _app(framework, allow_origins=[ORIGIN])
    app.router.redirect_slashes = False
    with served(app) as server:
        assert statuses(server.fetch("/items", origin=ORIGIN)) == [404]


def test_a_folder_of_static_files_redirects_too(tmp_path: Path) -> None:
    """`StaticFiles(html=True)` redirects in the same way for a folder and for its mount."""
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide" / "index.html").write_text("guide", "utf-8")
    app = FastAPI()
    app.mount("/docs-of", StaticFiles(directory=tmp_path, html=True))
    app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    with served(app) as server:
        verdict = server.fetch("/docs-of/guide", origin=ORIGIN)
        assert statuses(verdict) == [307, 200]
        assert _last_path(server, verdict.url) == "/docs-of/guide/"


def _last_path(server: Served, url: str) -> str:
    return url.removeprefix(f"http://127.0.0.1:{server.port}")
