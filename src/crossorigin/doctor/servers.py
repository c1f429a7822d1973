"""Recognition of the server that sets the CORS headers, by its answers. Pure.

The answer to a preflight says more than the `Server` header, which names whatever is in front. A guess decides only
how the fix is written, and the report names the sign behind it.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crossorigin.browser import Exchange, HttpResponse
from crossorigin.doctor.layers import AppFacts, Framework, Layer


class Server(StrEnum):
    """The servers and packages for which fixes are written."""

    CROSSORIGIN = "crossorigin"
    CROSSORIGIN_DJANGO = "crossorigin-django"
    CROSSORIGIN_FLASK = "crossorigin-flask"
    CROSSORIGIN_WSGI = "crossorigin-wsgi"
    CROSSORIGIN_AIOHTTP = "crossorigin-aiohttp"
    STARLETTE = "starlette"
    # FastAPI or Starlette without a known CORS middleware.
    FASTAPI = "fastapi"
    # Any other ASGI app.
    ASGI = "asgi"
    # Apps in this process without CORS: of Flask, aiohttp and Django, and any other WSGI app.
    FLASK_APP = "flask"
    AIOHTTP_APP = "aiohttp"
    DJANGO_APP = "django"
    WSGI = "wsgi"
    LITESTAR = "litestar"
    SOCKETIO = "socketio"
    FLASK = "flask-cors"
    DJANGO = "django-cors-headers"
    AIOHTTP = "aiohttp-cors"
    EXPRESS = "express"
    NGINX = "nginx"
    UNKNOWN = "unknown"


TITLES: Mapping[Server, str] = {
    Server.CROSSORIGIN: "CORSMiddleware of crossorigin",
    Server.CROSSORIGIN_DJANGO: "Django with CORSMiddleware of crossorigin.django",
    Server.CROSSORIGIN_FLASK: "Flask with CORS of crossorigin.flask",
    Server.CROSSORIGIN_WSGI: "CORSMiddleware of crossorigin.wsgi",
    Server.CROSSORIGIN_AIOHTTP: "aiohttp with setup of crossorigin.aiohttp",
    Server.STARLETTE: "CORSMiddleware of Starlette",
    Server.FASTAPI: "FastAPI or Starlette",
    Server.ASGI: "ASGI app",
    Server.FLASK_APP: "Flask",
    Server.AIOHTTP_APP: "aiohttp",
    Server.DJANGO_APP: "Django",
    Server.WSGI: "WSGI app",
    Server.LITESTAR: "Litestar",
    Server.SOCKETIO: "Socket.IO",
    Server.FLASK: "Flask with Flask-Cors",
    Server.DJANGO: "Django with django-cors-headers",
    Server.AIOHTTP: "aiohttp with aiohttp-cors",
    Server.EXPRESS: "Express with cors",
    Server.NGINX: "nginx",
    Server.UNKNOWN: "Unknown server",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognized:
    """A server and the sign that it was recognized by. `app` is what was read from an app in the same process."""

    server: Server
    sign: str
    app: AppFacts | None = None


UNKNOWN = Recognized(server=Server.UNKNOWN, sign="its answers do not show what it is")

_Sign = Callable[[Exchange, HttpResponse], Recognized | None]
_ASGI_SERVERS = ("uvicorn", "hypercorn", "granian", "daphne")
_PRIVATE_NETWORK = "access-control-request-private-network"
# The lengths of the bodies of a 404 and a 405 by Starlette, and of the same in FastAPI's JSON.
_STARLETTE_ERRORS = {("404", "9"), ("405", "18")}
_FASTAPI_ERRORS = {("404", "22"), ("405", "31")}
# The beginnings of the names of the classes that set CORS headers.
_OWNERS = {
    "crossorigin.adapters.aiohttp.": Server.CROSSORIGIN_AIOHTTP,
    "crossorigin.adapters.asgi.": Server.CROSSORIGIN,
    "crossorigin.adapters.flask.": Server.CROSSORIGIN_FLASK,
    "crossorigin.adapters.wsgi.": Server.CROSSORIGIN_WSGI,
    "starlette.middleware.cors.": Server.STARLETTE,
    "crossorigin.adapters.django.": Server.CROSSORIGIN_DJANGO,
    "flask_cors.": Server.FLASK,
    "aiohttp_cors.": Server.AIOHTTP,
    "corsheaders.": Server.DJANGO,
    "litestar.config.cors.": Server.LITESTAR,
    "engineio.": Server.SOCKETIO,
}
_WITHOUT_LAYER: Mapping[Framework, Server] = {
    "asgi": Server.ASGI,
    "starlette": Server.FASTAPI,
    "wsgi": Server.WSGI,
    "flask": Server.FLASK_APP,
    "flask-cors": Server.FLASK,
    "aiohttp": Server.AIOHTTP_APP,
    "django": Server.DJANGO_APP,
}


def recognize(exchanges: Iterable[Exchange]) -> Recognized:
    """Recognize a server by its answers: the most certain sign first, and what may only be a proxy last."""
    answered = [(exchange, exchange.response) for exchange in exchanges if exchange.response is not None]
    for sign in _SIGNS:
        for exchange, response in answered:
            found = sign(exchange, response)
            if found is not None:
                return found
    return UNKNOWN


def recognize_app(app: AppFacts) -> Recognized:
    """Recognize the CORS middleware of an app in the same process by its classes. No framework is imported for that."""
    for layer in app.layers:
        server = server_of(layer.owner)
        if server is not None:
            return Recognized(server=server, sign=f"the app has {layer.name}", app=app)
    unknown = next(filter(is_cors, app.layers), None)
    if unknown is not None:
        return Recognized(server=Server.UNKNOWN, sign=f"the app has {unknown.name}", app=app)
    sign = "the app has no CORS middleware that is known"
    if app.framework == "flask-cors":
        sign = "the app uses Flask-Cors on a view or a blueprint"
    return Recognized(server=_WITHOUT_LAYER[app.framework], sign=sign, app=app)


def server_of(owner: str) -> Server | None:
    """Return what a class of a layer belongs to, or None if it has nothing to do with CORS."""
    return next((server for start, server in _OWNERS.items() if owner.startswith(start)), None)


def is_cors(layer: Layer) -> bool:
    """Return whether a layer sets CORS headers, as far as its class tells."""
    return server_of(layer.owner) is not None or "cors" in layer.owner.rpartition(".")[2].lower()


def _text(response: HttpResponse, name: str) -> str:
    return b", ".join(response.lines(name)).decode("latin-1")


def _starlette(exchange: Exchange, response: HttpResponse) -> Recognized | None:
    if not exchange.request.preflight or _text(response, "Content-Type") != "text/plain; charset=utf-8":
        return None
    lists, refused = bool(response.lines("Access-Control-Allow-Methods")), response.status == 400
    if _PRIVATE_NETWORK in _text(response, "Vary").lower():
        if not refused:
            return Recognized(server=Server.FASTAPI, sign="its preflight varies by Private Network Access")
        # Starlette lists what it allows even if it refuses the origin.
        server = Server.STARLETTE if lists else Server.CROSSORIGIN
        return Recognized(server=server, sign="the headers of its refused preflight")
    if lists and response.lines("Access-Control-Max-Age") and (refused or _text(response, "Content-Length") == "2"):
        return Recognized(server=Server.STARLETTE, sign="the headers and the length of its answer to the preflight")
    return None


def _socketio(exchange: Exchange, response: HttpResponse) -> Recognized | None:
    # It always sends this header, and 400 to an origin that is not listed.
    granted = bool(response.lines("Access-Control-Allow-Credentials"))
    if "/socket.io/" in exchange.request.url and granted and response.status == 400:
        return Recognized(server=Server.SOCKETIO, sign="the path and the headers of Socket.IO")
    return None


def _django(_: Exchange, response: HttpResponse) -> Recognized | None:
    if b"origin" in response.lines("Vary"):
        return Recognized(server=Server.DJANGO, sign="Vary: origin, in lower case")
    if _text(response, "Server").startswith("WSGIServer"):
        return Recognized(server=Server.DJANGO, sign="Django's development server")
    return None


def _flask(exchange: Exchange, response: HttpResponse) -> Recognized | None:
    if _text(response, "Server").startswith("Werkzeug"):
        return Recognized(server=Server.FLASK, sign="Flask's development server")
    of_flask = (b"0",), (b"text/html; charset=utf-8",)
    own = response.lines("Content-Length"), response.lines("Content-Type")
    if exchange.request.preflight and response.lines("Allow") and own == of_flask:
        return Recognized(server=Server.FLASK, sign="its answer to OPTIONS, with Allow, is that of Flask")
    return None


def _express(_: Exchange, response: HttpResponse) -> Recognized | None:
    if _text(response, "X-Powered-By") == "Express":
        return Recognized(server=Server.EXPRESS, sign="X-Powered-By: Express")
    # Helmet removes that header. Without an option, the cors package lists the methods in this way.
    if _text(response, "Access-Control-Allow-Methods") == "GET,HEAD,PUT,PATCH,POST,DELETE":
        return Recognized(server=Server.EXPRESS, sign="the methods in its preflight are those of the cors package")
    return None


def _aiohttp(_: Exchange, response: HttpResponse) -> Recognized | None:
    name = re.search(r"aiohttp/[0-9.]+", _text(response, "Server"))
    return Recognized(server=Server.AIOHTTP, sign=f"Server: {name[0]}") if name else None


def _fastapi(_: Exchange, response: HttpResponse) -> Recognized | None:
    seen, kind = (str(response.status), _text(response, "Content-Length")), _text(response, "Content-Type")
    if kind == "application/json" and seen in _FASTAPI_ERRORS:
        return Recognized(server=Server.FASTAPI, sign=f"its {seen[0]} is that of FastAPI")
    if kind == "text/plain; charset=utf-8" and seen in _STARLETTE_ERRORS:
        return Recognized(server=Server.FASTAPI, sign=f"its {seen[0]} is that of Starlette")
    return None


def _asgi(_: Exchange, response: HttpResponse) -> Recognized | None:
    name = _text(response, "Server").lower()
    if name.startswith(_ASGI_SERVERS):
        return Recognized(server=Server.ASGI, sign=f"Server: {name}")
    return None


def _nginx(_: Exchange, response: HttpResponse) -> Recognized | None:
    name = _text(response, "Server").lower()
    return Recognized(server=Server.NGINX, sign=f"Server: {name}") if name.startswith(("nginx", "openresty")) else None


_SIGNS: tuple[_Sign, ...] = (_socketio, _starlette, _express, _flask, _django, _aiohttp, _fastapi, _asgi, _nginx)
