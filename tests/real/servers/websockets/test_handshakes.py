"""On every server with WebSockets, the handshake of an untrusted origin gets 403, and the app never runs."""

from contextlib import closing
from typing import Any

import pytest
from uvicorn.config import WS_PROTOCOLS
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.sync.client import connect

from tests.real.servers import http2
from tests.real.servers.conftest import Serving
from tests.real.servers.websockets.conftest import IMPLEMENTATIONS, WITH_WEBSOCKETS
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_PATTERN = "https://deep.sub.example.org"
_OWN = "http://127.0.0.1:{port}"

on_every_server = pytest.mark.parametrize("refusing", WITH_WEBSOCKETS, indirect=True)


def shake(server: Serving, *origins: str, **more: str) -> str | Response:
    """Open a WebSocket. Return its first message, or the response that refuses it."""
    lines = [("Origin", origin.format(port=server.port)) for origin in origins]
    lines += [(name.replace("_", "-"), value) for name, value in more.items()]
    try:
        with connect(f"ws://127.0.0.1:{server.port}/socket", additional_headers=lines, proxy=None) as opened:
            said = opened.recv()
    except InvalidStatus as refused:
        return refused.response
    assert isinstance(said, str)
    return said


@on_every_server
@pytest.mark.parametrize(
    ("origins", "more"),
    [
        ([], {}),
        ([ORIGIN], {}),
        ([_PATTERN], {"sec_fetch_site": "cross-site"}),
        ([_OWN], {}),
        ([UNTRUSTED], {"sec_fetch_site": "same-origin"}),
    ],
    ids=["no Origin", "listed", "matched", "own by Host", "own by Sec-Fetch-Site"],
)
def test_a_handshake_that_may_reaches_the_app(server: Serving, origins: list[str], more: dict[str, str]) -> None:
    """Without an origin, or with an allowed one or the server's own, the connection opens and the app answers."""
    assert isinstance(shake(server, *origins, **more), str)
    assert server.marks() == ["socket"]


@on_every_server
@pytest.mark.parametrize(
    ("origins", "more", "reason"),
    [
        ([UNTRUSTED], {}, "origin-not-listed"),
        (["http://127.0.0.1:1"], {}, "origin-not-listed"),
        ([_OWN], {"sec_fetch_site": "cross-site"}, "origin-not-listed"),
        (["null"], {}, "origin-null"),
    ],
    ids=["stranger", "another port", "own, but another site", "null"],
)
def test_any_other_is_refused_without_the_app(
    server: Serving, origins: list[str], more: dict[str, str], reason: str
) -> None:
    """The response is 403, with the reason if the server supports a body, and without CORS headers."""
    refused = shake(server, *origins, **more)
    assert isinstance(refused, Response)
    said = b"" if server.name == "daphne" else f"Disallowed CORS origin: {reason}".encode()
    assert (refused.status_code, bytes(refused.body or b"")) == (403, said)
    assert refused.headers.get_all("Vary") == (["Origin"] if said else [])
    assert not [name for name in refused.headers if name.lower().startswith("access-control-")]
    assert server.marks() == []


@on_every_server
@pytest.mark.parametrize("origins", [[ORIGIN, ORIGIN], [_OWN, _OWN], ["nonsense"], [ORIGIN + "/"]], ids=repr)
def test_what_no_browser_sends_is_refused_by_us_or_by_the_server(server: Serving, origins: list[str]) -> None:
    """With two origins or an invalid one, the middleware or the server refuses, and the app never runs."""
    refused = shake(server, *origins)
    assert isinstance(refused, Response)
    assert refused.status_code in {400, 403}
    assert server.marks() == []


@pytest.mark.parametrize("refusing", ["hypercorn"], indirect=True)
@pytest.mark.parametrize(("origin", "status"), [(UNTRUSTED, 403), (ORIGIN, 200), ("http://localhost", 200)])
def test_a_handshake_over_http_2_is_no_other(server: Serving, origin: str, status: int) -> None:
    """An extended CONNECT is refused like an upgrade, and `:authority` is the name of the server."""
    lines = [(b":protocol", b"websocket"), (b"sec-websocket-version", b"13"), (b"origin", origin.encode())]
    with closing(http2.Client(server.port, 60)) as client:
        answer = client.ask(b"CONNECT", b"/socket", lines)
    assert answer.status == status
    assert server.marks() == (["socket"] if status == 200 else [])


@pytest.mark.parametrize("refusing", IMPLEMENTATIONS, indirect=True)
def test_each_of_uvicorns_implementations_is_tested(request: pytest.FixtureRequest, server: Serving) -> None:
    """Each configured implementation really runs, and all of them are configured."""
    implementation: Any = request.node.callspec.params["refusing"]
    assert shake(server) == IMPLEMENTATIONS[implementation][1]
    assert set(WS_PROTOCOLS) - {"auto", "none"} == set(IMPLEMENTATIONS)
