"""Every response of a Django project has its CORS headers, on every server, or the table of the page says so."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.meta.docs.documents import ROOT, rows_of
from tests.real.servers.answer import Answer
from tests.real.servers.process import Server
from tests.real.wsgi.conftest import ask
from tests.real.wsgi.matrix import NO, YES, Situation

ORIGIN, OTHER, PARTNER = "https://app.example.com", "https://other.example", "https://partner.example"
PAGE = ROOT / "docs" / "django.md"
SITUATIONS = {
    "200": Situation(path="/ok", body=b"ok"),
    "stream": Situation(path="/stream", body=b"one two"),
    "file": Situation(path="/file", body=b"a static file\n"),
    "static file": Situation(path="/static/file.txt", body=b"a static file\n"),
    "redirect": Situation(path="/redirect", status=302),
    "redirect to a slash": Situation(path="/slash", status=301),
    "401 before the view": Situation(path="/private", status=401),
    "403 of Django REST Framework": Situation(path="/framework", status=403),
    "404": Situation(path="/none", status=404),
    "405": Situation(path="/ok", method="PUT", status=405),
    "500": Situation(path="/crash", status=500),
    "preflight": Situation(path="/ok", method="OPTIONS", requested="GET", body=b"OK"),
    "preflight before authentication": Situation(path="/private", method="OPTIONS", requested="GET", body=b"OK"),
    "preflight of an unknown path": Situation(path="/none", method="OPTIONS", requested="GET", body=b"OK"),
    "preflight in place of a redirect": Situation(path="/slash", method="OPTIONS", requested="GET", body=b"OK"),
}
# Each server with DEBUG on and off, and the column of the table with its results.
SERVERS = {
    ("runserver", "tests.real.django.debug_settings"): "runserver, DEBUG on",
    ("runserver", "tests.real.django.production_settings"): "Django",
    ("runserver-nostatic", "tests.real.django.debug_settings"): "Django",
    ("runserver-nostatic", "tests.real.django.production_settings"): "Django",
    ("gunicorn-sync", "tests.real.django.debug_apps:wsgi"): "Django",
    ("gunicorn-threads", "tests.real.django.production_apps:wsgi"): "Django",
    ("uvicorn-h11", "tests.real.django.debug_apps:asgi"): "Django",
    ("uvicorn-h11", "tests.real.django.production_apps:asgi"): "Django",
}
Running = Callable[[tuple[str, str]], Server]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Running]:
    """Return a server with an app or settings, started if it does not run yet."""
    servers: dict[tuple[str, str], Server] = {}

    def start(key: tuple[str, str]) -> Server:
        if key not in servers:
            servers[key] = Server(*key, Path(tmp_path_factory.mktemp(key[0])))
        return servers[key].wait_until_ready()

    yield start
    for server in servers.values():
        server.stop()


@pytest.fixture(params=SERVERS, ids=" ".join)
def server(request: pytest.FixtureRequest, running: Running) -> Server:
    """Each server."""
    return running(request.param)


def outcome(server: Server, situation: Situation, origin: str) -> str:
    """Return whether the page of an origin can read the response to a situation, as a cell of the table."""
    fields = {"Origin": origin, **({"Access-Control-Request-Method": "GET"} if situation.requested else {})}
    answer = ask(server, situation.method, situation.path, fields)
    if origin == ORIGIN:
        assert answer.status == situation.status, answer
        assert situation.body in answer.body
    allowed = answer.values(b"access-control-allow-origin")
    assert allowed in ([], [origin.encode()])
    if not allowed:
        return NO
    assert any(b"Origin" in value for value in answer.values(b"vary"))
    assert len(answer.values(b"vary")) == 1
    return YES


@pytest.mark.parametrize("key", SERVERS, ids=" ".join)
def test_the_table_is_true(key: tuple[str, str], running: Running) -> None:
    """Each cell is what a page of an allowed origin gets; a page of another origin never gets more."""
    process = running(key)
    found = {name: outcome(process, situation, ORIGIN) for name, situation in SITUATIONS.items()}
    assert found == {row["Response"]: row[SERVERS[key]] for row in rows_of(PAGE, "Response")}
    assert {outcome(process, situation, OTHER) for situation in SITUATIONS.values()} == {NO}


def test_a_repeated_origin_is_refused(server: Server) -> None:
    """The server or Django joins the two lines, so that both together are one value."""
    answer = server.ask("GET", ("Origin", ORIGIN), ("Origin", ORIGIN), path="/ok")
    assert (answer.status, answer.cors) == (200, {})


def test_a_name_with_underscores_is_never_a_way_around(server: Server) -> None:
    """Next to the real header it is dropped or refused. Alone it never allows more than the policy."""
    wrong, right = ("Access_Control_Request_Method", "TRACE"), ("Access-Control-Request-Method", "GET")
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


def test_a_cached_response_has_the_headers_of_each_request(server: Server) -> None:
    """The cache is inside the middleware, so one origin never gets the response of another."""
    first, second, third = (read(server, "/cached", origin) for origin in (ORIGIN, OTHER, ORIGIN))
    assert first.body == second.body == third.body
    assert [answer.values(b"access-control-allow-origin") for answer in (first, second, third)] == [
        [ORIGIN.encode()],
        [],
        [ORIGIN.encode()],
    ]


def test_a_response_can_be_compressed_and_not_modified(server: Server) -> None:
    """A 304 has its own CORS headers, which browsers combine with the cached response."""
    first = read(server, "/cached", ORIGIN)
    (tag,) = first.values(b"etag")
    answer = ask(server, "GET", "/cached", {"Origin": ORIGIN, "If-None-Match": tag.decode()})
    assert (answer.status, answer.values(b"access-control-allow-origin")) == (304, [ORIGIN.encode()])


def test_a_view_has_its_own_policy(server: Server) -> None:
    """The policy of the view decides the response and the preflight."""
    for origin, allowed in ((PARTNER, [PARTNER.encode()]), (ORIGIN, [])):
        assert read(server, "/partner", origin).values(b"access-control-allow-origin") == allowed
        fields = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        assert ask(server, "OPTIONS", "/partner", fields).values(b"access-control-allow-origin") == allowed


def test_a_post_of_a_trusted_origin_passes_the_csrf_protection(server: Server) -> None:
    """The POST needs its CSRF token. Django refuses another origin, whose page cannot read the reason."""
    token = "a" * 32
    fields = {"Cookie": f"csrftoken={token}", "X-CSRFToken": token, "Content-Length": "0"}
    answer = ask(server, "POST", "/echo", {"Origin": ORIGIN, **fields})
    assert (answer.status, answer.values(b"access-control-allow-origin")) == (200, [ORIGIN.encode()])
    assert any(b"Origin" in value and b"Cookie" in value for value in answer.values(b"vary"))
    answer = ask(server, "POST", "/echo", {"Origin": OTHER, **fields})
    assert (answer.status, answer.values(b"access-control-allow-origin")) == (403, [])


def read(server: Server, path: str, origin: str) -> Answer:
    """Read a response as a page of an origin."""
    return ask(server, "GET", path, {"Origin": origin})
