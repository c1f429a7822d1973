"""The transport for WSGI apps: the request of an app, the response, and which object is such an app."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from crossorigin.browser import BrowserRequest, HttpRequest, is_wsgi_app, run, wsgi_transport

API = "http://api.example:8080"
REQUEST = HttpRequest(
    url=f"{API}/caf%C3%A9?a=1",
    method="POST",
    headers=((b"Origin", b"https://app.example"), (b"Content-Type", b"text/plain"), (b"X-A", b"1"), (b"X-A", b"2")),
    credentials=False,
    body=b"body",
)


def test_an_app_gets_what_a_server_would_give_it() -> None:
    """The app gets the complete environ, the joined fields, and the body."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("201 Made", [("X-B", "\xe9")])
        return []

    response = wsgi_transport(app)(REQUEST)
    assert response is not None
    assert (response.status, response.headers) == (201, ((b"X-B", b"\xe9"),))
    expected = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/caf\xc3\xa9",
        "QUERY_STRING": "a=1",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "4",
        "HTTP_ORIGIN": "https://app.example",
        "HTTP_HOST": "api.example:8080",
        "HTTP_X_A": "1,2",
        "SERVER_NAME": "api.example",
        "SERVER_PORT": "8080",
        "wsgi.url_scheme": "http",
        "body": b"body",
    }
    assert expected.items() <= seen.items()


@pytest.mark.parametrize(("url", "port"), [("https://api.example/", "443"), ("http://api.example/", "80")])
def test_a_port_is_that_of_the_scheme(url: str, port: str) -> None:
    """An environ always has a port."""
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    wsgi_transport(app, note_environ=seen.append)(HttpRequest(url=url, method="GET", headers=(), credentials=False))
    assert seen[0]["SERVER_PORT"] == port


def test_a_body_is_read_to_its_first_part_and_closed() -> None:
    """An endless stream ends, an app that starts late starts, and what an app writes is ignored."""
    body = _Endless()

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        body.start = start_response
        return body

    response = wsgi_transport(app)(REQUEST)
    assert response is not None
    assert response.status == 200
    assert body.is_closed


class _Endless:
    start: Any
    is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        self.start("200 OK", [])(b"written")
        while True:
            yield b"part"

    def close(self) -> None:
        self.is_closed = True


def test_an_app_that_does_not_answer_is_an_error() -> None:
    """It is an error of the app, and the message says so."""
    with pytest.raises(RuntimeError, match="the app sent no response to POST http://api"):
        wsgi_transport(lambda *_: [])(REQUEST)


def test_an_exception_of_the_app_is_raised() -> None:
    """In process, the test sees it."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        wsgi_transport(app)(REQUEST)


def test_a_fetch_runs_over_it() -> None:
    """The app has to answer the preflight, too."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        status = "405 Method Not Allowed" if environ["REQUEST_METHOD"] == "OPTIONS" else "200 OK"
        start_response(status, [("Access-Control-Allow-Origin", "*")])
        return io.BytesIO(b"x")

    page = {"url": f"{API}/", "origin": "https://app.example"}
    assert run(BrowserRequest(**page), wsgi_transport(app)).allowed
    assert run(BrowserRequest(**page, method="PUT"), wsgi_transport(app)).reason == "preflight-invalid-status"


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (lambda environ, start_response: [], True),
        (Flask(__name__), True),
        (lambda scope, receive, send: None, False),
        (lambda *_: None, False),
        (lambda: None, False),
        (type, False),
        ("app", False),
    ],
)
def test_a_wsgi_app_is_recognized(app: object, expected: bool) -> None:
    """It is called with an environ and a function, and an ASGI app is not."""
    assert is_wsgi_app(app) is expected
