"""On every server, an app with an invalid policy serves no request, and the output has the whole message."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crossorigin import InvalidPolicyError, Policy
from tests.real.servers.conftest import Start
from tests.real.servers.invalid_options import OPTIONS
from tests.real.servers.process import ROOT, WITHOUT_LIFESPAN
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_REQUESTS = [
    ("GET", ()),
    ("GET", (("origin", ORIGIN),)),
    ("PUT", (("origin", UNTRUSTED),)),
    ("OPTIONS", (("origin", ORIGIN), ("access-control-request-method", "PUT"))),
]


@pytest.fixture(scope="module")
def message() -> str:
    """The whole message about the policy."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy(**OPTIONS)
    assert len(caught.value.issues) == 6
    return str(caught.value)


# The exit code of each server after an app answers that its startup failed. docs/servers.md has the same table.
ENDS = {
    "uvicorn-h11": 3,
    "uvicorn-httptools": 3,
    "uvicorn-workers": 0,
    "gunicorn-uvicorn": 3,
    "gunicorn-asgi": 3,
    "hypercorn": 0,
    "granian": 1,
}
# Each worker starts the app.
_WORKERS = {"uvicorn-workers": 2}


def test_the_documented_exit_codes_are_these() -> None:
    """The page about servers has the exit codes of these tests."""
    rows = [line.strip("| ").split(" | ") for line in (ROOT / "docs/servers.md").read_text("utf-8").splitlines()]
    codes = [(row[0], int(row[-1])) for row in rows if row[-1].isdigit()]
    assert codes == [
        ("`uvicorn`", ENDS["uvicorn-h11"]),
        ("`uvicorn --workers 2`", ENDS["uvicorn-workers"]),
        ("`gunicorn` with `uvicorn.workers.UvicornWorker`", ENDS["gunicorn-uvicorn"]),
        ("`gunicorn` with its own `asgi` worker", ENDS["gunicorn-asgi"]),
        ("`hypercorn`", ENDS["hypercorn"]),
        ("`granian`", ENDS["granian"]),
    ]


@pytest.mark.parametrize("app", ["starlette", "fastapi", "subclass", "parent"])
@pytest.mark.parametrize("name", ENDS)
def test_a_policy_that_the_framework_builds_keeps_the_server_from_starting(
    start: Start, marker: Path, message: str, name: str, app: str
) -> None:
    """Each worker prints the whole message once, the server ends, and the app never runs."""
    server = start(name, f"tests.real.servers.invalid_at_startup:{app}")
    assert server.wait_for_end() == ENDS[name]
    # Hypercorn prints the message as the text of an exception, in quotes.
    assert server.output.count(message) == _WORKERS.get(name, 1), server.output
    assert not marker.exists()


def test_a_server_that_reloads_waits_for_the_corrected_app(start: Start, tmp_path: Path, message: str) -> None:
    """`uvicorn --reload` keeps running after any error, and serves the app after its file is corrected."""
    file = tmp_path / "main.py"
    source = (
        "from starlette.applications import Starlette\n"
        "from starlette.middleware import Middleware\n"
        "from crossorigin import CORSMiddleware\n"
        "from tests.real.servers.invalid_options import OPTIONS\n"
        "from tests.real.servers.marked_app import ROUTES\n"
        "app = Starlette(routes=ROUTES, middleware=[Middleware(CORSMiddleware, **OPTIONS)])\n"
    )
    file.write_text(source, "utf-8")
    server = start("uvicorn-reload", str(file))
    server.wait_for("Application startup failed")
    assert server.output.count(message) == 1
    server.wait_until_watching()
    file.write_text(source.replace("**OPTIONS", f"allow_origins=['{ORIGIN}']"), "utf-8")
    server.wait_for("Application startup complete")
    server.wait_until_ready()
    answer = server.ask("GET", ("origin", ORIGIN))
    assert (answer.status, answer.cors) == (200, {b"access-control-allow-origin": ORIGIN.encode()})


@pytest.mark.parametrize("name", WITHOUT_LIFESPAN)
def test_the_message_is_printed_before_the_first_answer_where_there_is_no_lifespan(
    start: Start, marker: Path, message: str, name: str
) -> None:
    """Without a lifespan, the server builds the app for the first request and does not serve it."""
    server = start(name, "tests.real.servers.invalid_at_startup:starlette").wait_until_ready()
    assert server.ask("GET", ("origin", ORIGIN)).status == 500
    server.wait_for(message)
    # The requests follow immediately, because Daphne looks for a failed app only once a second.
    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(server.ask, method, *lines) for method, lines in _REQUESTS]
    assert {answer.result().status for answer in answers} == {500}
    assert not marker.exists()


@pytest.mark.parametrize("module", ["invalid_policy", "invalid_wrapped"])
@pytest.mark.parametrize("name", ["uvicorn-h11", "gunicorn-uvicorn", "hypercorn", "granian", "daphne"])
def test_a_policy_built_where_it_is_written_keeps_the_server_from_starting(
    start: Start, marker: Path, message: str, name: str, module: str
) -> None:
    """The server ends with the whole message."""
    server = start(name, f"tests.real.servers.{module}:app")
    code = server.wait_for_end()
    assert message in server.output
    assert not marker.exists()
    # Hypercorn ends with 0 whatever the reason is.
    assert (code != 0) == (name != "hypercorn")
