"""The origin of an Electron app, `app://.`, is one in every part of the package."""

from typing import Any

import pytest

from crossorigin import CORSMiddleware, Policy
from crossorigin.settings import policy_from_env
from crossorigin.testing import assert_browser_can, assert_browser_cannot
from tests.unit.policy.check.faulty_policies import complaint_of

ORIGIN = "app://."
OPTIONS = [{"allow_origins": [ORIGIN]}, {"allow_origin_regex": r"app://\."}, {"allow_origins": ["app://.:*"]}]


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """Answer every request, and accept every WebSocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("credentials", [False, True])
def test_a_policy_allows_it(options: dict[str, Any], credentials: object) -> None:
    """In a list and in an expression, with credentials and without, and nothing else gets in with it."""
    options = {**options, "allow_credentials": credentials}
    assert complaint_of(options) is None
    policy = Policy(**options)
    assert policy.decide("GET", origin=[ORIGIN.encode()]).allowed
    assert policy.explain("GET", ORIGIN).allowed
    assert not policy.decide("GET", origin=[b"app://a"]).allowed
    assert not policy.decide("GET", origin=[b"https://."]).allowed


def test_a_refusal_treats_it_as_an_origin() -> None:
    """No message says that a browser cannot send it."""
    text = str(Policy(allow_origins=["https://a.example"]).explain("GET", ORIGIN))
    assert "not an origin" not in text
    assert "app://." in text


def test_the_environment_takes_it() -> None:
    """Among other origins."""
    policy = policy_from_env(environ={"CORS_ALLOW_ORIGINS": "http://localhost:5173,app://."})
    assert policy.allow_origins == ("http://localhost:5173", ORIGIN)


def test_the_testing_kit_can_be_its_page() -> None:
    """The browser model sends it."""
    app = CORSMiddleware(serve, allow_origins=[ORIGIN])
    assert_browser_can(app, origin=ORIGIN)
    assert_browser_cannot(app, origin="app://other")


@pytest.mark.anyio
@pytest.mark.parametrize(("origin", "first"), [(ORIGIN, "websocket.accept"), ("app://other", "websocket.close")])
async def test_a_websocket_is_checked_for_it(origin: str, first: str) -> None:
    """A handshake of a listed app is accepted."""
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    app = CORSMiddleware(serve, allow_origins=[ORIGIN], check_websockets=True)
    headers = [(b"host", b"api.example.com"), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": "/", "headers": headers}
    await app(scope, receive, send)
    assert sent == [first]
