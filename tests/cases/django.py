"""Run a request through the Django middleware in process, under WSGI and under ASGI, with one view for all paths."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import re_path

from crossorigin import Policy
from tests.cases.django_project import project
from tests.cases.table import Case, Line, Request, Response
from tests.cases.text import BODY, TextExchange, byte_lines, joined, text_pairs
from tests.cases.wsgi import environ_of, serve


def has_case(case: Case) -> bool:
    """Return whether a Django view can send the response of a case: one line for each name, and names in ASCII."""
    names = [name.lower() for name, _ in case.response.headers]
    return len({*names}) == len(names) and all(name.isascii() for name in names)


def exchange(policy: Policy, debug: bool, request: Request, response: Response, separator: str) -> TextExchange:
    """Send a request under WSGI."""
    ran: list[bool] = []

    def answer(_: Any) -> HttpResponse:
        ran.append(True)
        return _response(response)

    with project([re_path("", answer)], CORS_POLICY=policy, CORS_DEBUG=debug):
        status, headers, body = serve(WSGIHandler(), environ_of(request.method, joined(request, separator)))
    return TextExchange(app_ran=bool(ran), status=int(status.partition(" ")[0]), headers=byte_lines(headers), body=body)


def exchange_async(policy: Policy, debug: bool, request: Request, response: Response, separator: str) -> TextExchange:
    """Send a request under ASGI. Django itself joins repeated lines, without a space, so those with one are joined."""
    ran: list[bool] = []

    async def answer(_: Any) -> HttpResponse:
        ran.append(True)
        return _response(response)

    headers: list[Line] = [(name.lower(), value) for name, value in request.headers]
    if separator != ",":
        headers = [(name.encode(), value.encode("latin-1")) for name, value in joined(request, separator).items()]
    with project([re_path("", answer)], CORS_POLICY=policy, CORS_DEBUG=debug):
        start, *bodies = asyncio.run(serve_asgi(ASGIHandler(), request.method, headers))
    body = b"".join(message["body"] for message in bodies)
    return TextExchange(app_ran=bool(ran), status=start["status"], headers=start["headers"], body=body)


async def serve_asgi(
    app: Callable[..., Awaitable[None]], method: str, headers: list[Line], *, path: str = "/"
) -> list[dict[str, Any]]:
    """Call an ASGI app as a server does, and return what it sends."""
    sent: list[dict[str, Any]] = []
    received = asyncio.Queue[dict[str, Any]]()
    received.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    await app(scope, received.get, send)
    return sent


def _response(told: Response) -> HttpResponse:
    response = HttpResponse(BODY, status=told.status)
    del response.headers["Content-Type"]
    for name, value in text_pairs(told):
        response.headers[name] = value
    return response
