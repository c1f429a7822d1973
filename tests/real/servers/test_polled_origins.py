"""Origins that are polled reach every process of a real server."""

import re
from pathlib import Path

import pytest

from tests.real.servers.conftest import Start
from tests.real.servers.process import Server

ORIGIN, SHOP = "https://app.example.com", "https://shop.customer.example"


def allowed(server: Server, origin: str) -> bool:
    """Return whether a request and its preflight are allowed. Both always agree in one process."""
    actual = server.ask("GET", ("origin", origin))
    preflight = server.ask("OPTIONS", ("origin", origin), ("access-control-request-method", "PUT"))
    assert actual.status == 200
    found = {answer.cors.get(b"access-control-allow-origin") == origin.encode() for answer in (actual, preflight)}
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize(
    ("name", "app", "workers"),
    [
        ("uvicorn-h11", "asgi", 1),
        ("uvicorn-without-lifespan", "asgi", 1),
        ("uvicorn-workers", "asgi", 2),
        ("hypercorn", "asgi", 1),
        ("gunicorn-sync", "wsgi", 1),
        ("gunicorn-preload", "wsgi", 1),
        ("waitress", "wsgi", 1),
    ],
)
def test_a_change_of_the_store_reaches_every_process(
    start: Start, marker: Path, name: str, app: str, workers: int
) -> None:
    """Added origins are allowed and removed ones are refused, without a restart. Invalid rows have no effect."""
    marker.write_text(f"{SHOP}\nshop.customer.example\n*\n", "utf-8")
    server = start(name, f"tests.real.servers.polled_origins:{app}").wait_until_ready()
    # If no lifespan has started the thread, the first connection starts it.
    assert allowed(server, ORIGIN)
    server.wait_for(" sees 1 origins", times=workers)
    assert all(allowed(server, SHOP) for _ in range(4 * workers))
    assert server.output.count("[live-origin-not-exact]") == workers
    marker.write_text("", "utf-8")
    server.wait_for(" sees 0 origins", times=2 * workers)
    assert not any(allowed(server, SHOP) for _ in range(4 * workers))
    assert allowed(server, ORIGIN)


def test_a_server_that_forks_after_the_import_loads_nothing_before(start: Start, marker: Path) -> None:
    """The process that forks does not load, because its workers would share a connection to the database."""
    marker.write_text(SHOP, "utf-8")
    server = start("gunicorn-preload", "tests.real.servers.polled_origins:wsgi").wait_until_ready()
    assert allowed(server, ORIGIN)
    server.wait_for(" sees 1 origins")
    (importing,) = re.findall(r"(\d+) imports the app", server.output)
    loading = {*re.findall(r"(\d+) sees", server.output)}
    assert importing not in loading
    assert len(loading) == 1
    assert loading.pop().encode() in server.ask("GET").body
