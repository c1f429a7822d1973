"""What the tests of stores share: a server with two workers for each kind of store, through all faults."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.postgres import PostgreSQL
from tests.real.servers.process import Server
from tests.real.stores.configuration import Configuration
from tests.real.stores.databases import PostgreSQLStore, SQLiteStore, Template, epoch
from tests.real.stores.fleet import Fleet
from tests.real.stores.proxy import Proxy

# In every database at the start of a test.
BASE = "https://base.customer.example"
WORKERS = 2
# Short, so that the tests are: a comparison takes some milliseconds.
OPTIONS: dict[str, Any] = {"poll": 0.05, "deadline": 0.6}

Start = Callable[..., Server]


@dataclass(frozen=True, slots=True)
class SQLiteStage:
    """A SQLite file, and a server that follows it."""

    store: SQLiteStore
    fleet: Fleet


@dataclass(frozen=True, slots=True)
class PostgreSQLStage:
    """A PostgreSQL database, and a server that follows it through a proxy."""

    store: PostgreSQLStore
    fleet: Fleet
    proxy: Proxy


Stage = SQLiteStage | PostgreSQLStage
AnyStage = TypeVar("AnyStage", SQLiteStage, PostgreSQLStage)


@pytest.fixture(scope="package")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Generator[SQLiteStage]:
    """A server with two workers on SQLite, for all tests."""
    folder = tmp_path_factory.mktemp("sqlite")
    store = SQLiteStore(folder)
    with Fleet(_serve("uvicorn-workers", "asgi", folder, [(store.url, OPTIONS)]), WORKERS) as fleet:
        yield SQLiteStage(store, fleet)
    fleet.server.stop()


@pytest.fixture(scope="package")
def template(postgresql: PostgreSQL) -> Generator[Template]:
    """The database from which all others are copied."""
    template = Template.create(postgresql)
    yield template
    template.drop(postgresql)


@pytest.fixture(scope="package")
def shared_postgresql(
    postgresql: PostgreSQL, template: Template, tmp_path_factory: pytest.TempPathFactory
) -> Generator[PostgreSQLStage]:
    """A server with two workers on PostgreSQL, for all tests."""
    folder = tmp_path_factory.mktemp("postgresql")
    with Proxy(postgresql.port) as proxy:
        store = PostgreSQLStore(postgresql, template, proxy.port)
        with Fleet(_serve("uvicorn-workers", "asgi", folder, [(store.url, OPTIONS)]), WORKERS) as fleet:
            yield PostgreSQLStage(store, fleet, proxy)
        fleet.server.stop()
        store.close()


@pytest.fixture
def on_sqlite(shared_sqlite: SQLiteStage) -> SQLiteStage:
    """The server on SQLite, whose workers follow a new file with one origin."""
    return _begin(shared_sqlite)


@pytest.fixture
def on_postgresql(shared_postgresql: PostgreSQLStage) -> PostgreSQLStage:
    """The server on PostgreSQL, whose workers follow a new epoch with one origin."""
    shared_postgresql.proxy.forward()
    return _begin(shared_postgresql)


@pytest.fixture(params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """Each of both."""
    found: Stage = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def sqlite_store(tmp_path: Path) -> SQLiteStore:
    """A SQLite file of its own, for tests that start servers."""
    store = SQLiteStore(tmp_path)
    store.recreate(origins=[BASE])
    return store


@pytest.fixture
def proxy(postgresql: PostgreSQL) -> Generator[Proxy]:
    """A proxy of its own, for tests that start servers."""
    with Proxy(postgresql.port) as proxy:
        yield proxy


@pytest.fixture
def postgresql_store(postgresql: PostgreSQL, template: Template, proxy: Proxy) -> Generator[PostgreSQLStore]:
    """A database of its own behind the proxy, for tests that start servers."""
    store = PostgreSQLStore(postgresql, template, proxy.port)
    store.recreate(origins=[BASE])
    yield store
    store.close()


@pytest.fixture
def start(tmp_path: Path) -> Generator[Start]:
    """Start servers with their own configuration; end them with the test."""
    started: list[Server] = []

    def starting(
        name: str, app: str, *stores: tuple[str, dict[str, Any]], ready: bool = True, **configuration: Any
    ) -> Server:
        server = _start(name, app, tmp_path, {"stores": [*stores], **configuration})
        started.append(server)
        return server.wait_until_ready() if ready else server

    yield starting
    for server in started:
        server.stop()


def _start(name: str, app: str, folder: Path, configuration: Configuration) -> Server:
    marker = folder / "configuration.json"
    marker.write_text(json.dumps(configuration), "utf-8")
    return Server(name, f"tests.real.stores.app:{app}", marker)


def _serve(name: str, app: str, folder: Path, stores: list[tuple[str, dict[str, Any]]]) -> Server:
    server = _start(name, app, folder, {"stores": stores, "jumping_clock": True})
    try:
        return server.wait_until_ready()
    except BaseException:
        server.stop()
        raise


def _begin(stage: AnyStage) -> AnyStage:
    stage.store.reset([BASE])
    expected = epoch(stage.store)
    stage.fleet.wait(lambda status: status.epoch == expected and status.error is None, "follows the new epoch")
    return stage
