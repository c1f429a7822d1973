"""Servers are recognized by their answers."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware as Theirs

from crossorigin import CORSMiddleware as Ours
from crossorigin.browser import HttpResponse, Verdict
from crossorigin.doctor.servers import TITLES, UNKNOWN, Server, recognize
from crossorigin.testing import Page
from tests.unit.browser.scripted_fetch import PAGE, answer, fetch

TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def of_preflight(response: HttpResponse) -> Verdict:
    """Return what comes of a preflight that is answered so, and refused."""
    return fetch(response, method="PUT")


def server_of(verdict: Verdict) -> Server:
    """Return what the exchanges show."""
    return recognize(verdict.exchanges).server


@pytest.mark.parametrize(
    ("name", "server"),
    [
        ("uvicorn", Server.ASGI),
        ("hypercorn-h11", Server.ASGI),
        ("daphne", Server.ASGI),
        ("granian", Server.ASGI),
        ("Werkzeug/3.1 Python/3.11", Server.FLASK),
        ("WSGIServer/0.2 CPython/3.11", Server.DJANGO),
        ("nginx/1.28", Server.NGINX),
        ("openresty", Server.NGINX),
        ("Python/3.11 aiohttp/3.9.1", Server.AIOHTTP),
        ("Apache/2.4", Server.UNKNOWN),
    ],
)
def test_a_server_says_its_name(name: str, server: Server) -> None:
    """The `Server` header is used if nothing else is known."""
    assert server_of(fetch(answer(200, {"Server": name}))) is server


@pytest.mark.parametrize(
    ("methods", "server"), [("GET,HEAD,PUT,PATCH,POST,DELETE", Server.EXPRESS), ("GET,HEAD", Server.UNKNOWN)]
)
def test_the_cors_package_is_known_by_its_methods(methods: str, server: Server) -> None:
    """Helmet removes X-Powered-By."""
    assert server_of(fetch(answer(204, allow_methods=methods), method="PUT")) is server


@pytest.mark.parametrize("app", [FastAPI, Starlette])
@pytest.mark.parametrize(("middleware", "server"), [(Ours, Server.CROSSORIGIN), (Theirs, Server.STARLETTE)])
@pytest.mark.parametrize("origin", [PAGE, "https://evil.example"])
def test_a_middleware_of_starlette_is_known_by_its_preflight(
    app: type[Starlette], middleware: Any, server: Server, origin: str
) -> None:
    """A refusal shows which of the two it is. Their successful responses are the same."""
    built = app()
    built.add_middleware(middleware, allow_origins=[PAGE], allow_methods=["PUT"])
    page = Page(built, origin)
    if origin == PAGE:
        assert server_of(page.can(method="PUT")) is Server.FASTAPI
    else:
        assert server_of(page.cannot(method="PUT")) is server


def test_an_older_starlette_is_known_by_the_form_of_its_answer() -> None:
    """It did not speak of Private Network Access yet."""
    lists = {"allow_methods": "GET", "max_age": "600"}
    assert server_of(of_preflight(answer(400, TEXT, **lists))) is Server.STARLETTE
    assert server_of(of_preflight(answer(200, {**TEXT, "Content-Length": "2"}, **lists))) is Server.STARLETTE
    assert server_of(of_preflight(answer(200, {**TEXT, "Content-Length": "9"}, **lists))) is Server.UNKNOWN
    assert server_of(of_preflight(answer(400, TEXT))) is Server.UNKNOWN


def test_what_is_behind_a_proxy_is_known_before_the_proxy() -> None:
    """The preflight comes from the app, and the `Server` header from the proxy."""
    headers = {"Server": "nginx", "Content-Type": "text/html; charset=utf-8", "Content-Length": "0"}
    assert server_of(of_preflight(answer(200, {**headers, "Allow": "GET, OPTIONS"}))) is Server.FLASK
    assert server_of(of_preflight(answer(200, {**headers, "Vary": "origin"}))) is Server.DJANGO
    assert server_of(of_preflight(answer(200, headers))) is Server.NGINX


def test_express_says_its_name_in_another_header() -> None:
    """This header can be turned off."""
    assert server_of(fetch(answer(200, {"X-Powered-By": "Express"}))) is Server.EXPRESS


@pytest.mark.parametrize("app", [FastAPI, Starlette])
def test_fastapi_and_starlette_are_known_by_their_errors(app: type[Starlette]) -> None:
    """A server such as uvicorn alone does not show which framework it runs."""
    built = app()
    assert server_of(Page(built, PAGE).cannot(method="PUT")) is Server.FASTAPI


def test_no_answer_tells_nothing() -> None:
    """A failed network has no response."""
    assert recognize(fetch(None).exchanges) is UNKNOWN


def test_every_server_has_its_title() -> None:
    """In the order of the list."""
    assert list(TITLES) == list(Server)
