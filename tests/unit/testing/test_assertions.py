"""What users write in their tests: assertions about pages, on any ASGI app."""

from collections.abc import Awaitable, Callable
from itertools import repeat
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from starlette.middleware.cors import CORSMiddleware as Starlette

from crossorigin import CORSMiddleware
from crossorigin.browser import Verdict
from crossorigin.testing import (
    Page,
    assert_browser_can,
    assert_browser_can_async,
    assert_browser_cannot,
    assert_browser_cannot_async,
)

PAGE = "https://app.example.com"
UNTRUSTED = "https://evil.example"


def api() -> FastAPI:
    """Return an API with two routes."""
    app = FastAPI()

    @app.api_route("/items", methods=["GET", "POST", "PUT"])
    def items() -> dict[str, int]:
        return {"count": 42}

    return app


OPTIONS: dict[str, Any] = {
    "allow_origins": [PAGE],
    "allow_methods": ["GET", "PUT"],
    "allow_headers": ["X-Token"],
    "expose_headers": ["X-Total"],
    "allow_credentials": True,
}


@pytest.fixture(params=["crossorigin", "starlette"])
def app(request: pytest.FixtureRequest) -> FastAPI:
    """Return the API with either middleware: the assertions look at headers, not at who set them."""
    built = api()
    built.add_middleware(CORSMiddleware if request.param == "crossorigin" else Starlette, **OPTIONS)
    return built


def test_a_page_can_what_is_allowed(app: FastAPI) -> None:
    """The URL may be a path, headers may be a mapping or pairs, and the status does not matter."""
    verdict = assert_browser_can(app, origin=PAGE, url="/items", method="PUT", headers={"X-Token": "t"})
    assert (verdict.status, len(verdict.exchanges)) == (200, 2)
    assert verdict.exchanges[0].request.url == "http://testserver/items"
    assert TestClient(app).get("/items").url == "http://testserver/items"
    pairs = [("X-Token", "t"), ("Accept", "text/html")]
    absolute = assert_browser_can(app, origin=PAGE, url="https://api.example.com/items", headers=pairs)
    assert absolute.url == "https://api.example.com/items"
    assert assert_browser_can(app, origin=PAGE).status == 404
    assert assert_browser_can(app, origin=PAGE, credentials="include").exchanges[0].request.credentials
    assert assert_browser_can(app, origin=UNTRUSTED, mode="no-cors").type == "opaque"
    assert assert_browser_can(app, origin="http://testserver", url="/items", method="DELETE").status == 405


def test_a_page_cannot_what_is_not(app: FastAPI) -> None:
    """For any reason, or for the one that is named."""
    verdict = assert_browser_cannot(app, origin=UNTRUSTED, url="/items")
    assert verdict.reason == "missing-allow-origin-header"
    assert_browser_cannot(app, origin=UNTRUSTED, url="/items", reason="missing-allow-origin-header")
    assert_browser_cannot(app, origin=PAGE, method="DELETE", reason="preflight-invalid-status")
    assert_browser_cannot(app, origin=PAGE, method="POST", body=b"{}", content_type="application/json")
    assert_browser_cannot(app, origin=PAGE, method="TRACE", reason="forbidden-method")


async def test_all_of_it_can_be_awaited(app: FastAPI) -> None:
    """In a running event loop, the synchronous function names the asynchronous one."""
    verdict = await assert_browser_can_async(app, origin=PAGE, url="/items", method="PUT", exposes=())
    assert verdict.status == 200
    assert (
        await assert_browser_cannot_async(app, origin=UNTRUSTED, reason="missing-allow-origin-header")
    ).exposed == ()
    for asserting in (assert_browser_can, assert_browser_cannot):
        with pytest.raises(RuntimeError, match="await the asynchronous assertion, whose name ends in _async"):
            asserting(app, origin=PAGE)


def test_a_page_is_opened_once(app: FastAPI) -> None:
    """And remembers nothing; its engine is the one that is named."""
    page = Page(app, PAGE, "firefox")
    for _ in range(2):
        assert len(page.can("/items", method="PUT").exchanges) == 2
    assert page.can().engine == "firefox"
    assert Page(app, PAGE).cannot(method="DELETE").engine == "standard"


