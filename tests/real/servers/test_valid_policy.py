"""On every server, an app with a valid policy is served according to the policy."""

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.real.servers.conftest import Serving
from tests.real.servers.process import SERVERS, WITHOUT_LIFESPAN
from tests.unit.adapters.asgi.scopes import ORIGIN, PREFLIGHT_VARY, UNTRUSTED

_PATTERN = "https://deep.sub.example.org"
_GRANT = {
    b"access-control-allow-credentials": b"true",
    b"access-control-expose-headers": b"ETag",
}
pytestmark = pytest.mark.parametrize(
    "running", [(name, app) for name in SERVERS for app in ("wrapped", "added")], ids="-".join, indirect=True
)


@pytest.mark.parametrize("origin", [ORIGIN, _PATTERN])
def test_an_allowed_origin_is_granted(server: Serving, origin: str) -> None:
    """The app answers with the state of its lifespan, and an allowed page can read the response."""
    answer = server.ask("GET", ("origin", origin))
    assert (answer.status, server.marks()) == (200, ["GET"])
    assert answer.body.endswith(b"alone" if server.name in WITHOUT_LIFESPAN else b"hello")
    assert answer.cors == {**_GRANT, b"access-control-allow-origin": origin.encode()}
    assert answer.values(b"vary") == [b"Origin"]


@pytest.mark.parametrize("lines", [(("origin", UNTRUSTED),), (("origin", ORIGIN), ("origin", ORIGIN)), ()], ids=repr)
def test_any_other_request_is_served_without_a_grant(server: Serving, lines: tuple[tuple[str, str], ...]) -> None:
    """With another origin, two origins or none, the app answers without CORS headers that allow the page."""
    answer = server.ask("GET", *lines)
    assert (answer.status, answer.cors, server.marks()) == (200, {}, ["GET"])
    assert answer.values(b"vary") == [b"Origin"]


def test_an_allowed_preflight_is_answered_without_the_app(server: Serving) -> None:
    """The whole response to a preflight comes from the middleware."""
    answer = server.ask(
        "OPTIONS",
        ("origin", ORIGIN),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-token"),
    )
    assert (answer.status, answer.body, server.marks()) == (200, b"OK", [])
    assert answer.cors == {
        b"access-control-allow-origin": ORIGIN.encode(),
        b"access-control-allow-credentials": b"true",
        b"access-control-allow-methods": b"GET, PUT",
        b"access-control-allow-headers": b"Accept, Accept-Language, Content-Language, Content-Type, X-Token",
        b"access-control-max-age": b"600",
    }
    assert answer.values(b"content-type") == [b"text/plain; charset=utf-8"]
    assert answer.values(b"content-length") == [b"2"]
    assert answer.values(b"vary") == [PREFLIGHT_VARY.encode()]


@pytest.mark.parametrize(
    ("origin", "method", "body", "granted"),
    [
        (UNTRUSTED, "PUT", b"Disallowed CORS origin", []),
        (UNTRUSTED, "DELETE", b"Disallowed CORS origin, method", []),
        (
            ORIGIN,
            "DELETE",
            b"Disallowed CORS method",
            [b"access-control-allow-credentials", b"access-control-allow-origin"],
        ),
    ],
)
def test_a_refused_preflight_is_answered_without_the_app(
    server: Serving, origin: str, method: str, body: bytes, granted: list[bytes]
) -> None:
    """The response names what was refused, and contains no list of the policy."""
    answer = server.ask("OPTIONS", ("origin", origin), ("access-control-request-method", method))
    assert (answer.status, answer.body, server.marks()) == (400, body, [])
    assert sorted(answer.cors) == granted
    assert answer.values(b"vary") == [PREFLIGHT_VARY.encode()]


def test_options_that_is_no_preflight_is_the_apps(server: Serving) -> None:
    """OPTIONS without Access-Control-Request-Method reaches the app."""
    answer = server.ask("OPTIONS", ("origin", ORIGIN))
    assert (answer.status, server.marks()) == (200, ["OPTIONS"])
    assert answer.cors[b"access-control-allow-origin"] == ORIGIN.encode()


@pytest.mark.parametrize(("path", "content"), [("/stream", b"c"), ("/file", b"async def file")])
def test_streams_and_files_keep_their_body_and_gain_the_headers(server: Serving, path: str, content: bytes) -> None:
    """Streamed responses and files have CORS headers too."""
    answer = server.ask("GET", ("origin", ORIGIN), path=path)
    mark = "pathsend" if server.name == "granian" and path == "/file" else path.strip("/")
    assert (answer.status, server.marks()) == (200, [mark])
    assert content in answer.body
    assert answer.cors == {**_GRANT, b"access-control-allow-origin": ORIGIN.encode()}


def test_early_hints_and_trailers_pass_as_they_are(server: Serving) -> None:
    """Only the response itself has the headers, and early hints and trailers do not."""
    answer = server.ask("GET", ("origin", ORIGIN), ("te", "trailers"), path="/extensions")
    assert (answer.status, server.marks()) == (200, ["extensions"])
    assert b"first" in answer.body
    assert b"last" in answer.body
    assert answer.cors == {**_GRANT, b"access-control-allow-origin": ORIGIN.encode()}
    if server.name == "hypercorn-http2":
        assert [value for name, value in answer.hints if name == b"link"] == [b"</style.css>; rel=preload"]
        assert answer.trailers == [(b"x-checksum", b"1")]
    told = [name for name, _ in (*answer.hints, *answer.trailers)]
    assert not [name for name in told if name == b"vary" or name.startswith(b"access-control-")]


@pytest.mark.parametrize("origin", [ORIGIN, UNTRUSTED])
def test_a_websocket_is_left_untouched(server: Serving, origin: str) -> None:
    """A handshake of any origin reaches the app unchanged, and its response has no CORS headers."""
    with connect(f"ws://127.0.0.1:{server.port}/socket", origin=Origin(origin), proxy=None) as socket:
        socket.send("hello")
        assert socket.recv() == f"{origin} says hello"
        assert socket.response
        names = {name.lower() for name in socket.response.headers}
    assert server.marks() == ["socket"]
    assert "upgrade" in names
    assert not [name for name in names if name == "vary" or name.startswith("access-control-")]


def test_a_missing_page_may_be_read(server: Serving) -> None:
    """A 404 has CORS headers like any other response."""
    answer = server.ask("GET", ("origin", ORIGIN), path="/nowhere")
    assert (answer.status, server.marks()) == (404, [])
    assert answer.cors == {**_GRANT, b"access-control-allow-origin": ORIGIN.encode()}
