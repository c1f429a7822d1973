"""In every framework, a page can read the framework's own error responses."""

from collections.abc import Callable
from typing import Any

import falcon.asgi
import httpx2
import litestar
import pytest
import quart
from fastapi import FastAPI
from litestar.middleware import DefineMiddleware
from starlette.applications import Starlette
from starlette.routing import Route

from crossorigin import CORSMiddleware, Policy
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

POLICY = Policy(allow_origins=[ORIGIN], allow_methods=["GET", "PUT"])


def starlette() -> Any:
    """An app of Starlette with one route that crashes."""

    async def crash(_: Any) -> Any:
        raise ZeroDivisionError

    return CORSMiddleware(Starlette(routes=[Route("/crash", crash)]), policy=POLICY)


def fastapi() -> Any:
    """An app of FastAPI with one route that crashes."""
    app = FastAPI()

    @app.get("/crash")
    def crash() -> None:
        raise ZeroDivisionError

    return CORSMiddleware(app, policy=POLICY)


@litestar.get("/crash")
async def litestar_crash() -> None:
    """Crash."""
    raise ZeroDivisionError


def litestar_handler() -> Any:
    """An app of Litestar, whose handler is wrapped as documented."""
    app = litestar.Litestar([litestar_crash], logging_config=None)
    app.asgi_handler = CORSMiddleware(app.asgi_handler, policy=POLICY)
    return app


def quart_app() -> Any:
    """An app of Quart with one route that crashes."""
    app = quart.Quart(__name__)

    @app.get("/crash")
    async def crash() -> str:
        raise ZeroDivisionError

    return CORSMiddleware(app, policy=POLICY)


class FalconCrash:
    """A resource that crashes."""

    async def on_get(self, _: Any, __: Any) -> None:
        """Crash."""
        raise ZeroDivisionError


def falcon_app() -> Any:
    """An app of Falcon with one route that crashes."""
    app = falcon.asgi.App()
    app.add_route("/crash", FalconCrash())
    return CORSMiddleware(app, policy=POLICY)


async def ask(app: Any, method: str, path: str, **headers: str) -> httpx2.Response:
    """Send one request. The server would log an exception that the app raises."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.parametrize("make", [starlette, fastapi, litestar_handler, quart_app, falcon_app])
async def test_a_page_reads_the_errors_of_the_framework(make: Callable[[], Any]) -> None:
    """An allowed origin, and no other, can read the 404, the 405 and the response to a crash."""
    app = make()
    for method, path, status in (("GET", "/nowhere", 404), ("PUT", "/crash", 405), ("GET", "/crash", 500)):
        answer = await ask(app, method, path, origin=ORIGIN)
        assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (status, [ORIGIN])
        answer = await ask(app, method, path, origin=UNTRUSTED)
        assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (status, [])
    asks = {"origin": ORIGIN, "access-control-request-method": "PUT"}
    assert (await ask(app, "OPTIONS", "/nowhere", **asks)).status_code == 200


async def test_the_middleware_list_of_litestar_misses_what_no_route_answers() -> None:
    """This is why the documents say to wrap the handler."""
    added = DefineMiddleware(CORSMiddleware, policy=POLICY)  # type: ignore[arg-type]
    app = litestar.Litestar([litestar_crash], middleware=[added], logging_config=None)
    for method, path, status in (("GET", "/nowhere", 404), ("PUT", "/crash", 405)):
        answer = await ask(app, method, path, origin=ORIGIN)
        assert (answer.status_code, answer.headers.get_list("access-control-allow-origin")) == (status, [])
