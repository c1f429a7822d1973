"""One app of each ASGI framework, with the same routes, and its CORS as the documentation shows it.

Each app answers 200, a stream, a file, a redirect, 405, 401 before the handler, and a static file, and one handler
raises.
"""

from collections.abc import AsyncGenerator
from typing import Any

import blacksheep
import blacksheep.server.routing
import falcon
import falcon.asgi
import litestar
import quart
import sanic
from blacksheep.server.responses import file as blacksheep_file
from blacksheep.server.responses import redirect as blacksheep_redirect
from blacksheep.server.responses import unauthorized
from litestar.exceptions import NotAuthorizedException
from litestar.middleware import DefineMiddleware
from litestar.response import File, Redirect, Stream
from litestar.static_files import create_static_files_router

from crossorigin import CORSMiddleware
from tests.real.wsgi.apps import FILE, ORIGIN, STATIC

OPTIONS: dict[str, Any] = {"allow_origins": [ORIGIN], "allow_credentials": True}


async def parts() -> AsyncGenerator[bytes]:
    """Yield a stream."""
    yield b"one "
    yield b"two"


def _quart() -> Any:
    app = quart.Quart(__name__, static_folder=str(STATIC))

    @app.before_request
    def authenticate() -> None:
        if quart.request.path == "/private":
            quart.abort(401)

    async def ok() -> str:
        return "ok"

    async def stream() -> quart.Response:
        return quart.Response(parts(), mimetype="text/plain")

    async def file() -> Any:
        return await quart.send_file(FILE)

    async def away() -> Any:
        return quart.redirect("/ok")

    async def crash() -> str:
        raise ZeroDivisionError

    for path, view in {
        "/ok": ok,
        "/private": ok,
        "/stream": stream,
        "/file": file,
        "/redirect": away,
        "/crash": crash,
    }.items():
        app.add_url_rule(path, path.strip("/"), view)
    app.add_url_rule("/slash/", "slash", ok)
    app.asgi_app = CORSMiddleware(app.asgi_app, **OPTIONS)  # type: ignore[method-assign]
    return app


def _litestar(*middleware: Any) -> litestar.Litestar:
    def authenticate(connection: Any, _: Any) -> None:
        raise NotAuthorizedException

    @litestar.get("/ok", sync_to_thread=False)
    def ok() -> str:
        return "ok"

    @litestar.get("/private", guards=[authenticate], sync_to_thread=False)
    def private() -> str:
        return "private"

    @litestar.get("/stream", sync_to_thread=False)
    def stream() -> Stream:
        return Stream(parts(), media_type="text/plain")

    @litestar.get("/file", sync_to_thread=False)
    def file() -> File:
        return File(FILE, media_type="text/plain")

    @litestar.get("/redirect", sync_to_thread=False)
    def away() -> Redirect:
        return Redirect("/ok")

    @litestar.get("/crash", sync_to_thread=False)
    def crash() -> str:
        raise ZeroDivisionError

    static = create_static_files_router(path="/static", directories=[STATIC])
    handlers = [ok, private, stream, file, away, crash, static]
    return litestar.Litestar(handlers, middleware=middleware, openapi_config=None)


def _litestar_around() -> Any:
    app = _litestar()
    app.asgi_handler = CORSMiddleware(app.asgi_handler, **OPTIONS)
    return app


class _FalconRoutes:
    """A resource with one responder for each route."""

    async def on_get(self, request: Any, response: Any) -> None:
        response.text = "ok"

    async def on_get_stream(self, request: Any, response: Any) -> None:
        response.stream = parts()
        response.content_type = "text/plain"

    async def on_get_file(self, request: Any, response: Any) -> None:
        response.data = FILE.read_bytes()
        response.content_type = "text/plain"

    async def on_get_redirect(self, request: Any, response: Any) -> None:
        raise falcon.HTTPFound("/ok")

    async def on_get_crash(self, request: Any, response: Any) -> None:
        raise ZeroDivisionError


class _FalconAuthentication:
    """A middleware that refuses a private path before the responder."""

    async def process_request(self, request: Any, response: Any) -> None:
        if request.path == "/private":
            raise falcon.HTTPUnauthorized


def _falcon() -> Any:
    app = falcon.asgi.App(middleware=[_FalconAuthentication()])
    routes = _FalconRoutes()
    app.add_route("/ok", routes)
    app.add_route("/private", routes)
    for name in ("stream", "file", "redirect", "crash"):
        app.add_route(f"/{name}", routes, suffix=name)
    app.add_static_route("/static", str(STATIC))
    return CORSMiddleware(app, **OPTIONS)


def _blacksheep() -> Any:
    # The default router is one for all apps of a process.
    app = blacksheep.Application(router=blacksheep.server.routing.Router())

    async def authenticate(request: blacksheep.Request, handler: Any) -> blacksheep.Response:
        return unauthorized() if request.path == "/private" else await handler(request)

    app.middlewares.append(authenticate)

    async def ok() -> blacksheep.Response:
        return blacksheep.text("ok")

    async def stream() -> blacksheep.Response:
        return blacksheep.Response(200, content=blacksheep.StreamedContent(b"text/plain", parts))

    async def file() -> blacksheep.Response:
        return blacksheep_file(str(FILE), "text/plain")

    async def away() -> blacksheep.Response:
        return blacksheep_redirect("/ok")

    async def crash() -> blacksheep.Response:
        raise ZeroDivisionError

    routes = {"ok": ok, "private": ok, "stream": stream, "file": file, "redirect": away, "crash": crash}
    for name, handler in routes.items():
        app.router.add_get(f"/{name}", handler)
    app.serve_files(STATIC, root_path="static", extensions={".txt"})
    return CORSMiddleware(app, **OPTIONS)


def _sanic() -> Any:
    app = sanic.Sanic("matrix")

    @app.on_request
    async def authenticate(request: Any) -> Any:
        return sanic.empty(401) if request.path == "/private" else None

    async def ok(request: Any) -> Any:
        return sanic.text("ok")

    async def stream(request: Any) -> None:
        response = await request.respond(content_type="text/plain")
        async for part in parts():
            await response.send(part)
        await response.eof()

    async def file(request: Any) -> Any:
        return await sanic.file(FILE)

    async def away(request: Any) -> Any:
        return sanic.redirect("/ok")

    async def crash(request: Any) -> Any:
        raise ZeroDivisionError

    routes = {"ok": ok, "private": ok, "stream": stream, "file": file, "redirect": away, "crash": crash}
    for name, handler in routes.items():
        app.add_route(handler, f"/{name}", name=name)
    app.static("/static", STATIC)
    return CORSMiddleware(app, **OPTIONS)


quart_app = _quart()
litestar_app = _litestar_around()
litestar_middleware_app = _litestar(DefineMiddleware(CORSMiddleware, **OPTIONS))
falcon_app = _falcon()
blacksheep_app = _blacksheep()
sanic_app = _sanic()
