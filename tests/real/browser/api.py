"""The app that the pages call: one route for each kind of answer."""

from base64 import b64decode
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from crossorigin import CORSMiddleware

_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
# A font without a visible glyph, as WOFF.
_WOFF = b64decode(
    "d09GRgABAAAAAAG8AAoAAAAAAegAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAABPUy8yAAABWAAAABwAAABgQPY/VGNtYXAAAAF4AAAA"
    "JQAAACwADABGZ2x5ZgAAAaQAAAABAAAAAQAAAABoZWFkAAAA9AAAADYAAAA2LWcIWGhoZWEAAAEsAAAAGAAAACQAEQASaG10eAAA"
    "AXQAAAAEAAAABAAQAABsb2NhAAABoAAAAAQAAAAEAAAAAG1heHAAAAFEAAAAEwAAACAAAgACbmFtZQAAAagAAAAGAAAABgAGAABw"
    "b3N0AAABsAAAAAwAAAAgAAMAAAABAAAAAQAAyG4OGl8PPPUAAwAQAAAAAOcoZagAAAAA5yhlqAAAAAAAAAAAAAAAAwACAAAAAAAA"
    "eJxjYGRgYBBgYICTDAyMDKiAEQAD2QAkeJxjYGRgYABhCGBiQAMAAHwABQB4nGNgZhBgnMDAysDCQCKwBwICShQYGABiQAHKABAA"
    "AHicY2BgYGJgYGAGYhEgyQimWRgkGEDiIBmG///BGCgDACZoBE8AAAAAAAAAAAAAAAAAAAAABgAAeJxjYGbACwAAfQAE"
)
_MEDIA = {
    "image": ("image/gif", _GIF),
    "font": ("font/woff", _WOFF),
    "script": ("text/javascript", b"export {}"),
    "style": ("text/css", b"p {}"),
    "events": ("text/event-stream", b"data: x\n\n"),
}
_OWN = {"X-One": "1", "X-Two": "2", "ETag": '"e"'}


async def echo(request: Request) -> Response:
    """Return the request as JSON."""
    body = (await request.body()).decode()
    told = {
        "method": request.method,
        "body": body,
        "cookie": request.headers.get("cookie"),
        "authorization": request.headers.get("authorization"),
        "x-token": request.headers.get("x-token"),
    }
    return JSONResponse(told, headers=_OWN)


async def status(request: Request) -> Response:
    """Answer with the status that is asked for."""
    code = int(request.path_params["code"])
    return Response(status_code=code) if code in {204, 304} else PlainTextResponse(f"status {code}", status_code=code)


async def redirect(request: Request) -> Response:
    """Redirect the browser."""
    return RedirectResponse(request.query_params["to"], status_code=int(request.path_params["code"]))


async def fail(request: Request) -> Response:
    """Raise, as apps do."""
    message = "the app failed"
    raise RuntimeError(message)


async def stream(request: Request) -> Response:
    """Answer with a body in several parts."""
    return StreamingResponse(iter(["a", "b", "c"]))


async def cookie(request: Request) -> Response:
    """Set a cookie."""
    answer = PlainTextResponse("set")
    answer.set_cookie("session", "secret")
    return answer


async def media(request: Request) -> Response:
    """Answer with something that an element loads."""
    kind, content = _MEDIA[request.path_params["kind"]]
    return Response(content, media_type=kind)


async def own_cors(request: Request) -> Response:
    """Answer with CORS headers that the route sets itself, for every origin."""
    return PlainTextResponse(
        "own",
        headers={"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-One", **_OWN},
    )


_ANY = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "CHICKEN", "patch"]
_ROUTES = [
    Route("/echo", echo, methods=_ANY),
    Route("/status/{code}", status, methods=_ANY),
    Route("/redirect/{code}", redirect, methods=_ANY),
    Route("/fail", fail),
    Route("/stream", stream),
    Route("/cookie", cookie),
    Route("/own-cors", own_cors),
    Route("/media/{kind}", media),
    Route("/slash/", echo, methods=_ANY),
]


class _AnyMethod:
    """Pass the method `patch` to its route unchanged: routes of Starlette write their methods in upper case."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app({**scope, "method": scope["method"].upper()}, receive, send)


def starlette_api(**options: Any) -> Any:
    """Return the app with the middleware added as Starlette does."""
    middleware = [Middleware(CORSMiddleware, **options), Middleware(_AnyMethod)]
    return Starlette(routes=_ROUTES, middleware=middleware)


def fastapi_api(**options: Any) -> Any:
    """Return the app with the middleware added as FastAPI's documentation does."""
    app = FastAPI(routes=_ROUTES)
    app.add_middleware(_AnyMethod)
    app.add_middleware(CORSMiddleware, **options)
    return app


def wrapped_api(**options: Any) -> Any:
    """Return the app with the middleware around all of it."""
    return CORSMiddleware(Starlette(routes=_ROUTES), **options)
