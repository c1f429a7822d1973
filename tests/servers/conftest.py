"""What the tests with real servers share: starting one, and ending it whatever happens."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from tests.servers.process import Server

Start = Callable[[str, str], Server]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Return the file in which an app that runs leaves a line."""
    return tmp_path / "marker"


@pytest.fixture
def start(marker: Path) -> Generator[Start]:
    """Start servers by name and app; end them with the test."""
    started: list[Server] = []

    def starting(name: str, app: str) -> Server:
        started.append(Server(name, app, marker))
        return started[-1]

    yield starting
    for server in started:
        server.stop()
