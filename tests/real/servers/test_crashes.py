"""On real servers the response to a crash has CORS headers, and the exception is logged as before."""

from pathlib import Path

import pytest

from tests.real.servers import crashing
from tests.real.servers.conftest import Start
from tests.real.servers.process import SERVERS, Server
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_APP = "tests.real.servers.crashing:app"
_BODY = b'{"error":"ZeroDivisionError","path":"/"}'


def check(server: Server, body: bytes = _BODY) -> None:
    """Crash the app once for an allowed page and once for another page."""
    answer = server.ask("GET", ("origin", ORIGIN))
    assert (answer.status, answer.body) == (500, body)
    assert answer.cors == {b"access-control-allow-origin": ORIGIN.encode()}
    stranger = server.ask("GET", ("origin", UNTRUSTED))
    assert (stranger.status, stranger.body, stranger.cors) == (500, body, {})


@pytest.mark.parametrize("name", [*SERVERS, "uvicorn-workers", "uvicorn-without-lifespan"])
def test_a_crash_is_readable_and_logged_once(name: str, start: Start) -> None:
    """With and without a lifespan, also the first crash has the body of the app's own handler, and is logged once."""
    server = start(name, _APP).wait_until_ready()
    check(server)
    server.wait_for("ZeroDivisionError")
    server.stop()
    assert server.output.count("\nZeroDivisionError") in {2, 4}  # hypercorn also prints the exception group.


def test_the_server_of_fastapi_reloads_it(start: Start, tmp_path: Path) -> None:
    """After a change of the file, `fastapi dev` starts the app again, and the new middleware is outermost too."""
    file = tmp_path / "main.py"
    source = Path(crashing.__file__).read_text("utf-8")
    file.write_text(source, "utf-8")
    server = start("fastapi-dev", str(file)).wait_until_ready()
    server.wait_for("Application startup complete")
    check(server)
    file.write_text(source.replace('"error":', '"changed":'), "utf-8")
    server.wait_for("Application startup complete", times=2)
    check(server, _BODY.replace(b"error", b"changed"))
