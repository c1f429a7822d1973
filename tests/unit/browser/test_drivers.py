"""The transports: the same fetch over any of them, and ASGI apps in process."""

import asyncio
from typing import Any

import pytest

from crossorigin.browser import HttpRequest, HttpResponse, PreflightCache, asgi_transport, run, run_async
from tests.unit.browser.scripted_fetch import API, PAGE, answer, asked, methods

GRANTED = answer(allow_origin="*", allow_methods="PUT")
PUT = asked(method="PUT", body=b"x")


async def test_both_drivers_fetch_alike() -> None:
    """This holds with the same engine, cache and time."""

    def transport(request: HttpRequest) -> HttpResponse:
        return GRANTED

    async def transport_async(request: HttpRequest) -> HttpResponse:
        return GRANTED

    first, second = PreflightCache(), PreflightCache()
    for now in (0.0, 4.9, 5.0):
        verdict = run(PUT, transport, engine="webkit", cache=first, now=now)
        assert verdict == await run_async(PUT, transport_async, engine="webkit", cache=second, now=now)
        assert methods(verdict) == (["PUT"] if now == 4.9 else ["OPTIONS", "PUT"])
        assert verdict.engine == "webkit"
    assert first == second
    assert run(PUT, transport) == await run_async(PUT, transport_async)


class App:
    """Records the request, sends the given response, and waits until the client disconnects."""

    def __init__(self, *messages: dict[str, Any], fails: bool = False) -> None:
        self.messages = messages
        self.fails = fails
        self.scopes: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Read the whole body, and answer."""
        self.scopes.append(scope)
        self.received.append(await receive())
        for message in self.messages:
            await send(message)
            if message["type"] == "http.response.body":
                self.received.append(await receive())
        if self.fails:
            raise RuntimeError("the app's own")


START = {"type": "http.response.start", "status": 201, "headers": [[b"X-A", b"1"], (b"x-b", b"2")]}
BODY = {"type": "http.response.body", "body": b"not kept"}


async def test_an_app_gets_what_a_server_would_give_it() -> None:
    """The app gets the complete scope, the body, and then the disconnect."""
    app = App(START, BODY)
    request = HttpRequest(
        url="https://api.example:8443/%C3%BC%2F?q=%20",
        method="PUT",
        headers=((b"X-Token", b"t"), (b"Origin", PAGE.encode())),
        credentials=False,
        body=b"body",
    )
    response = await asgi_transport(app)(request)
    assert response == HttpResponse(status=201, headers=((b"X-A", b"1"), (b"x-b", b"2")))
    assert app.scopes == [
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "PUT",
            "scheme": "https",
            "path": "/ü/",
            "raw_path": b"/%C3%BC%2F",
            "query_string": b"q=%20",
            "root_path": "",
            "headers": [
                (b"host", b"api.example:8443"),
                (b"x-token", b"t"),
                (b"origin", PAGE.encode()),
                (b"content-length", b"4"),
            ],
            "client": ("127.0.0.1", 50000),
            "server": ("api.example", 8443),
        }
    ]
    assert app.received == [
        {"type": "http.request", "body": b"body", "more_body": False},
        {"type": "http.disconnect"},
    ]


async def test_a_path_that_is_no_utf_8_reaches_the_app() -> None:
    """`raw_path` is unchanged, and `path` has U+FFFD."""
    app = App(START)
    await asgi_transport(app)(HttpRequest(url=f"{API}/%FF", method="GET", headers=(), credentials=False))
    assert (app.scopes[0]["path"], app.scopes[0]["raw_path"]) == ("/\ufffd", b"/%FF")


@pytest.mark.parametrize(("url", "server"), [(f"{API}/", ("api.example", 443)), ("http://[::1]/", ("::1", 80))])
async def test_the_port_is_the_schemes_own(url: str, server: tuple[str, int]) -> None:
    """This applies if the URL names none. Without a body, no length is sent."""
    app = App(START)
    await asgi_transport(app)(HttpRequest(url=url, method="GET", headers=(), credentials=False))
    assert app.scopes[0]["server"] == server
    assert [name for name, _ in app.scopes[0]["headers"]] == [b"host"]
    assert app.received[0]["body"] == b""


async def test_an_exception_is_the_apps() -> None:
    """It is raised unless a response was sent before it; an app without a response causes a clear error."""
    transport = {fails: asgi_transport(App(*sent, fails=True)) for fails, sent in ((True, ()), (False, (START,)))}
    with pytest.raises(RuntimeError, match="the app's own"):
        await run_async(asked(), transport[True])
    verdict = await run_async(asked(), transport[False])
    assert verdict.exchanges[0].response is not None
    assert verdict.exchanges[0].response.status == 201
    with pytest.raises(RuntimeError, match=r"the app sent no response to GET https://api\.example/"):
        await run_async(asked(), asgi_transport(App()))


async def test_what_an_app_raises_after_its_response_is_kept() -> None:
    """It is stored with the response, complete or not, because a browser gets the same response."""
    request = HttpRequest(url=f"{API}/", method="GET", headers=(), credentials=False)
    fine = await asgi_transport(App(START))(request)
    assert fine.error is None
    for messages in ((START,), (START, BODY)):
        response = await asgi_transport(App(*messages, fails=True))(request)
        assert str(response.error) == "the app's own"
        assert response == fine


async def test_an_endless_response_ends() -> None:
    """The client disconnects after the first part, and an exception of the app after that is not an error."""
    parts = 0
    told = ""

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal parts, told
        await send(START)
        try:
            while True:
                parts += 1
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        except OSError as gone:
            told = str(gone)
            raise

    response = await asgi_transport(endless)(HttpRequest(url=f"{API}/", method="GET", headers=(), credentials=False))
    assert response is not None
    assert (response.status, response.error, parts, told) == (201, None, 1, "the client has disconnected")


async def test_headers_may_be_missing() -> None:
    """A message without headers is a response without headers."""
    verdict = await run_async(asked(origin=API), asgi_transport(App({"type": "http.response.start", "status": 200})))
    assert verdict.exposed == ()
    assert verdict.allowed


async def test_the_client_stays_until_it_is_answered() -> None:
    """An app that calls receive again sees a connected client."""
    left: list[bool] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        left.append(waiting.done())
        await send(START)
        await send(BODY)
        left.append((await waiting)["type"] == "http.disconnect")

    await asgi_transport(app)(HttpRequest(url=f"{API}/", method="GET", headers=(), credentials=False))
    assert left == [False, True]
