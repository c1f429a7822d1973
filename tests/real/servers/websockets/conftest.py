"""The servers with WebSockets, including uvicorn with each of its implementations."""

from collections.abc import Generator

import pytest

from tests.real.servers.conftest import Serving

# The server by name, and the environment that configures uvicorn.
IMPLEMENTATIONS = {
    "websockets": ("uvicorn-h11", "WebSocketProtocol"),
    "websockets-sansio": ("uvicorn-httptools", "WebSocketsSansIOProtocol"),
    "wsproto": ("uvicorn-h11", "WSProtocol"),
}
WITH_WEBSOCKETS = [*IMPLEMENTATIONS, "hypercorn", "granian", "daphne"]


@pytest.fixture(scope="package")
def refusing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Serving]:
    """A server with the app that refuses. It is started once for all tests with the same parameter."""
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
    """The server, without earlier output of its app."""
    refusing.marks()
    return refusing