def test_the_body_reaches_the_app() -> None:
    """As the page sends it."""
    received: list[Any] = []

    async def app(scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        received.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": [(b"access-control-allow-origin", b"*")]})
        await send({"type": "http.response.body"})

    assert_browser_can(app, origin=PAGE, method="POST", body=b"hello")
    assert received == [b"hello"]


def test_mistakes_are_reported() -> None:
    """A reason that does not exist and an impossible request are errors."""
    with pytest.raises(ValueError, match="'no-such-reason' is not a valid BrowserReason"):
        assert_browser_cannot(api(), origin=PAGE, reason="no-such-reason")
    with pytest.raises(ValueError, match="expected scheme://host"):
        assert_browser_can(api(), origin=f"{PAGE}/")
    with pytest.raises(TypeError, match=r"exposes must be a list of header names, not a string: write \['X-Total'\]"):
        assert_browser_can(api(), origin=PAGE, exposes="X-Total")
    for asserting in (assert_browser_can, assert_browser_cannot):
        with pytest.raises(TypeError, match=r"headers must be a mapping or a list .* not a string: 'X: 1'"):
            asserting(api(), origin=PAGE, headers="X: 1")  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"body": {"name": "a"}}, r"body must be bytes, .*body=json\.dumps\(\.\.\.\)\.encode\(\).*, not dict$"),
        ({"body": "text"}, r"body must be bytes, .*, not str$"),
        ({"json": {}}, "unknown option json: expected method, headers, credentials, mode, body, content_type, upload_"),
        ({"origin": PAGE}, "unknown option origin: expected method, "),
    ],
)
def test_an_option_that_the_app_would_have_to_interpret_is_an_error(options: dict[str, Any], told: str) -> None:
    """An app would answer 400 to a body of another type, and the page could read this response."""
    for asserting in (Page(api(), PAGE).can, Page(api(), PAGE).cannot):
        with pytest.raises(TypeError, match=told):
            asserting("/", method="POST", **options)


@pytest.mark.parametrize("app", [TestClient(api()), "main:app", None], ids=["a client", "a text", "None"])
def test_what_is_not_an_app_is_an_error(app: Any) -> None:
    """Test suites have a client at hand, and its app is an attribute."""
    with pytest.raises(TypeError, match=rf"app must be the app itself, such as client\.app, not {type(app).__name__}$"):
        assert_browser_can(app, origin=PAGE)


def failing(assertion: Callable[[], Verdict]) -> str:
    """Return the message of a failed assertion."""
    with pytest.raises(AssertionError) as caught:
        assertion()
    return str(caught.value)


def ours() -> Any:
    """Return the API with our middleware."""
    return CORSMiddleware(api(), **OPTIONS)


CANNOT_PUT = """\
a page of https://evil.example cannot PUT http://testserver/items: preflight-missing-allow-origin-header
  found: Access-Control-Allow-Origin: missing, in the response to OPTIONS (expected https://evil.example)
  means: The response has no Access-Control-Allow-Origin. Either the origin is not allowed, or the response, often an \
error or a redirect, came from outside the CORS middleware.
  fix: Allow the page's origin on the server. If it is already allowed, another layer sent this response, such as \
authentication or a proxy: move the CORS middleware outside that layer, or send the header there too. If the response \
is a 5xx, fix the error in the server's log first.
  allow: allow_origins=["https://evil.example"], allow_methods=["PUT"]
  console: Access to fetch at 'http://testserver/items' from origin 'https://evil.example' has been blocked by CORS \
policy: Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is \
present on the requested resource.
  OPTIONS http://testserver/items -> 400
    > Accept: */*
    > Access-Control-Request-Method: PUT
    > Origin: https://evil.example
    < vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
Access-Control-Request-Private-Network"""


def test_a_failed_can_names_reason_header_and_fix() -> None:
    """The message has the requests, the responses, and the console's message."""
    assert failing(lambda: assert_browser_can(ours(), origin=UNTRUSTED, url="/items", method="PUT")) == CANNOT_PUT


def allowing(**asked: Any) -> list[str]:
    """Return the line of a failed assertion that says what to allow."""
    app = Starlette(api(), allow_origins=["https://other.example"])
    told = failing(lambda: assert_browser_can(app, **{"origin": PAGE, "url": "/items", **asked}))
    return [line.strip() for line in told.splitlines() if line.startswith("  allow: ")]


def test_what_to_allow_can_be_pasted() -> None:
    """It has the origin, the method and the headers of the preflight, or nothing if that is not the cause."""
    plain = 'allow: allow_origins=["https://app.example.com"], allow_methods='
    assert allowing() == [f'{plain}["GET"]']
    assert allowing(credentials="include") == [f'{plain}["GET"], allow_credentials=True']
    asked: dict[str, Any] = {"method": "PUT", "headers": {"X-Token": "t", "X-A": "1"}, "credentials": "include"}
    assert allowing(**asked) == [f'{plain}["PUT"], allow_headers=["x-a", "x-token"], allow_credentials=True']
    asked["headers"] = {"X-Token": "t", "Access-Control-Allow-Origin": "*"}
    assert allowing(**asked) == [f'{plain}["PUT"], allow_headers=["x-token"], allow_credentials=True']
    assert allowing(origin="null") == []
    assert allowing(method="TRACE") == []


