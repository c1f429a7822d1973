"""One app of each WSGI framework, with the same routes, and its CORS as the documentation shows it.

Each app answers 200, a stream, a file, a redirect, 405, 401 before the view, and a static file, and one view raises.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bottle
import falcon
from flask import Flask, Response, abort, redirect, request, send_file
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import FileResponse
from pyramid.response import Response as PyramidResponse

from crossorigin.flask import CORS
from crossorigin.wsgi import CORSMiddleware

ORIGIN = "https://app.example.com"
OPTIONS: dict[str, Any] = {"allow_origins": [ORIGIN], "allow_credentials": True}
STATIC = Path(__file__).parent / "static"
FILE = STATIC / "file.txt"


def parts() -> Iterator[bytes]:
    """Yield a stream."""
    yield b"one "
    yield b"two"


def _flask() -> Flask:
    app = Flask(__name__, static_folder=str(STATIC))
    CORS(app, debug=app.debug, **OPTIONS)

    @app.before_request
    def authenticate() -> None:
        if request.path == "/private":
            abort(401)

    app.add_url_rule("/ok", "ok", lambda: "ok")
    app.add_url_rule("/private", "private", lambda: "private")
    app.add_url_rule("/stream", "stream", lambda: Response(parts(), mimetype="text/plain"))
    app.add_url_rule("/file", "file", lambda: send_file(FILE))
    app.add_url_rule("/redirect", "redirect", lambda: redirect("/ok"))
    app.add_url_rule("/slash/", "slash", lambda: "slash")
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    return app


def _bottle() -> Any:
    app = bottle.Bottle()

    @app.hook("before_request")  # type: ignore[untyped-decorator]
    def authenticate() -> None:
        if bottle.request.path == "/private":
            bottle.abort(401)

    app.get("/ok", callback=lambda: "ok")
    app.get("/private", callback=lambda: "private")
    app.get("/stream", callback=parts)
    app.get("/file", callback=lambda: bottle.static_file("file.txt", root=str(STATIC)))
    app.get("/static/<name>", callback=lambda name: bottle.static_file(name, root=str(STATIC)))
    app.get("/redirect", callback=lambda: bottle.redirect("/ok"))
    app.get("/crash", callback=lambda: 1 / 0)
    return CORSMiddleware(app, **OPTIONS)


def _crash(request: Any) -> Any:
    raise ZeroDivisionError


def _pyramid() -> Any:
    with Configurator() as config:
        views = {
            "ok": lambda request: PyramidResponse("ok"),
            "private": lambda request: PyramidResponse("private"),
            "stream": lambda request: PyramidResponse(app_iter=parts(), content_type="text/plain"),
            "file": lambda request: FileResponse(str(FILE), request=request),
            "redirect": lambda request: HTTPFound("/ok"),
            "crash": _crash,
        }
        for name, view in views.items():
            # Without a predicate on the view, another method is a 404.
            config.add_route(name, f"/{name}", request_method="GET")
            config.add_view(view, route_name=name)
        config.add_route("slash", "/slash/")
        config.add_view(lambda request: PyramidResponse("slash"), route_name="slash")
        config.add_notfound_view(append_slash=True)
        config.add_static_view("static", str(STATIC))
        config.add_tween("tests.real.wsgi.pyramid_tween.authenticate")
        app = config.make_wsgi_app()
    return CORSMiddleware(app, **OPTIONS)


class _FalconRoutes:
    """A resource with one responder for each route."""

    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        response.text = "ok"

    def on_get_stream(self, request: falcon.Request, response: falcon.Response) -> None:
        response.stream = parts()
        response.content_type = "text/plain"

    def on_get_file(self, request: falcon.Request, response: falcon.Response) -> None:
        response.stream = FILE.open("rb")
        response.content_type = "text/plain"

    def on_get_redirect(self, request: falcon.Request, response: falcon.Response) -> None:
        raise falcon.HTTPFound("/ok")

    def on_get_crash(self, request: falcon.Request, response: falcon.Response) -> None:
        raise ZeroDivisionError


class _FalconAuthentication:
    """A middleware that refuses a private path before the responder."""

    def process_request(self, request: falcon.Request, response: falcon.Response) -> None:
        if request.path == "/private":
            raise falcon.HTTPUnauthorized


def _falcon() -> Any:
    app = falcon.App(middleware=[_FalconAuthentication()])
    routes = _FalconRoutes()
    app.add_route("/ok", routes)
    app.add_route("/private", routes)
    for name in ("stream", "file", "redirect", "crash"):
        app.add_route(f"/{name}", routes, suffix=name)
    app.add_static_route("/static", str(STATIC))
    return CORSMiddleware(app, **OPTIONS)


def _raw() -> Any:
    answers = {"/ok": ("200 OK", [b"ok"]), "/private": ("401 Unauthorized", [b""]), "/redirect": ("302 Found", [b""])}

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path == "/crash":
            raise ZeroDivisionError
        headers = [("Content-Type", "text/plain")]
        if path == "/stream":
            start_response("200 OK", headers)
            return parts()
        if path in {"/file", "/static/file.txt"}:
            start_response("200 OK", headers)
            return environ.get("wsgi.file_wrapper", lambda file: file)(FILE.open("rb"))
        status, body = answers.get(path, ("404 Not Found", [b"none"]))
        if environ["REQUEST_METHOD"] != "GET":
            status, body = "405 Method Not Allowed", [b""]
        start_response(status, [*headers, *([("Location", "/ok")] if path == "/redirect" else [])])
        return body

    return CORSMiddleware(app, **OPTIONS)


flask_app = _flask()
bottle_app = _bottle()
pyramid_app = _pyramid()
falcon_app = _falcon()
raw_app = _raw()
