"""One app of each framework, which answers any path and any method with the given status and header lines.

Each uses its framework's own router and response. What a framework does not let through by itself is stated next to its
app, as a rule on the case: `cannot_...`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import blacksheep
import blacksheep.server.routing
import falcon
import falcon.asgi
import litestar
import quart
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import re_path
from fastapi import FastAPI
from litestar.enums import HttpMethod
from litestar.response.base import ASGIResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.cases.asgi import BODY
from tests.cases.django_project import configure
from tests.cases.table import Case

# The methods for routers that need a list.
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE", "CHICKEN"]


@dataclass(slots=True)
class Told:
    """The response for an app, and whether the app ran."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    ran: bool = False

    def to(self, case: Case) -> None:
        """Take the response from a case."""
        self.status = case.response.status
        self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in case.response.headers]
        self.ran = False


def starlette(told: Told) -> Any:
    """Use Starlette's route, and the response's list of raw headers."""
    return Starlette(routes=[Route("/{path:path}", _starlette_endpoint(told), methods=_METHODS)])


def fastapi(told: Told) -> Any:
    """Use a path operation for all methods, which returns a response."""
    app = FastAPI()
    app.api_route("/{path:path}", methods=_METHODS, include_in_schema=False)(_starlette_endpoint(told))
    return app


def _starlette_endpoint(told: Told) -> Any:
    async def answer(request: Request) -> Response:
        told.ran = True
        response = Response(BODY, told.status)
        response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.headers]
        return response

    return answer


def litestar_app(told: Told, *middleware: Any) -> Any:
    """Use a handler for the methods that Litestar knows, and its low-level response."""

    @litestar.route(["/", "/{path:path}"], http_method=[*HttpMethod], sync_to_thread=False)
    def answer(request: litestar.Request[Any, Any, Any]) -> ASGIResponse:
        told.ran = True
        # It raises an exception for a status that has no body, instead of omitting the body.
        body = b"" if told.status in {204, 304} else BODY
        return ASGIResponse(body=body, headers=told.headers, status_code=told.status)

    return litestar.Litestar([answer], middleware=middleware, openapi_config=None)


def quart_app(told: Told) -> Any:
    """Use a rule for all methods, without the automatic OPTIONS."""
    app = quart.Quart(__name__)

    @app.route("/", defaults={"path": ""}, methods=_METHODS, provide_automatic_options=False)
    @app.route("/<path:path>", methods=_METHODS, provide_automatic_options=False)
    async def answer(path: str) -> quart.Response:
        told.ran = True
        response = quart.Response(BODY, told.status)
        response.headers.clear()
        for name, value in told.headers:
            response.headers.add(name, value)
        return response

    return app


def blacksheep_app(told: Told) -> Any:
    """Use the fallback, which serves every request without a route."""
    # The default router is shared by all apps of a process.
    app = blacksheep.Application(router=blacksheep.server.routing.Router())

    async def answer(request: blacksheep.Request) -> blacksheep.Response:
        told.ran = True
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.headers]
        # The content sets the type.
        headers = [line for line in headers if line[0].lower() != b"content-type"]
        return blacksheep.Response(told.status, headers, blacksheep.Content(b"text/plain", BODY))

    app.router.fallback = answer
    return app


def falcon_app(told: Told) -> Any:
    """Use a sink, which takes every path and method."""
    app = falcon.asgi.App()

    async def answer(request: falcon.asgi.Request, response: falcon.asgi.Response, **_: str) -> None:
        told.ran = True
        response.status = told.status
        response.data = BODY
        for name, value in told.headers:
            response.append_header(name, value)

    app.add_sink(answer)
    return app


def django_app(told: Told) -> Any:
    """Use one pattern for all paths, and a view that sets headers by name."""

    async def answer(request: Any) -> HttpResponse:
        told.ran = True
        response = HttpResponse(BODY, status=told.status)
        del response["Content-Type"]
        for name, value in told.headers:
            if name.lower() == "set-cookie":
                response.cookies.load(value)
            else:
                response[name] = value
        return response

    configure()
    settings.ROOT_URLCONF = (re_path("", answer),)
    return get_asgi_application()


def cannot_route(case: Case) -> bool:
    """Starlette and FastAPI convert the methods of a route to upper case, so that no route serves `options`."""
    return case.request.method not in _METHODS


def cannot_litestar(case: Case) -> bool:
    """Litestar has a closed list of methods."""
    return case.request.method not in [*HttpMethod]


def cannot_quart(case: Case) -> bool:
    """Quart sends UTF-8 instead of Latin-1, and raises on a line break in a request, which no server passes."""
    return not all((name + value).isascii() for name, value in case.response.headers) or any(
        b"\r" in value or b"\n" in value for _, value in case.request.headers
    )


def cannot_blacksheep(case: Case) -> bool:
    """BlackSheep sends every header unchanged."""
    return False


def cannot_falcon(case: Case) -> bool:
    """Falcon joins lines with the same name, except cookies."""
    names = [name.lower() for name, _ in case.response.headers if name.lower() != b"set-cookie"]
    return len(set(names)) < len(names)


def cannot_django(case: Case) -> bool:
    """Django keeps one line for each name, except cookies, and names in ASCII."""
    return cannot_falcon(case) or not all(name.isascii() for name, _ in case.response.headers)


@dataclass(frozen=True, slots=True)
class Framework:
    """The way to build an app, and what the framework cannot do regardless of the middleware."""

    app: Callable[[Told], Any]
    cannot: Callable[[Case], bool]


FRAMEWORKS = {
    "Starlette": Framework(starlette, cannot_route),
    "FastAPI": Framework(fastapi, cannot_route),
    "Litestar": Framework(litestar_app, cannot_litestar),
    "Quart": Framework(quart_app, cannot_quart),
    "BlackSheep": Framework(blacksheep_app, cannot_blacksheep),
    "Falcon": Framework(falcon_app, cannot_falcon),
    "Django": Framework(django_app, cannot_django),
}
