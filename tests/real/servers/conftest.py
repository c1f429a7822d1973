"""Fixtures for the tests with real servers: each server is started, and always ended."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.real.servers.process import WITHOUT_LIFESPAN, Server

Start = Callable[[str, str], Server]


class Serving(Server):
    """A server, and the output of its app."""

    def __init__(self, name: str, app: str, marker: Path) -> None:
        super().__init__(name, app, marker)
        self._marker = marker
        marker.touch()

    def marks(self) -> list[str]:
        """Return what the app has written since the last call."""
        lines = self._marker.read_text("utf-8").splitlines()
        self._marker.write_text("", "utf-8")
        return lines


@pytest.fixture(scope="package")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Serving]:
    """A server with an app that has a valid policy. It is started once for all tests with the same parameters."""
    name, app = request.param
    serving = Serving(name, f"tests.real.servers.valid_policy:{app}", tmp_path_factory.mktemp(name) / "marker")
    try:
        serving.wait_until_ready()
        # The lifespan reached the app through the middleware.
        assert serving.marks() == ([] if name in WITHOUT_LIFESPAN else ["lifespan"])
        yield serving
    finally:
        serving.stop()


@pytest.fixture
def server(running: Serving) -> Serving:
    """The server, without earlier output of its app."""
    running.marks()
    return running


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Return the file to which a running app writes a line."""
    return tmp_path / "marker"


@pytest.fixture
def start(marker: Path) -> Generator[Start]:
    """Start servers by name and app, and end them with the test."""
    started: list[Server] = []

    def starting(name: str, app: str) -> Server:
        started.append(Server(name, app, marker))
        return started[-1]

    yield starting
    for server in started:
        server.stop()
