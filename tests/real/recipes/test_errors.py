"""Error responses inside the framework: the page can read each of them, and the same handler answers as before."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from crossorigin import CORSMiddleware, Policy
from crossorigin.testing import assert_browser_can, assert_browser_cannot
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_POLICY = Policy(
    allow_origins=[ORIGIN],
    allow_methods=["GET", "DELETE"],
    allow_headers=["Authorization"],
    expose_headers=["WWW-Authenticate", "X-Handled-By"],
)


class OwnError(Exception):
    """An exception of the application."""


def _fastapi() -> FastAPI:
    app = FastAPI()

    def signed_in(request: Request) -> None:
        if "authorization" not in request.headers:
            raise HTTPException(401, "no token", headers={"WWW-Authenticate": "Bearer"})

    @app.get("/raised")
    def raised() -> None:
        raise HTTPException(418, "a teapot")

    @app.get("/private", dependencies=[Depends(signed_in)])
    def private() -> str:
        return "private"

    @app.get("/number")
    def number(of: Annotated[int, Query(gt=0)]) -> int:
        return of

    @app.get("/own")
    def own() -> None:
        raise OwnError

    return app


def _starlette() -> Starlette:
    async def raised(request: Request) -> PlainTextResponse:
        raise StarletteHTTPException(418, "a teapot")

    async def private(request: Request) -> PlainTextResponse:
        raise StarletteHTTPException(401, "no token", headers={"WWW-Authenticate": "Bearer"})

    async def own(request: Request) -> PlainTextResponse:
        raise OwnError

    return Starlette(routes=[Route("/raised", raised), Route("/private", private), Route("/own", own)])


def handled(status: int) -> Callable[[Request, Exception], JSONResponse]:
    """Return a handler that answers with a status, and with a CORS header that it should not set."""

    def handle(request: Request, error: Exception) -> JSONResponse:
        headers = {"X-Handled-By": type(error).__name__, "Access-Control-Allow-Origin": "*"}
        return JSONResponse({"handled": True}, status, headers)

    return handle


def with_handlers(app: Starlette) -> Starlette:
    """Give an app a handler for each kind of error, and for one status."""
    app.add_exception_handler(StarletteHTTPException, handled(409))
    app.add_exception_handler(RequestValidationError, handled(400))
    app.add_exception_handler(OwnError, handled(403))
    app.add_exception_handler(404, handled(410))
    return app


def _under(app: Starlette) -> Any:
    app.add_middleware(CORSMiddleware, policy=_POLICY)
    return app


def judge(app: Any, url: str, status: int, method: str = "GET", exposes: tuple[str, ...] = ()) -> None:
    """Assert that an allowed page can read this status and that another page cannot."""
    verdict = assert_browser_can(app, origin=ORIGIN, url=url, method=method, exposes=exposes)
    assert verdict.status == status
    assert_browser_cannot(app, origin=UNTRUSTED, url=url, method=method)


@pytest.mark.parametrize("make", [_starlette, _fastapi])
def test_an_error_may_be_read(make: Callable[[], Starlette]) -> None:
    """An exception, a failed dependency, a 404 and a 405 reach the page with all their headers."""
    app = _under(make())
    judge(app, "/raised", 418)
    judge(app, "/private", 401, exposes=("WWW-Authenticate",))
    judge(app, "/nowhere", 404)
    judge(app, "/raised", 405, method="DELETE")


def test_an_error_of_validation_may_be_read() -> None:
    """FastAPI's 422 tells the page which field of its request is invalid."""
    app = _under(_fastapi())
    judge(app, "/number?of=-1", 422)
    judge(app, "/number", 422)
    answer = TestClient(app).get("/number?of=x", headers={"Origin": ORIGIN})
    assert answer.json()["detail"][0]["loc"] == ["query", "of"]


@pytest.mark.parametrize(
    ("make", "url", "status", "by"),
    [
        (_starlette, "/raised", 409, "HTTPException"),
        (_fastapi, "/raised", 409, "HTTPException"),
        (_fastapi, "/private", 409, "HTTPException"),
        (_fastapi, "/number", 400, "RequestValidationError"),
        (_starlette, "/own", 403, "OwnError"),
        (_fastapi, "/own", 403, "OwnError"),
        (_starlette, "/nowhere", 410, "HTTPException"),
        (_fastapi, "/nowhere", 410, "HTTPException"),
    ],
)
def test_a_handler_of_ones_own_answers(make: Callable[[], Starlette], url: str, status: int, by: str) -> None:
    """The status, body and headers of the handler reach the page. The policy replaces its CORS headers."""
    app = _under(with_handlers(make()))
    judge(app, url, status, exposes=("X-Handled-By",))
    client = TestClient(app)
    answer = client.get(url, headers={"Origin": ORIGIN})
    assert (answer.json(), answer.headers["x-handled-by"]) == ({"handled": True}, by)
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert client.get(url, headers={"Origin": UNTRUSTED}).headers.get_list("access-control-allow-origin") == []
