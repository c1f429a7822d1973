"""Recognize what sets the CORS headers: by its exchanges, or by the app itself where it runs in process. Pure.

What answers a preflight says more than the `Server` header, which names what stands in front. A guess decides only in
which words the fix is written, and the sign that led to it is told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from crossorigin.browser import Exchange, HttpResponse, is_aiohttp_app, is_wsgi_app


class Server(StrEnum):
    """Name what the fixes are written for."""

    CROSSORIGIN = "crossorigin"
    CROSSORIGIN_FLASK = "crossorigin-flask"
    CROSSORIGIN_WSGI = "crossorigin-wsgi"
    CROSSORIGIN_AIOHTTP = "crossorigin-aiohttp"
    STARLETTE = "starlette"
    # An app of FastAPI or Starlette of whose middleware nothing is known, or that it has none.
    ASGI = "asgi"
    FLASK = "flask-cors"
    DJANGO = "django-cors-headers"
    NGINX = "nginx"
    UNKNOWN = "unknown"


TITLES: Mapping[Server, str] = {
    Server.CROSSORIGIN: "FastAPI or Starlette, with crossorigin's CORSMiddleware",
    Server.CROSSORIGIN_FLASK: "Flask, with crossorigin's CORS",
    Server.CROSSORIGIN_WSGI: "a WSGI app, with crossorigin's CORSMiddleware",
    Server.CROSSORIGIN_AIOHTTP: "aiohttp, with crossorigin's setup",
    Server.STARLETTE: "FastAPI or Starlette, with Starlette's CORSMiddleware",
    Server.ASGI: "FastAPI or Starlette",
    Server.FLASK: "Flask, with Flask-Cors",
    Server.DJANGO: "Django, with django-cors-headers",
    Server.NGINX: "nginx",
    Server.UNKNOWN: "any server",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognized:
    """Hold a server, the sign that it was recognized by, and the options of its middleware where they are known.

    `wraps` tells that the middleware stands around the app by hand.
    """

    server: Server
    sign: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    wraps: bool = False


UNKNOWN = Recognized(server=Server.UNKNOWN, sign="nothing in its answers tells what it is")

_Sign = Callable[[Exchange, HttpResponse], Recognized | None]
_ASGI_SERVERS = ("uvicorn", "hypercorn", "granian", "daphne")
_OWNERS = {
    "crossorigin.adapters.flask.": Server.CROSSORIGIN_FLASK,
    "crossorigin.adapters.wsgi.": Server.CROSSORIGIN_WSGI,
    "crossorigin.adapters.asgi.": Server.CROSSORIGIN,
    "starlette.middleware.cors.": Server.STARLETTE,
}
_PRIVATE_NETWORK = "access-control-request-private-network"


def recognize(exchanges: Iterable[Exchange]) -> Recognized:
    """Recognize a server by its answers: by what is surest first, and by what may stand in front of it last."""
    answered = [(exchange, exchange.response) for exchange in exchanges if exchange.response is not None]
    for sign in _SIGNS:
        for exchange, response in answered:
            found = sign(exchange, response)
            if found is not None:
                return found
    return UNKNOWN


def recognize_app(app: object) -> Recognized:
    """Recognize the middleware of an app by the classes in it; no framework is imported for that."""
    for owner, options, wraps in _layers(app):
        for start, server in _OWNERS.items():
            if owner.startswith(start):
                return Recognized(server=server, sign="the app has this middleware", options=options, wraps=wraps)
    wrapped = getattr(app, "app", app)
    if is_aiohttp_app(wrapped):
        return _recognize_aiohttp(wrapped)
    if hasattr(wrapped, "wsgi_app"):
        handlers = getattr(wrapped, "after_request_funcs", {}).get(None, ())
        if any(handler.__module__.startswith("flask_cors") for handler in handlers):
            return Recognized(server=Server.FLASK, sign="the app has this extension")
        return Recognized(server=Server.CROSSORIGIN_FLASK, sign="the app is a Flask app without CORS")
    if is_wsgi_app(wrapped):
        return Recognized(server=Server.CROSSORIGIN_WSGI, sign="the app is a WSGI app")
    return Recognized(server=Server.ASGI, sign="the app is an ASGI app without a CORS middleware that is known")


def _recognize_aiohttp(app: object) -> Recognized:
    from crossorigin.adapters.aiohttp.registry import layer_key

    keyed = cast("Mapping[object, Any]", app)
    if layer_key() not in keyed:
        return Recognized(server=Server.CROSSORIGIN_AIOHTTP, sign="the app is an aiohttp app without our setup")
    options = {"policy": keyed[layer_key()].policy}
    return Recognized(server=Server.CROSSORIGIN_AIOHTTP, sign="the app has this setup", options=options)


def _layers(app: object) -> Iterator[tuple[str, Mapping[str, object], bool]]:
    """Yield the class of each middleware of the app, with what options, and whether it was put around it by hand."""
    seen: set[int] = set()
    # What wraps an app by hand keeps it as `app`.
    while app is not None and id(app) not in seen:
        seen.add(id(app))
        policy = getattr(app, "policy", None)
        yield _name(type(app)), {} if policy is None else {"policy": policy}, True
        for middleware in getattr(app, "user_middleware", ()):
            yield _name(middleware.cls), dict(middleware.kwargs), False
        # A Flask app keeps a method of it as `wsgi_app`.
        app = getattr(app, "app", None) or getattr(getattr(app, "wsgi_app", None), "__self__", None)


def _name(owner: type) -> str:
    names = [f"{base.__module__}.{base.__qualname__}" for base in owner.__mro__]
    return next((name for name in names if name.endswith(".CORSMiddleware")), names[0])


def _text(response: HttpResponse, name: str) -> str:
    return b", ".join(response.lines(name)).decode("latin-1")


def _starlette(exchange: Exchange, response: HttpResponse) -> Recognized | None:
    if not exchange.request.preflight or _text(response, "Content-Type") != "text/plain; charset=utf-8":
        return None
    lists, refused = bool(response.lines("Access-Control-Allow-Methods")), response.status == 400
    if _PRIVATE_NETWORK in _text(response, "Vary").lower():
        if not refused:
            return Recognized(server=Server.ASGI, sign="its preflight varies by Private Network Access")
        # Only Starlette's tells whom it refuses what it allows.
        server = Server.STARLETTE if lists else Server.CROSSORIGIN
        return Recognized(server=server, sign="the headers of its refused preflight")
    if lists and response.lines("Access-Control-Max-Age") and (refused or _text(response, "Content-Length") == "2"):
        return Recognized(server=Server.STARLETTE, sign="the headers and the length of its preflight's answer")
    return None


def _django(_: Exchange, response: HttpResponse) -> Recognized | None:
    if b"origin" in response.lines("Vary"):
        return Recognized(server=Server.DJANGO, sign="Vary: origin, in lower case")
    if _text(response, "Server").startswith("WSGIServer"):
        return Recognized(server=Server.DJANGO, sign="Django's development server answers")
    return None


def _flask(exchange: Exchange, response: HttpResponse) -> Recognized | None:
    if _text(response, "Server").startswith("Werkzeug"):
        return Recognized(server=Server.FLASK, sign="Flask's development server answers")
    of_flask = (b"0",), (b"text/html; charset=utf-8",)
    own = response.lines("Content-Length"), response.lines("Content-Type")
    if exchange.request.preflight and response.lines("Allow") and own == of_flask:
        return Recognized(server=Server.FLASK, sign="OPTIONS is answered as Flask does, with Allow")
    return None


def _asgi(_: Exchange, response: HttpResponse) -> Recognized | None:
    name = _text(response, "Server").lower()
    if name.startswith(_ASGI_SERVERS):
        return Recognized(server=Server.ASGI, sign=f"Server: {name}")
    return None


def _nginx(_: Exchange, response: HttpResponse) -> Recognized | None:
    name = _text(response, "Server").lower()
    return Recognized(server=Server.NGINX, sign=f"Server: {name}") if name.startswith(("nginx", "openresty")) else None


_SIGNS: tuple[_Sign, ...] = (_starlette, _flask, _django, _asgi, _nginx)
