"""Servers with an app of a WSGI framework, each started once."""

import http.client
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import pytest

from tests.real.servers.answer import Answer
from tests.real.servers.process import Server

Running = Callable[[str, str], Server]


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[Running]:
    """Return the server of this name with the app of this name, started if it does not run yet."""
    servers: dict[tuple[str, str], Server] = {}

    def start(name: str, app: str) -> Server:
        if (name, app) not in servers:
            place = app if ":" in app else f"tests.real.wsgi.apps:{app}"
            servers[name, app] = Server(name, place, Path(tmp_path_factory.mktemp(name)))
        return servers[name, app].wait_until_ready()

    yield start
    for server in servers.values():
        server.stop()


def ask(server: Server, method: str, path: str, fields: dict[str, str]) -> Answer:
    """Send one request, and read the whole response, whatever its framing."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request(method, path, headers=fields)
        response = connection.getresponse()
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.getheaders()]
        return Answer(raw=b"", status=response.status, headers=headers, body=response.read())