def test_what_is_pasted_allows_it() -> None:
    """The line is written as the middleware takes it."""
    asked: dict[str, Any] = {"origin": PAGE, "url": "/items", "method": "PUT", "headers": {"X-Token": "t"}}
    (line,) = allowing(**asked, credentials="include")
    options = eval(f"dict({line.removeprefix('allow: ')})")  # as a reader would run it
    built = api()
    built.add_middleware(CORSMiddleware, **options)
    assert_browser_can(built, **asked, credentials="include")


def test_what_the_app_raised_is_reported() -> None:
    """The message has the exception, which is also the cause of the failure, and suggests nothing to allow."""
    crashing = api()
    crash = ZeroDivisionError("by zero")

    @crashing.get("/crash")
    def route() -> None:
        raise crash

    crashing.add_middleware(CORSMiddleware, **OPTIONS, outermost=False)
    with pytest.raises(AssertionError) as caught:
        assert_browser_can(crashing, origin=PAGE, url="/crash")
    assert caught.value.__cause__ is crash
    assert "  GET http://testserver/crash -> 500 (the app raised ZeroDivisionError('by zero'))" in str(caught.value)
    assert "  allow: " not in str(caught.value)
    with pytest.raises(AssertionError) as caught:
        assert_browser_cannot(crashing, origin=PAGE, url="/crash", reason="allow-origin-mismatch")
    assert caught.value.__cause__ is crash
    assert assert_browser_can(CORSMiddleware(crashing, **OPTIONS), origin=PAGE, url="/crash").status == 500


def test_a_stream_may_be_endless() -> None:
    """The test does not wait for the end of the body, whatever middleware is in between."""
    streaming = api()

    @streaming.get("/stream")
    def route() -> StreamingResponse:
        return StreamingResponse(repeat("x"))

    streaming.add_middleware(CORSMiddleware, **OPTIONS)
    assert assert_browser_can(streaming, origin=PAGE, url="/stream").status == 200


def test_each_engine_speaks_for_itself() -> None:
    """Where one is named."""
    told = failing(lambda: Page(ours(), UNTRUSTED, "webkit").can())
    assert "  console: Origin https://evil.example is not allowed by Access-Control-Allow-Origin." in told


def test_a_value_that_is_wrong_is_shown() -> None:
    """As it came."""
    app = Starlette(api(), allow_origins=["*"])
    told = failing(lambda: assert_browser_can(app, origin=PAGE, credentials="include"))
    assert (
        "  found: Access-Control-Allow-Origin: '*', in the response to GET (expected https://app.example.com)" in told
    )
    assert "    < access-control-allow-origin: *" in told


def test_a_request_that_was_never_sent_is_named_so() -> None:
    """There is no header to blame, and no console message."""
    told = failing(lambda: assert_browser_can(ours(), origin=PAGE, method="TRACE")).splitlines()
    assert [line.partition(":")[0] for line in told] == [
        "a page of https",
        "  means",
        "  fix",
        "  no request was sent",
    ]


def test_a_failed_cannot_shows_what_went_through() -> None:
    """That it can, or that it cannot for another reason."""
    can = failing(lambda: assert_browser_cannot(ours(), origin=PAGE, reason="allow-origin-mismatch")).splitlines()
    assert can[0] == "a page of https://app.example.com can GET http://testserver/; expected allow-origin-mismatch"
    assert can[1] == "  GET http://testserver/ -> 404"
    plainly = failing(lambda: assert_browser_cannot(ours(), origin=PAGE)).splitlines()
    assert plainly[0] == "a page of https://app.example.com can GET http://testserver/"
    other = failing(lambda: assert_browser_cannot(ours(), origin=UNTRUSTED, reason="allow-origin-mismatch"))
    assert other.startswith(
        "a page of https://evil.example cannot GET http://testserver/: missing-allow-origin-header;"
        " expected allow-origin-mismatch\n"
    )


def test_a_name_that_cannot_be_read_is_reported() -> None:
    """The message says whether the header is not exposed or missing."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"X-Total", b"1"), (b"X-Id", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    page = Page(CORSMiddleware(app, **OPTIONS), PAGE)
    assert page.can(exposes=["X-TOTAL"]).exposed == ("x-total",)
    told = failing(lambda: page.can(exposes=["X-Total", "X-Id", "ETag"])).splitlines()
    assert told[:3] == [
        "a page of https://app.example.com cannot read X-Id, ETag in the response to GET http://testserver/",
        "  X-Id: not in Access-Control-Expose-Headers",
        "  ETag: the response does not have this header",
    ]
    nothing = failing(lambda: page.can(mode="no-cors", exposes=["X-Total"]))
    assert "X-Total: not in Access-Control-Expose-Headers" in nothing
