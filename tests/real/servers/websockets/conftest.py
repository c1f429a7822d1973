"""The servers whose WebSockets are tested, uvicorn with each of its implementations among them."""

from collections.abc import Generator

import pytest

from tests.real.servers.conftest import Serving

# By name: the server, and what uvicorn is told by its environment.
IMPLEMENTATIONS = {
    "websockets": ("uvicorn-h11", "WebSocketProtocol"),
    "websockets-sansio": ("uvicorn-httptools", "WebSocketsSansIOProtocol"),
    "wsproto": ("uvicorn-h11", "WSProtocol"),
}
WITH_WEBSOCKETS = [*IMPLEMENTATIONS, "hypercorn", "granian", "daphne"]


@pytest.fixture(scope="session")
def refusing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Serving]:
    """A server with the app that refuses, started once for all tests that ask for it."""
    server, _ = IMPLEMENTATIONS.get(request.param, (request.param, None))
    with pytest.MonkeyPatch.context() as environment:
        if request.param in IMPLEMENTATIONS:
            environment.setenv("UVICORN_WS", request.param)
        marker = tmp_path_factory.mktemp(request.param) / "marker"
        serving = Serving(server, "tests.real.servers.websockets.refusing:app", marker)
    try:
        serving.wait_until_ready()
        yield serving
    finally:
        serving.stop()


@pytest.fixture
def server(refusing: Serving) -> Serving:
    """The server, its app's marks forgotten."""
    refusing.marks()
    return refusing
