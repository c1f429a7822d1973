"""A page can read the error responses of the app that it calls."""

from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from crossorigin import CORSMiddleware, Policy
from crossorigin.fastapi import install
from tests.real.browser.conftest import Serve, Visit


def api() -> FastAPI:
    """Return an app that crashes, and one with its own handler for crashes."""
    app = FastAPI()

    @app.put("/items")
    def put_item() -> None:
        raise ZeroDivisionError

    @app.exception_handler(Exception)
    def say(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": type(error).__name__, "path": request.url.path}, 500)

    @app.get("/")
    def hello() -> None: ...

    return app


async def test_a_page_reads_the_body_of_a_crash(visit: Visit, serve: Serve, origin: str) -> None:
    """The page reads the JSON of the app's handler. With Starlette's middleware, it gets a network error."""
    page = await visit("app.localhost")
    options: dict[str, Any] = {"allow_origins": [origin], "allow_methods": ["GET", "PUT"]}
    ours, installed, theirs = api(), api(), api()
    ours.add_middleware(CORSMiddleware, **options)
    install(installed, Policy(**options))
    theirs.add_middleware(StarletteCORSMiddleware, **options)
    for app in (ours, installed):
        place = serve(app)
        # This server runs no lifespan, so the middleware moves with the first request.
        assert (await page.fetch(place.url("/")))["status"] == 200
        answer = await page.fetch(place.url("/items"), method="PUT")
        assert answer["status"] == 500
        assert answer["body"].startswith('{"error":"ZeroDivisionError"')
    place = serve(theirs)
    answer = await page.fetch(place.url("/items"), method="PUT")
    assert (answer["error"], answer["reason"]) == ("TypeError", "MissingAllowOriginHeader")
    assert place.exchanges[-1].status == 500
