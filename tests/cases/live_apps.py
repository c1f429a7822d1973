"""Apps with live origins and live policies, one for each adapter and each way to serve a request, and their clients.

Each builder takes the arguments of a middleware, and yields a function that sends a request of a browser. Every path
answers any method. In those with a name that ends in "with routes", `/own` has its own policy, so that the policy of
every request is looked up. It is equal to the policy of the app, and allows no live origin.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from aiohttp import web
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse as DjangoResponse
from django.urls import path, re_path
from fastapi import FastAPI
from flask import Flask

from crossorigin import CORSMiddleware, LivePolicy, Policy, cors
from crossorigin import aiohttp as for_aiohttp
from crossorigin import django as for_django
from crossorigin import flask as for_flask
from crossorigin import wsgi as for_wsgi
from crossorigin.browser import HttpRequest, HttpResponse, aiohttp_transport, asgi_transport, wsgi_transport
from tests.cases.django_project import project

Send = Callable[[HttpRequest], HttpResponse]
Builder = Callable[..., AbstractContextManager[Send]]

_METHODS = ["GET", "PUT", "PATCH"]


def own_policy(arguments: dict[str, Any]) -> Policy:
    """Return a policy that is equal to the one of the app."""
    given = arguments.get("policy") or Policy()
    return Policy.from_dict((given.current if isinstance(given, LivePolicy) else given).to_dict())


def request_of(origin: str, method: str = "GET", path: str = "/", **fields: str) -> HttpRequest:
    """Return a request of a page, with more header fields."""
    headers = [(b"Origin", origin.encode())] if origin else []
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return HttpRequest(method=method, url=f"https://api.example{path}", headers=tuple(headers), credentials=False)


def allows(send: Send, origin: str, path: str = "/") -> bool:
    """Return whether a request of an origin and its preflight are allowed; both always agree."""
    allowed = send(request_of(origin, path=path)).lines("Access-Control-Allow-Origin") == (origin.encode(),)
    asked = request_of(origin, "OPTIONS", path, Access_Control_Request_Method="GET")
    assert (send(asked).status == 200) == allowed
    return allowed


async def _asgi(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _in_loop(transport: Any) -> Send:
    def send(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = asyncio.run(transport(request))
        return response

    return send


@contextmanager
def asgi(**arguments: Any) -> Generator[Send]:
    """Build the middleware around a bare ASGI app, which needs no event loop."""
    transport: Any = asgi_transport(CORSMiddleware(_asgi, **arguments))

    def send(request: HttpRequest) -> HttpResponse:
        try:
            transport(request).send(None)
        except StopIteration as done:
            response: HttpResponse = done.value
            return response
        raise AssertionError("it waits for something")

    yield send


@contextmanager
def fastapi_with_routes(**arguments: Any) -> Generator[Send]:
    """Build an app whose endpoints have policies."""
    app = FastAPI()

    @app.api_route("/own", methods=_METHODS)
    @cors(own_policy(arguments))
    async def own() -> None:
        """Answer any request."""

    @app.api_route("/", methods=_METHODS)
    async def index() -> None:
        """Answer any request."""

    app.add_middleware(CORSMiddleware, **arguments)
    yield _in_loop(asgi_transport(app))


def _wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@contextmanager
def wsgi(**arguments: Any) -> Generator[Send]:
    """Build the middleware around a bare WSGI app."""
    yield wsgi_transport(for_wsgi.CORSMiddleware(_wsgi, **arguments))


@contextmanager
def flask(**arguments: Any) -> Generator[Send]:
    """Build a Flask app with the extension."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", methods=_METHODS)
    for_flask.CORS(app, **arguments)
    yield wsgi_transport(app)


@contextmanager
def flask_with_routes(**arguments: Any) -> Generator[Send]:
    """Build a Flask app of which a view has its own policy."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", methods=_METHODS)
    view = for_flask.cross_origin(own_policy(arguments))(lambda: "own")
    app.add_url_rule("/own", view_func=view, endpoint="own", methods=_METHODS)
    for_flask.CORS(app, **arguments)
    yield wsgi_transport(app)


def _settings(arguments: dict[str, Any]) -> dict[str, Any]:
    names = {"origins": "CORS_LIVE_ORIGINS"}
    return {names.get(name, f"CORS_{name.upper()}"): value for name, value in arguments.items()}


@contextmanager
def django(**arguments: Any) -> Generator[Send]:
    """Build a Django project, with a view that has its own policy, under WSGI."""

    @for_django.cors(own_policy(arguments))
    def own(_: Any) -> DjangoResponse:
        return DjangoResponse("own")

    def answer(_: Any) -> DjangoResponse:
        return DjangoResponse("hello")

    views = [path("own", own), re_path("", answer)]
    with project(views, **_settings(arguments)):
        yield wsgi_transport(WSGIHandler())


@contextmanager
def django_async(**arguments: Any) -> Generator[Send]:
    """Build a Django project, with a view that has its own policy, under ASGI."""

    @for_django.cors(own_policy(arguments))
    async def own(_: Any) -> DjangoResponse:
        return DjangoResponse("own")

    async def answer(_: Any) -> DjangoResponse:
        return DjangoResponse("hello")

    views = [path("own", own), re_path("", answer)]
    with project(views, **_settings(arguments)):
        yield _in_loop(asgi_transport(ASGIHandler()))


@contextmanager
def aiohttp(**arguments: Any) -> Generator[Send]:
    """Build an aiohttp app."""
    app = web.Application()
    app.router.add_route("*", "/", _handler)
    for_aiohttp.setup(app, **arguments)
    yield _in_loop(aiohttp_transport(app))


@contextmanager
def aiohttp_with_routes(**arguments: Any) -> Generator[Send]:
    """Build an aiohttp app of which a handler has its own policy."""
    app = web.Application()

    @for_aiohttp.cors(own_policy(arguments))
    async def own(request: web.Request) -> web.StreamResponse:
        return web.Response(text="own")

    app.router.add_route("*", "/own", own)
    app.router.add_route("*", "/", _handler)
    for_aiohttp.setup(app, **arguments)
    yield _in_loop(aiohttp_transport(app))


async def _handler(request: web.Request) -> web.StreamResponse:
    return web.Response(text="hello")


ADAPTERS: dict[str, Builder] = {
    "ASGI": asgi,
    "FastAPI with routes": fastapi_with_routes,
    "WSGI": wsgi,
    "Flask": flask,
    "Flask with routes": flask_with_routes,
    "Django with routes": django,
    "Django under ASGI with routes": django_async,
    "aiohttp": aiohttp,
    "aiohttp with routes": aiohttp_with_routes,
}
