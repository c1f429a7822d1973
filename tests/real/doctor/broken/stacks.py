"""The stacks of the cases: a working app without CORS for each, with a marker for the faulty code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stack:
    """One stack: the way in which it is served, and its source, in which WRONG is replaced."""

    runner: str
    source: str


_FASTAPI = """
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

app = FastAPI()
WRONG

@app.api_route("/items", methods=["GET", "POST", "PUT", "DELETE"])
def items():
    return "ok"

@app.get("/crash")
def crash():
    raise ZeroDivisionError

@app.get("/slash/")
def slash():
    return "ok"

@app.get("/secure")
def secure():
    return RedirectResponse("http://api.example.com/secure/")
"""
_STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

def items(request):
    return PlainTextResponse("ok")

routes = [Route("/items", items, methods=["GET", "POST", "PUT", "DELETE"])]
app = Starlette(routes=routes)
WRONG
"""
_ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        status = 405 if scope["method"] == "OPTIONS" else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})
WRONG
"""
_LITESTAR = """
from litestar import Litestar, route
from litestar.config.cors import CORSConfig

@route("/items", http_method=["GET", "POST", "PUT", "DELETE"], status_code=200)
async def items() -> str:
    return "ok"

app = Litestar([items]WRONG)
"""
_QUART = """
from quart import Quart

app = Quart(__name__)
WRONG

@app.route("/items", methods=["GET", "POST", "PUT", "DELETE"])
async def items():
    return "ok"
"""
_FALCON = """
import falcon.asgi

class Items:
    async def on_get(self, request, response):
        response.media = "ok"

    on_post = on_put = on_delete = on_get

app = falcon.asgi.App(WRONG)
app.add_route("/items", Items())
"""
_BLACKSHEEP = """
from blacksheep import Application

app = Application()
WRONG

async def items():
    return "ok"

for method in ("GET", "POST", "PUT", "DELETE"):
    app.router.add(method, "/items", items)
"""
_SOCKETIO = """
import socketio
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

api = FastAPI()
WRONG
"""
_MCP = """
from mcp.server import MCPServer

mcp = MCPServer("test")
app = mcp.streamable_http_app(json_response=True, stateless_http=True)
WRONG
"""
_FLASK = """
from flask import Flask, Response, abort, request
from flask_cors import CORS

app = Flask("app")
WRONG

@app.route("/items", methods=["GET", "POST", "PUT", "DELETE"])
def items():
    return "ok"

@app.route("/slash/")
def slash():
    return "ok"
"""
_DJANGO = """
import django
from django.conf import settings

INSTALLED_APPS = ["django.contrib.contenttypes"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
WRONG
# settings
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    **{name: value for name, value in globals().items() if name.isupper()},
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("items", lambda request: HttpResponse("ok")), path("slash/", lambda request: HttpResponse("ok"))]
app = get_wsgi_application()
"""
_AIOHTTP = """
import aiohttp_cors
from aiohttp import web

async def items(request):
    return web.Response(text="ok")

app = web.Application()
for method in ("GET", "POST", "PUT", "DELETE"):
    app.router.add_route(method, "/items", items)
WRONG
"""
_EXPRESS = """
const express = require("express");
const app = express();
// first
WRONG
app.all("/items", (request, response) => request.method === "OPTIONS" ? response.sendStatus(404) : response.send("ok"));
app.get("/login-first", (request, response) => response.redirect("/login"));
"""
_NGINX = """
daemon off;
worker_processes 1;
pid FOLDER/pid;
error_log FOLDER/error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    # http
    server {
        listen 127.0.0.1:PORT;
        location / {
            # location
            WRONG
            proxy_pass BEHIND;
        }
    }
}
# app behind
from flask import Flask, abort, request
from flask_cors import CORS

app = Flask("app")
# behind

@app.route("/items", methods=["GET", "POST", "PUT", "DELETE"])
def items():
    return "ok"

@app.route("/missing")
def missing():
    abort(404)
"""

_WSGI = """
def app(environ, start_response):
    status = "405 Method Not Allowed" if environ["REQUEST_METHOD"] == "OPTIONS" else "200 OK"
    start_response(status, [("Content-Length", "0")])
    return []
WRONG
"""
_PLAIN = """
def app(environ, start_response):
    status = "405 Method Not Allowed" if environ["REQUEST_METHOD"] == "OPTIONS" else "200 OK"
    start_response(status, [("Content-Type", "text/html; charset=utf-8")])
    return [b"ok"]
"""

STACKS = {
    "fastapi": Stack("asgi", _FASTAPI),
    "starlette": Stack("asgi", _STARLETTE),
    "asgi": Stack("asgi", _ASGI),
    "litestar": Stack("asgi", _LITESTAR),
    "quart": Stack("asgi", _QUART),
    "falcon": Stack("asgi", _FALCON),
    "blacksheep": Stack("asgi", _BLACKSHEEP),
    "socketio": Stack("asgi", _SOCKETIO),
    "mcp": Stack("asgi", _MCP),
    "flask": Stack("flask", _FLASK),
    "wsgi": Stack("wsgi", _WSGI),
    "django": Stack("wsgi", _DJANGO),
    "aiohttp": Stack("aiohttp", _AIOHTTP),
    "express": Stack("express", _EXPRESS),
    "nginx": Stack("nginx", _NGINX),
    "nginx-alone": Stack(
        "nginx",
        _NGINX.partition("# app behind\n")[0].replace("BEHIND", "http://127.0.0.1:1") + "# app behind\n" + _PLAIN,
    ),
    "nginx-plain": Stack("nginx", _NGINX.partition("# app behind\n")[0] + "# app behind\n" + _PLAIN),
}
