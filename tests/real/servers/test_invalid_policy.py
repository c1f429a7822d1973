"""On every server, an app with a wrong policy serves no request, and the deployer reads why."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crossorigin import InvalidPolicyError, Policy
from tests.real.servers.conftest import Start
from tests.real.servers.invalid_options import OPTIONS
from tests.real.servers.process import SERVERS, WITHOUT_LIFESPAN
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

_REQUESTS = [
    ("GET", ()),
    ("GET", (("origin", ORIGIN),)),
    ("PUT", (("origin", UNTRUSTED),)),
    ("OPTIONS", (("origin", ORIGIN), ("access-control-request-method", "PUT"))),
]


@pytest.fixture(scope="module")
def message() -> str:
    """What is wrong with the policy, whole."""
    with pytest.raises(InvalidPolicyError) as caught:
        Policy(**OPTIONS)
    assert len(caught.value.issues) == 6
    return str(caught.value)


@pytest.mark.parametrize("framework", ["starlette", "fastapi"])
@pytest.mark.parametrize("name", [name for name in SERVERS if name not in WITHOUT_LIFESPAN])
def test_the_whole_message_is_printed_before_any_request_and_none_is_served(
    start: Start, marker: Path, message: str, name: str, framework: str
) -> None:
    """The framework builds the middleware while the server starts: the output tells all, and the app never runs."""
    server = start(name, f"tests.real.servers.invalid_at_startup:{framework}")
    # Nothing has been asked yet.
    server.wait_for(message)
    server.wait_until_ready()
    for method, lines in _REQUESTS:
        answer = server.ask(method, *lines)
        assert (answer.status, answer.cors) == (500, {})
    assert not marker.exists()


@pytest.mark.parametrize("name", WITHOUT_LIFESPAN)
def test_the_message_is_printed_before_the_first_answer_where_there_is_no_lifespan(
    start: Start, marker: Path, message: str, name: str
) -> None:
    """Without a lifespan, the server builds the app for the first request, which is not served either."""
    server = start(name, "tests.real.servers.invalid_at_startup:starlette").wait_until_ready()
    assert server.ask("GET", ("origin", ORIGIN)).status == 500
    server.wait_for(message)
    # At once, for Daphne looks for a failed app only once a second.
    with ThreadPoolExecutor() as threads:
        answers = [threads.submit(server.ask, method, *lines) for method, lines in _REQUESTS]
    assert {answer.result().status for answer in answers} == {500}
    assert not marker.exists()


@pytest.mark.parametrize("module", ["invalid_policy", "invalid_wrapped"])
@pytest.mark.parametrize("name", ["uvicorn-h11", "hypercorn", "granian", "daphne"])
def test_a_policy_built_where_it_is_written_keeps_the_server_from_starting(
    start: Start, marker: Path, message: str, name: str, module: str
) -> None:
    """The server gives up with the whole message."""
    server = start(name, f"tests.real.servers.{module}:app")
    code = server.wait_for_end()
    assert message in server.output
    assert not marker.exists()
    # Hypercorn ends with 0 whatever kept its worker from starting.
    assert (code != 0) == (name != "hypercorn")
