"""Processes that fork, start without a store, or stop while they load, with real servers."""

import os
import signal
from typing import Any

import pytest

from tests.postgres import PASSWORD
from tests.real.servers.process import Server
from tests.real.stores.configuration import STATIC
from tests.real.stores.conftest import BASE, OPTIONS, WORKERS, Start
from tests.real.stores.databases import PostgreSQLStore, SQLiteStore, Store, edit
from tests.real.stores.fleet import Fleet, Load, is_current
from tests.real.stores.proxy import Proxy

SHOP, UNKNOWN = "https://shop.customer.example", "https://unknown.example"
ORIGINS = [BASE, SHOP, UNKNOWN]
# Longer than any test: what waits for it hangs.
_NEVER = 600.0


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each kind of store."""
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


def end(server: Server, number: signal.Signals = signal.SIGTERM) -> int:
    """Ask a server to stop, and return its exit code. A server that waits for its store would be too late."""
    server._process.send_signal(number)
    return server.wait_for_end()


@pytest.mark.parametrize("loads_at_import", [False, True], ids=["fork before start", "fork after start"])
def test_workers_that_are_forked(
    start: Start, store: Store, *, loads_at_import: bool, request: pytest.FixtureRequest
) -> None:
    """Each worker follows the store by itself, with its own connection, also one that replaces a killed one."""
    server = start("gunicorn-preload-workers", "wsgi", (store.url, OPTIONS), loads_at_import=loads_at_import)
    with Fleet(server, WORKERS) as fleet:
        with Load(fleet, ORIGINS) as load:
            fleet.wait(is_current(store), "has loaded")
            edit(store, added=[SHOP])
            fleet.wait(is_current(store), "has the origin")
            assert fleet.allowed(ORIGINS) == {BASE, SHOP}
        load.check(store.history)
        if isinstance(store, PostgreSQLStore):
            assert store.count_readers() == WORKERS + loads_at_import
        killed = min(fleet.connections())
        os.kill(killed, signal.SIGKILL)
    with Fleet(server, WORKERS) as fleet:
        edit(store, removed=[SHOP])
        fleet.wait(is_current(store), "catches up")
        assert killed not in fleet.connections()
        assert fleet.allowed(ORIGINS) == {BASE}
    assert end(server) == 0


def test_two_followers_in_one_process(
    start: Start, sqlite_store: SQLiteStore, postgresql_store: PostgreSQLStore, proxy: Proxy
) -> None:
    """One store that fails neither delays nor changes the origins of the other."""
    stores = [(sqlite_store.url, OPTIONS), (postgresql_store.url, OPTIONS)]
    server = start("uvicorn-h11", "asgi", *stores)
    with Fleet(server, 1) as one, Fleet(server, 1, path="/1") as other:
        one.wait(is_current(sqlite_store), "has loaded")
        other.wait(is_current(postgresql_store), "has loaded")
        with Load(one, ORIGINS) as first, Load(other, ORIGINS) as second:
            proxy.hang()
            edit(sqlite_store, added=[SHOP])
            edit(postgresql_store, removed=[BASE])
            one.wait(is_current(sqlite_store), "has the origin")
            other.wait(lambda status: status.error is not None, "reports its store")
            assert (one.allowed(ORIGINS), other.allowed(ORIGINS)) == ({BASE, SHOP}, {BASE})
            proxy.forward()
            other.wait(is_current(postgresql_store), "catches up")
            assert (one.allowed(ORIGINS), other.allowed(ORIGINS)) == ({BASE, SHOP}, set())
        first.check(sqlite_store.history)
        second.check(postgresql_store.history)
        assert {status.source for status in (*one.statuses(), *other.statuses())} == {"sqlite", "postgresql"}


def test_a_shutdown_while_the_origins_are_loaded(start: Start, postgresql_store: PostgreSQLStore, proxy: Proxy) -> None:
    """The server starts without its store, serves the origins of the policy, and ends in the middle of the load."""
    proxy.hang()
    options = {"deadline": _NEVER, "start_timeout": 0.2}
    server = start("uvicorn-h11", "asgi", (postgresql_store.url, options))
    with Fleet(server, 1) as fleet:
        (status,) = fleet.statuses()
        assert (status.ready, status.count, status.staleness) == (False, 0, None)
        assert fleet.allowed([STATIC, BASE]) == {STATIC}
    assert end(server) in {0, -signal.SIGTERM}
    assert "Finished server process" in server.output


def test_a_start_without_a_store(start: Start, store: Store, proxy: Proxy) -> None:
    """Only the origins of the policy are allowed, and an error is logged. The store is followed when it is there."""
    repair = proxy.forward
    if isinstance(store, SQLiteStore):
        repair = store.move_away()
    url = store.url if isinstance(store, PostgreSQLStore) else f"sqlite:///{store.path.with_name('cors.db')}"
    proxy.refuse()
    server = start("uvicorn-h11", "asgi", (url, {**OPTIONS, "start_timeout": 0.2}))
    with Fleet(server, 1) as fleet, Load(fleet, ORIGINS) as load:
        (status,) = fleet.wait(lambda status: status.error is not None, "reports the store")
        assert (status.ready, status.connected, status.count) == (False, False, 0)
        assert fleet.allowed([STATIC, *ORIGINS]) == {STATIC}
        repair()
        fleet.wait(lambda status: status.ready and status.error is None, "has loaded")
        assert fleet.allowed([STATIC, *ORIGINS]) == {STATIC, BASE}
    load.check(store.history)
    assert "ERROR" in server.output or "Live origins" in server.output
    assert PASSWORD not in server.output


@pytest.mark.parametrize("name", ["uvicorn-h11", "hypercorn"])
def test_a_required_store_that_is_missing(
    start: Start, name: str, sqlite_store: SQLiteStore, postgresql_store: PostgreSQLStore, proxy: Proxy
) -> None:
    """The server does not start, and the log says why, without the password."""
    proxy.refuse()
    sqlite_store.delete()
    stores: list[tuple[str, dict[str, Any]]] = [
        (store.url, {"require": True, "start_timeout": 0.3}) for store in (sqlite_store, postgresql_store)
    ]
    for stored in stores:
        server = start(name, "asgi", stored, ready=False)
        # Hypercorn ends without an error code.
        assert server.wait_for_end() != 0 or name == "hypercorn"
        assert "ive origins" in server.output
        assert PASSWORD not in server.output


def test_a_required_store_that_is_there(start: Start, store: Store) -> None:
    """The first request already has the origins."""
    server = start("uvicorn-h11", "asgi", (store.url, {**OPTIONS, "require": True}))
    with Fleet(server, 1) as fleet:
        assert fleet.allowed(ORIGINS) == {BASE}


def test_origins_that_are_too_old(start: Start, postgresql_store: PostgreSQLStore, proxy: Proxy) -> None:
    """`max_stale` turns the live origins off while the store cannot be read, and the store turns them on again."""
    server = start("uvicorn-h11", "asgi", (postgresql_store.url, {**OPTIONS, "max_stale": 1.0}))
    with Fleet(server, 1) as fleet, Load(fleet, ORIGINS, max_stale=1.0) as load:
        fleet.wait(is_current(postgresql_store), "has loaded")
        assert fleet.allowed([STATIC, *ORIGINS]) == {STATIC, BASE}
        proxy.hang()
        fleet.wait(lambda status: status.count == 0, "has turned the origins off")
        assert fleet.allowed([STATIC, *ORIGINS]) == {STATIC}
        edit(postgresql_store, added=[SHOP])
        proxy.forward()
        fleet.wait(is_current(postgresql_store), "has turned the origins on again")
        assert fleet.allowed([STATIC, *ORIGINS]) == {STATIC, BASE, SHOP}
    load.check(postgresql_store.history)
