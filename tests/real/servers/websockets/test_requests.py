"""With `on_refused="block"`, the request of an untrusted origin gets 403 on every server, and the app never runs."""

import pytest

from tests.real.servers.conftest import Serving
from tests.real.servers.process import SERVERS, Line
from tests.real.servers.websockets.conftest import IMPLEMENTATIONS
from tests.unit.adapters.asgi.scopes import ORIGIN, PREFLIGHT_VARY, UNTRUSTED

_REASON = b"Disallowed CORS origin: origin-not-listed"
# Two of the servers here are uvicorn with each of its two HTTP implementations.
_RUNNING = {server: name for name, (server, _) in IMPLEMENTATIONS.items()}
_NAMES = [_RUNNING.get(name, name) for name in SERVERS]

on_every_server = pytest.mark.parametrize("refusing", _NAMES, indirect=True)


@on_every_server
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_an_untrusted_origin_is_refused_without_the_app(server: Serving, method: str) -> None:
    """The response has the reason and `Vary`, and no headers that allow the page."""
    answer = server.ask(method, ("origin", UNTRUSTED))
    assert (answer.status, answer.body, answer.cors) == (403, _REASON, {})
    assert answer.values(b"vary") == [b"Origin"]
    assert answer.values(b"content-length") == [str(len(_REASON)).encode()]
    assert server.marks() == []


@on_every_server
def test_a_head_is_refused_without_a_body(server: Serving) -> None:
    """The server omits the body of the response to HEAD, as usual."""
    answer = server.ask("HEAD", ("origin", UNTRUSTED))
    assert (answer.status, answer.body, server.marks()) == (403, b"", [])


@on_every_server
@pytest.mark.parametrize(
    "lines",
    [
        (),
        (("origin", ORIGIN),),
        (("origin", "http://localhost"),),
        (("origin", UNTRUSTED), ("sec-fetch-site", "same-origin")),
    ],
    ids=["no Origin", "listed", "own by Host", "own by Sec-Fetch-Site"],
)
def test_anybody_else_is_served(server: Serving, lines: tuple[Line, ...]) -> None:
    """A program, an allowed page and the server's own pages reach the app. Only the allowed page gets CORS headers."""
    answer = server.ask("POST", *lines)
    assert (answer.status, server.marks()) == (200, ["POST"])
    assert set(answer.cors) == ({b"access-control-allow-origin"} if lines == (("origin", ORIGIN),) else set())


@on_every_server
@pytest.mark.parametrize(("origin", "status"), [(ORIGIN, 200), (UNTRUSTED, 400)])
def test_a_preflight_is_answered_as_ever(server: Serving, origin: str, status: int) -> None:
    """A preflight is not blocked: it never reaches the app, and browsers understand the refusal."""
    answer = server.ask("OPTIONS", ("origin", origin), ("access-control-request-method", "POST"))
    assert (answer.status, answer.values(b"vary")) == (status, [PREFLIGHT_VARY.encode()])
    assert (b"access-control-allow-origin" in answer.cors) == (status == 200)


@on_every_server
def test_a_refusal_ends_no_connection(server: Serving) -> None:
    """The next request over the same connection is served."""
    stranger, own = ("GET", [("origin", UNTRUSTED)]), ("GET", [("origin", "http://localhost")])
    assert server.ask_all([stranger, own, stranger, own]) == [403, 200, 403, 200]


@pytest.mark.parametrize("refusing", [name for name in _NAMES if name != "hypercorn-http2"], indirect=True)
def test_a_large_body_is_refused_too(server: Serving) -> None:
    """A request body that nobody reads does not delay the response."""
    body = b"x" * 100_000
    head = f"POST / HTTP/1.1\r\nhost: localhost\r\norigin: {UNTRUSTED}\r\ncontent-length: {len(body)}\r\n"
    answer = server.send(f"{head}connection: close\r\n\r\n".encode() + body)
    assert (answer.status, answer.body, server.marks()) == (403, _REASON, [])
