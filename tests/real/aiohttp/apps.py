"""An aiohttp app with the same routes as those of the other frameworks, and its CORS as the documentation shows it."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from crossorigin.aiohttp import setup
from tests.real.wsgi.apps import FILE, ORIGIN, STATIC


@web.middleware
async def authenticate(request: web.Request, handler: Any) -> web.StreamResponse:
    """Refuse a private path before the handler."""
    if request.path == "/private":
        raise web.HTTPUnauthorized
    response: web.StreamResponse = await handler(request)
    return response


async def _ok(request: web.Request) -> web.StreamResponse:
    return web.Response(text="ok")


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    for part in (b"one ", b"two"):
        await response.write(part)
    return response


async def _file(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(FILE)


async def _away(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/ok")


async def _crash(request: web.Request) -> web.StreamResponse:
    raise ZeroDivisionError


def create(arguments: Sequence[str] = ()) -> web.Application:
    """Return the app. The command of aiohttp passes the rest of its arguments."""
    slashes = web.normalize_path_middleware(append_slash=True, redirect_class=web.HTTPPermanentRedirect)
    app = web.Application(middlewares=[authenticate, slashes])
    routes = {"/ok": _ok, "/private": _ok, "/stream": _stream, "/file": _file, "/redirect": _away, "/crash": _crash}
    app.add_routes([*(web.get(path, handler) for path, handler in routes.items()), web.get("/slash/", _ok)])
    app.add_routes([web.static("/static", STATIC)])
    setup(app, allow_origins=[ORIGIN], allow_credentials=True)
    return app


app = create()
