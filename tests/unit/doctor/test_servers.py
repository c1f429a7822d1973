"""Servers are recognized by their answers, and apps by what is in them."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware as Theirs

from crossorigin import CORSMiddleware as Ours
from crossorigin import Policy
from crossorigin.browser import HttpResponse, Verdict
from crossorigin.doctor.servers import TITLES, UNKNOWN, Server, recognize, recognize_app
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
        ("Apache/2.4", Server.UNKNOWN),
    ],
)
def test_a_server_says_its_name(name: str, server: Server) -> None:
    """Where nothing else is known, that is what it is."""
    assert server_of(fetch(answer(200, {"Server": name}))) is server


@pytest.mark.parametrize("app", [FastAPI, Starlette])
@pytest.mark.parametrize(("middleware", "server"), [(Ours, Server.CROSSORIGIN), (Theirs, Server.STARLETTE)])
@pytest.mark.parametrize("origin", [PAGE, "https://evil.example"])
def test_a_middleware_of_starlette_is_known_by_its_preflight(
    app: type[Starlette], middleware: Any, server: Server, origin: str
) -> None:
    """One that refuses tells whose it is; the two allow in the same words."""
    built = app()
    built.add_middleware(middleware, allow_origins=[PAGE], allow_methods=["PUT"])
    page = Page(built, origin)
    if origin == PAGE:
        assert server_of(page.can(method="PUT")) is Server.ASGI
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
    """Its preflight is its own, whoever hands it on."""
    headers = {"Server": "nginx", "Content-Type": "text/html; charset=utf-8", "Content-Length": "0"}
    assert server_of(of_preflight(answer(200, {**headers, "Allow": "GET, OPTIONS"}))) is Server.FLASK
    assert server_of(of_preflight(answer(200, {**headers, "Vary": "origin"}))) is Server.DJANGO
    assert server_of(of_preflight(answer(200, headers))) is Server.NGINX


def test_no_answer_tells_nothing() -> None:
    """The network failed."""
    assert recognize(fetch(None).exchanges) is UNKNOWN


@pytest.mark.parametrize("middleware", [Ours, Theirs])
def test_the_options_of_an_app_are_known(middleware: Any) -> None:
    """As they were given to it."""
    app = FastAPI()
    app.add_middleware(middleware, allow_origins=[PAGE])
    recognized = recognize_app(app)
    assert recognized.server is (Server.CROSSORIGIN if middleware is Ours else Server.STARLETTE)
    assert recognized.options == {"allow_origins": [PAGE]}


def test_an_app_that_was_wrapped_by_hand_is_known() -> None:
    """Around anything that keeps it as `app`, a subclass too."""

    class Mine(Theirs):
        """A subclass."""

    ours = recognize_app(Ours(FastAPI(), policy=Policy(max_age=1)))
    assert (ours.server, ours.wraps, ours.options) == (Server.CROSSORIGIN, True, {"policy": Policy(max_age=1)})
    assert recognize_app(Mine(FastAPI())).server is Server.STARLETTE


def test_an_app_without_a_middleware_is_an_app() -> None:
    """Of whatever framework."""

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    assert recognize_app(app).server is Server.ASGI
    assert recognize_app(FastAPI()).server is Server.ASGI


def test_every_server_has_its_title() -> None:
    """In the order of the list."""
    assert list(TITLES) == list(Server)
