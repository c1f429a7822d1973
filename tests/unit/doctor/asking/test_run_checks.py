"""The further requests that settle the cause of a refusal, asked of scripted servers."""

from collections.abc import Callable
from typing import Any

import pytest

from crossorigin.browser import BrowserRequest, HttpRequest, HttpResponse
from crossorigin.doctor.asking.probe import CannotRunError
from crossorigin.doctor.asking.run_checks import OTHER_ORIGIN, Check, check
from crossorigin.doctor.diagnosis import Diagnosis

PAGE = "http://localhost:5173"
URL = "http://api.example/items"


def value(request: HttpRequest, name: str) -> str:
    """Return the value of a request header, or an empty text."""
    return next((text.decode() for own, text in request.headers if own.lower() == name.encode()), "")


def answer(*allowed: str, status: int = 200, **headers: str) -> HttpResponse:
    """Return a response with a line of Access-Control-Allow-Origin for each allowed origin."""
    lines = [("Access-Control-Allow-Origin", origin) for origin in allowed]
    lines += [(name.replace("_", "-"), text) for name, text in headers.items()]
    return HttpResponse(status=status, headers=tuple((name.encode(), text.encode()) for name, text in lines))


def no_answer() -> CannotRunError:
    """Return the error of a transport whose server does not answer."""
    return CannotRunError("network", "no answer")


async def ask(
    server: Callable[[HttpRequest], HttpResponse], *, probe: bool = False, **request: Any
) -> tuple[Diagnosis, list[HttpRequest]]:
    """Check a server. Return the diagnosis and all requests, in their order."""
    asked: list[HttpRequest] = []

    async def transport(sent: HttpRequest) -> HttpResponse:
        asked.append(sent)
        return server(sent)

    browser_request = BrowserRequest(**{"url": URL, "origin": PAGE, **request})
    return await check(Check(request=browser_request, engines=("chromium",), probe=probe), transport), asked


def preflights(asked: list[HttpRequest]) -> list[tuple[str, str]]:
    """Return what each preflight of the page requested: the method and the headers."""
    method, headers = "access-control-request-method", "access-control-request-headers"
    of_page = [request for request in asked if request.preflight and value(request, "origin") == PAGE]
    return [(value(request, method), value(request, headers)) for request in of_page]


async def test_an_allowed_request_is_not_followed_by_others() -> None:
    """The server sees what a page sends and nothing else."""
    diagnosis, asked = await ask(lambda _: answer(PAGE, Vary="Origin"))
    assert diagnosis.lead.allowed
    assert len(asked) == 1


async def test_a_refused_response_is_followed_by_a_preflight() -> None:
    """It shows whether a layer answers preflights at all."""
    _, asked = await ask(lambda _: answer())
    assert preflights(asked) == [("GET", "")]


async def test_a_preflight_without_cors_headers_is_repeated_in_parts() -> None:
    """If a small preflight is answered, the method or one of the headers is the cause."""

    def server(request: HttpRequest) -> HttpResponse:
        is_small = value(request, "access-control-request-method") == "GET"
        return answer(PAGE) if is_small and not value(request, "access-control-request-headers") else answer(status=400)

    _, asked = await ask(server, method="PUT", headers=(("X-One", "1"), ("X-Two", "2")))
    assert preflights(asked) == [("PUT", "x-one,x-two"), ("GET", ""), ("PUT", ""), ("GET", "x-one"), ("GET", "x-two")]


async def test_a_preflight_that_is_never_answered_is_repeated_once() -> None:
    """A server without CORS headers for the smallest preflight has none for the others."""
    _, asked = await ask(lambda _: answer(status=405), method="PUT")
    assert preflights(asked) == [("PUT", ""), ("GET", "")]


async def test_a_redirect_that_blocks_is_named_with_the_url_that_works() -> None:
    """The page can use the target. Behind a proxy, the app has lost that the page used https."""

    def server(request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/items/"):
            return answer(PAGE, Vary="Origin")
        return answer(status=307, Location="http://api.example/items/")

    diagnosis, asked = await ask(server, url="https://api.example/items")
    assert diagnosis.fix is not None
    assert [edit.code for edit in diagnosis.fix.edits] == ["https://api.example/items/"]
    assert "https://api.example/items/" in [request.url for request in asked]


@pytest.mark.parametrize("answers", [True, False])
async def test_a_redirect_whose_target_does_not_work_either_is_not_offered(*, answers: bool) -> None:
    """The target has no CORS headers, or the server does not answer there."""

    def server(request: HttpRequest) -> HttpResponse:
        if not request.url.endswith("/items/"):
            return answer(status=307, Location="http://api.example/items/")
        if not answers:
            raise no_answer()
        return answer()

    diagnosis, asked = await ask(server)
    assert "http://api.example/items/" in [request.url for request in asked]
    assert diagnosis.fix is not None
    assert diagnosis.fix.edits == ()


async def test_doubled_headers_are_compared_with_the_response_to_another_page() -> None:
    """Which of the two values is constant shows which layer to change."""

    def server(request: HttpRequest) -> HttpResponse:
        own = [PAGE] if value(request, "origin") == PAGE else []
        return answer("*", *own, Server="nginx/1.22.1")

    diagnosis, asked = await ask(server)
    assert [value(request, "origin").encode() for request in asked].count(OTHER_ORIGIN) == 1
    assert diagnosis.cause is not None
    assert diagnosis.cause.text.startswith("nginx adds Access-Control-Allow-Origin")


async def test_a_near_origin_that_is_allowed_is_named() -> None:
    """The server lists 127.0.0.1, and the page was opened as localhost."""
    near = "http://127.0.0.1:5173"
    diagnosis, _ = await ask(lambda request: answer(near) if value(request, "origin") == near else answer())
    assert diagnosis.cause is not None
    assert near in diagnosis.cause.text


async def test_a_server_that_stops_to_answer_does_not_stop_the_check() -> None:
    """What the page sent was answered, and the other requests are only evidence."""

    def server(request: HttpRequest) -> HttpResponse:
        if request.preflight:
            raise no_answer()
        return answer()

    diagnosis, _ = await ask(server)
    assert not diagnosis.lead.allowed


async def test_a_response_that_depends_on_the_origin_needs_vary() -> None:
    """Only a request of another origin shows that the response depends on it."""
    diagnosis, asked = await ask(lambda request: answer(value(request, "origin")))
    assert any(value(request, "origin").encode() == OTHER_ORIGIN for request in asked)
    assert [finding.code for finding in diagnosis.findings] == ["missing-vary"]


async def test_probes_are_sent_only_on_request() -> None:
    """A server that mirrors every origin is reported with the origins that it should refuse."""

    def mirror(request: HttpRequest) -> HttpResponse:
        return answer(value(request, "origin"), Vary="Origin", Access_Control_Allow_Credentials="true")

    quiet, few = await ask(mirror, credentials="include")
    probed, many = await ask(mirror, probe=True, credentials="include")
    assert len(many) > len(few)
    assert len(probed.findings) > len(quiet.findings)
