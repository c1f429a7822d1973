"""What a page can do with a WebSocket of another origin and the user's cookies.

Chromium checks nothing, so the server must. The hijacking page has a name below the server's own, like a page of
another team or of a subdomain that was taken over. It belongs to the same site, so `SameSite` does not remove the
cookie.
"""

from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from crossorigin import CORSMiddleware
from tests.real.browser.servers import Site

_HOST = "bank.localhost"
_EVIL = "evil.bank.localhost"
_OPEN = """
url => new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onmessage = event => resolve(event.data);
    socket.onclose = event => resolve(event.code);
})
"""
_POST = """
url => fetch(url, {method: "POST", mode: "no-cors", credentials: "include"}).then(answer => answer.type)
"""
# The page's event after any failed handshake: https://websockets.spec.whatwg.org/#eventdef-websocket-close
_FAILED = 1006


async def log_in(request: Request) -> Response:
    """Set the cookie with the strictest attributes."""
    page = HTMLResponse("<!doctype html><title>bank</title>")
    page.set_cookie("session", "secret", samesite="strict", httponly=True)
    return page


class Bank:
    """A server with cookies and a WebSocket, which records what arrives."""

    def __init__(self, **options: Any) -> None:
        self.handshakes: list[dict[str, str]] = []
        self.served: list[str | None] = []
        routes = [
            Route("/", log_in),
            Route("/pay", self._pay, methods=["POST"]),
            WebSocketRoute("/account", self._account),
        ]
        self._app = CORSMiddleware(Starlette(routes=routes), **options)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Record a handshake, whatever its result is."""
        if scope["type"] == "websocket":
            self.handshakes.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await self._app(scope, receive, send)

    async def _pay(self, request: Request) -> Response:
        self.served.append(request.cookies.get("session"))
        return Response(status_code=204)

    async def _account(self, websocket: WebSocket) -> None:
        self.served.append(websocket.cookies.get("session"))
        await websocket.accept()
        await websocket.send_text(f"the account of {websocket.cookies.get('session')}")
        await websocket.close()


@pytest.fixture(scope="module")
def bank(request: pytest.FixtureRequest, origin: str) -> Generator[tuple[Bank, Site]]:
    """A bank that enforces the options of the test, and allows one origin."""
    bank = Bank(allow_origins=[origin], allow_credentials=True, **request.param)
    with Site(bank) as site:
        yield bank, site


@pytest.fixture
async def user(browser: Browser, bank: tuple[Bank, Site]) -> AsyncGenerator[BrowserContext]:
    """A browser whose user is logged in at the bank."""
    bank[0].handshakes.clear()
    bank[0].served.clear()
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"http://{_HOST}:{bank[1].port}/")
    yield context
    await context.close()


async def run(user: BrowserContext, script: str, page: str, to: str) -> tuple[Any, list[int]]:
    """Run a script in a page. Return its result, and the statuses of the refused handshakes."""
    opened = await user.new_page()
    network = await user.new_cdp_session(opened)
    errors: list[str] = []
    network.on("Network.webSocketFrameError", lambda event: errors.append(event["errorMessage"]))
    await network.send("Network.enable")
    await opened.goto(page)
    result = await opened.evaluate(script, to)
    # After one more round trip, all earlier messages have arrived.
    await network.send("Network.disable")
    return result, [int(error.rpartition(" ")[2]) for error in errors]


_CHECKING = pytest.mark.parametrize("bank", [{"check_websockets": True}], ids=["checking"], indirect=True)
_TRUSTING = pytest.mark.parametrize("bank", [{}], ids=["trusting"], indirect=True)


@_TRUSTING
async def test_without_the_check_a_page_of_another_origin_reads_the_users_account(
    user: BrowserContext, bank: tuple[Bank, Site], page_port: int
) -> None:
    """The hijacking is real: CORS blocks that page's requests, but the browser opens its WebSocket with the cookie."""
    page, to = f"http://{_EVIL}:{page_port}/", f"ws://{_HOST}:{bank[1].port}/account"
    assert await run(user, _OPEN, page, to) == ("the account of secret", [])
    assert bank[0].served == ["secret"]


@_CHECKING
@pytest.mark.parametrize(
    ("host", "path", "cookie"),
    [
        (_EVIL, "/", True),
        (_HOST, "/", True),
        ("evil.localhost", "/", False),
        (_HOST, "/sandboxed", False),
        ("app.localhost.evil.localhost", "/", False),
    ],
    ids=["below the own name", "another port", "another site", "sandboxed", "near an allowed one"],
)
async def test_with_the_check_no_stranger_connects(
    user: BrowserContext, bank: tuple[Bank, Site], page_port: int, *, host: str, path: str, cookie: bool
) -> None:
    """The handshake arrives, with the cookie if the site is the same. It gets 403, and the app never runs."""
    page, to = f"http://{host}:{page_port}{path}", f"ws://{_HOST}:{bank[1].port}/account"
    assert await run(user, _OPEN, page, to) == (_FAILED, [403])
    [handshake] = bank[0].handshakes
    assert handshake["origin"] == ("null" if path == "/sandboxed" else page.removesuffix("/"))
    assert ("cookie" in handshake) == cookie
    assert bank[0].served == []


@_CHECKING
async def test_with_the_check_an_allowed_page_connects(
    user: BrowserContext, bank: tuple[Bank, Site], origin: str
) -> None:
    """The origins of the policy can connect, as they can send requests."""
    told, refused = await run(user, _OPEN, f"{origin}/", f"ws://{_HOST}:{bank[1].port}/account")
    assert (told, refused) == ("the account of None", [])


@_CHECKING
async def test_with_the_check_the_servers_own_page_connects(user: BrowserContext, bank: tuple[Bank, Site]) -> None:
    """The server's own origin is in no policy, and `Host` identifies it, because a handshake has no Sec-Fetch-Site."""
    own = f"{_HOST}:{bank[1].port}"
    assert await run(user, _OPEN, f"http://{own}/", f"ws://{own}/account") == ("the account of secret", [])
    [handshake] = bank[0].handshakes
    assert (handshake["origin"], handshake["host"]) == (f"http://{own}", own)
    assert "sec-fetch-site" not in handshake


@pytest.mark.parametrize(
    ("bank", "served"), [({}, ["secret"]), ({"on_refused": "block"}, [])], ids=["pass", "block"], indirect=["bank"]
)
async def test_a_request_that_needs_no_preflight_is_kept_from_the_app_where_that_is_asked_for(
    user: BrowserContext, bank: tuple[Bank, Site], page_port: int, *, served: list[str]
) -> None:
    """A page that cannot read anything can still send a POST with the cookie.

    With `on_refused="block"`, the app never runs.
    """
    to = f"http://{_HOST}:{bank[1].port}/pay"
    assert await run(user, _POST, f"http://{_EVIL}:{page_port}/", to) == ("opaque", [])
    assert bank[0].served == served


@pytest.mark.parametrize("bank", [{"on_refused": "block"}], ids=["block"], indirect=True)
@pytest.mark.parametrize("policy", ["origin", "no-referrer"])
async def test_the_servers_own_page_may_post(user: BrowserContext, bank: tuple[Bank, Site], policy: str) -> None:
    """A browser sends `Origin` with a POST to the page's own server too, and this is not a cross-origin request."""
    own = f"http://{_HOST}:{bank[1].port}"
    script = _POST.replace("{", f'{{referrerPolicy: "{policy}", ', 1)
    assert await run(user, script, f"{own}/", f"{own}/pay") == ("basic", [])
    assert bank[0].served == ["secret"]
