"""Every response of a WSGI app has its CORS headers, on every server, or the table in the documentation says so."""

from functools import partial

import pytest

from tests.meta.docs.documents import ROOT, rows_of
from tests.real.servers.process import Server
from tests.real.wsgi.conftest import Running, ask
from tests.real.wsgi.matrix import NO, NONE, SITUATIONS, YES, outcome

ORIGIN, OTHER = "https://app.example.com", "https://other.example"
# How each column of the table is served. The server must make no difference.
COLUMNS = {
    "Flask": ("flask_app", ["gunicorn-sync", "gunicorn-threads", "waitress", "flask-run", "wsgiref"]),
    "Flask, --debug": ("flask_app", ["flask-run-debug"]),
    "Bottle": ("bottle_app", ["gunicorn-sync", "waitress", "wsgiref"]),
    "Pyramid": ("pyramid_app", ["gunicorn-sync", "waitress", "wsgiref"]),
    "Falcon": ("falcon_app", ["gunicorn-sync", "waitress", "wsgiref"]),
    "WSGI": ("raw_app", ["gunicorn-sync", "gunicorn-threads", "waitress", "wsgiref"]),
}
CELLS = [(column, server) for column, (_, servers) in COLUMNS.items() for server in servers]
PAGE = ROOT / "docs" / "flask.md"


@pytest.mark.parametrize(("column", "server"), CELLS)
def test_the_table_is_true(column: str, server: str, running: Running) -> None:
    """Each cell is what a page of an allowed origin gets; a page of another origin never gets more."""
    process = running(server, COLUMNS[column][0])
    found = {name: outcome(name, column, partial(ask, process), ORIGIN) for name in SITUATIONS}
    assert found == {row["Response"]: row[column] for row in rows_of(PAGE, "Response")}
    assert {*found.values()} <= {YES, NO, NONE}
    for situation in SITUATIONS.values():
        fields = {"Access-Control-Request-Method": situation.requested} if situation.requested else {}
        answer = ask(process, situation.method, situation.path, {"Origin": OTHER, **fields})
        assert answer.values(b"access-control-allow-origin") == []


@pytest.fixture(params=["gunicorn-sync", "waitress", "flask-run", "wsgiref"])
def server(request: pytest.FixtureRequest, running: Running) -> Server:
    """A server with the Flask app."""
    return running(request.param, "flask_app")


def test_a_repeated_origin_is_refused_on_every_server(server: Server) -> None:
    """Each of them joins the two lines, so that both together are one value."""
    answer = server.ask("GET", ("Origin", ORIGIN), ("Origin", ORIGIN), path="/ok")
    assert answer.status == 200
    assert answer.cors == {}


def test_a_name_with_underscores_is_never_a_way_around(server: Server) -> None:
    """Next to the real header it is dropped or refused. Alone it never allows more than the policy."""
    wrong, right = ("Access_Control_Request_Method", "DELETE"), ("Access-Control-Request-Method", "GET")
    answer = server.ask("OPTIONS", ("Origin", ORIGIN), wrong, right, path="/ok")
    assert (answer.status, answer.body) in {(200, b"OK"), (400, b"Disallowed CORS method")}
    alone = server.ask("OPTIONS", ("Origin", ORIGIN), wrong, path="/ok")
    assert b"access-control-allow-methods" not in alone.cors


def test_hostile_bytes_do_no_harm(server: Server) -> None:
    """Each request gets a response, and no CORS header repeats a part of the hostile value."""
    for origin in (b"https://\xff\xfe.example", b"\x80" * 400, b"null, null", b"https://app.\x0bexample.com", b""):
        answer = server.ask("GET", ("Origin", origin), path="/ok")
        assert answer.status in {200, 400}
        assert answer.cors == {}
