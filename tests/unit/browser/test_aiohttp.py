"""The transport for aiohttp apps: the request of a handler, the response, and which object is such an app."""

from typing import Any

import pytest
from aiohttp import web
from flask import Flask

from crossorigin.browser import BrowserRequest, HttpRequest, aiohttp_transport, is_aiohttp_app, run_async

API = "http://api.example:8080"


def request_to(path: str = "/", method: str = "GET", body: bytes | None = None) -> HttpRequest:
    """Return a request with a repeated header and one with a byte beyond ASCII."""
    headers = ((b"X-A", b"1"), (b"X-A", b"2"), (b"X-B", b"\xe9"))
    return HttpRequest(url=f"{API}{path}", method=method, headers=headers, credentials=False, body=body)


async def test_a_handler_gets_what_a_server_would_give_it() -> None:
    """The method, the decoded path, the query, the lines of the headers, and the body."""
    seen: list[Any] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.extend([request.method, request.path, request.query_string, request.host])
        seen.extend([request.headers.getall("X-A"), await request.read()])
        return web.Response(status=201, headers={"X-C": "\udce9"})

    app = web.Application()
    app.router.add_post("/café", handler)
    noted: list[web.Request] = []
    headers = ((b"X-A", b"1"), (b"X-A", b"2"))
    request = HttpRequest(url=f"{API}/caf%C3%A9?a=1", method="POST", headers=headers, credentials=False, body=b"body")
    response = await aiohttp_transport(app, note_request=noted.append)(request)
    assert seen == ["POST", "/café", "a=1", "api.example:8080", ["1", "2"], b"body"]
    assert (response.status, response.lines("X-C"), response.error) == (201, (b"\xe9",), None)
    assert [request.path for request in noted] == ["/café"]


async def test_a_byte_beyond_ascii_arrives_as_text() -> None:
    """Nothing raises, whatever bytes a page sends."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(headers={"X-B": request.headers["X-B"]})

    app = web.Application()
    app.router.add_get("/", handler)
    assert (await aiohttp_transport(app)(request_to())).lines("X-B") == ("é".encode(),)


async def test_errors_are_answered_as_the_server_answers_them() -> None:
    """A raised response is the response. Another exception is a 500, which the report can show."""

    async def crash(request: web.Request) -> web.StreamResponse:
        raise ZeroDivisionError

    app = web.Application()
    app.router.add_get("/crash", crash)
    response = await aiohttp_transport(app)(request_to("/crash"))
    assert (response.status, type(response.error)) == (500, ZeroDivisionError)
    response = await aiohttp_transport(app)(request_to("/none"))
    assert (response.status, response.error) == (404, None)


async def test_a_stream_ends() -> None:
    """A handler that writes its own response is read to its end."""

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Access-Control-Allow-Origin": "*"})
        await response.prepare(request)
        await response.write(b"part")
        await response.write_eof()
        return response

    app = web.Application()
    app.router.add_get("/", stream)
    verdict = await run_async(BrowserRequest(url=f"{API}/", origin="https://app.example"), aiohttp_transport(app))
    assert verdict.readable


@pytest.mark.parametrize(("app", "expected"), [(web.Application(), True), (Flask("x"), False), (len, False)])
def test_an_aiohttp_app_is_recognized(app: object, expected: bool) -> None:
    """By its class, so that aiohttp is not imported for other apps."""
    assert is_aiohttp_app(app) is expected
