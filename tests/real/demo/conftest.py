"""What the tests of the demo share: its command, and the one port that it cannot choose."""

import socket
from collections.abc import Callable, Generator

import pytest

from demo.api import create_api, documented_policy
from demo.editable import EditableApi
from tests.real.demo.process import Demo

PAGE_PORT = 8080


@pytest.fixture
def start() -> Generator[Callable[..., Demo]]:
    """Start the demo's command; whatever still runs at the end of the test is ended."""
    started: list[Demo] = []

    def starting(*arguments: str) -> Demo:
        started.append(Demo(*arguments))
        return started[-1]

    yield starting
    for demo in started:
        demo.stop()


@pytest.fixture
def api() -> EditableApi:
    """Return the API of the demo, with the documented policy."""
    return EditableApi(create_api, documented_policy())


@pytest.fixture
def page_port() -> int:
    """Return the page's port, which the documented list fixes, and fail where it is taken."""
    try:
        with socket.create_server(("127.0.0.1", PAGE_PORT)):
            return PAGE_PORT
    except OSError as error:
        pytest.fail(f"these tests need port {PAGE_PORT}, as the demo does: {error}")
