"""Every response of an aiohttp app has its CORS headers, on every server, as the table in the documentation says."""

from functools import partial

import pytest

from tests.meta.docs.documents import ROOT, rows_of
from tests.real.servers.process import Server
from tests.real.wsgi.conftest import Running, ask
from tests.real.wsgi.matrix import SITUATIONS, outcome

ORIGIN, OTHER = "https://app.example.com", "https://other.example"
SERVERS = {"aiohttp": "tests.real.aiohttp.apps:create", "gunicorn-aiohttp": "tests.real.aiohttp.apps:app"}
PAGE = ROOT / "docs" / "aiohttp.md"


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, running: Running) -> Server:
    """A server with the app."""
    return running(request.param, SERVERS[request.param])


def test_the_table_is_true(server: Server) -> None:
    """Each cell is what a page of an allowed origin gets; a page of another origin never gets more."""
    found = {name: outcome(name, "aiohttp", partial(ask, server), ORIGIN) for name in SITUATIONS}
    assert found == {row["Response"]: row["aiohttp"] for row in rows_of(PAGE, "Response")}
    for situation in SITUATIONS.values():
        fields = {"Access-Control-Request-Method": situation.requested} if situation.requested else {}
        answer = ask(server, situation.method, situation.path, {"Origin": OTHER, **fields})
        assert answer.values(b"access-control-allow-origin") == []


def test_a_repeated_origin_is_refused(server: Server) -> None:
    """Two lines together are not a valid origin, even if both origins are allowed."""
    answer = server.ask("GET", ("Origin", ORIGIN), ("Origin", ORIGIN), path="/ok")
    assert (answer.status, answer.cors) == (200, {})


def test_hostile_bytes_do_no_harm(server: Server) -> None:
    """Each request gets a response, and no CORS header repeats a part of the hostile value."""
    for origin in (b"https://\xff\xfe.example", b"\x80" * 400, b"null, null", b"https://app.example.com\x0b", b""):
        for method in ("GET", "OPTIONS"):
            answer = server.ask(
                method,
                ("Origin", origin),
                ("Access-Control-Request-Method", b"G\xe9T"),
                ("Access-Control-Request-Headers", b"x-\xff," * 900),
                path="/ok",
            )
            assert answer.status in {200, 400, 405}
            assert answer.cors == {}
