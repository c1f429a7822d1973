"""A PostgreSQL database that is killed, unreachable, hanging, slow or closed to the reader: every answer stays right.

Meanwhile other clients edit the database where they can. The workers serve what they knew, report how old it is and
why, and catch up by themselves.
"""

import signal
import time

import pytest

from tests.notes import NOTES
from tests.postgres import PASSWORD
from tests.real.stores.conftest import BASE, WORKERS, PostgreSQLStage
from tests.real.stores.databases import edit
from tests.real.stores.fleet import PATIENCE, Load, is_current, is_cut_off

SHOP, REVOKED, UNKNOWN = "https://shop.customer.example", "https://revoked.customer.example", "https://unknown.example"
ORIGINS = [BASE, SHOP, REVOKED, UNKNOWN]
_REQUESTS_WHILE_DOWN = 1000


def test_a_database_that_is_killed_and_restarted(
    on_postgresql: PostgreSQLStage, request: pytest.FixtureRequest
) -> None:
    """`kill -9` of the server and all its processes, while requests arrive; a revocation after the restart applies."""
    store, fleet = on_postgresql.store, on_postgresql.fleet
    edit(store, added=[SHOP, REVOKED])
    with Load(fleet, ORIGINS, pause=0.001) as load:
        fleet.wait(is_current(on_postgresql.store), "has both origins")
        killed = time.monotonic()
        store.server.kill()
        try:
            fleet.wait(is_cut_off, "notices that the database is gone")
            deadline = time.monotonic() + PATIENCE
            while load.count_since(killed) < _REQUESTS_WHILE_DOWN:
                assert time.monotonic() < deadline, "requests wait for the database"
                time.sleep(0.01)
            down = load.count_since(killed)
            after = fleet.statuses()
        finally:
            store.server.start()
        # The staleness is counted from the last comparison that succeeded.
        assert all(status.compared < killed for status in after)
        assert {status.count for status in after} == {3}
        edit(store, removed=[REVOKED])
        committed = time.monotonic()
        fleet.wait(is_current(on_postgresql.store), "catches up after the restart")
        effective = time.monotonic() - committed
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
    requests = load.check(store.history)
    request.config.stash[NOTES].append(
        f"kill -9 of PostgreSQL: {requests} requests, {down} of them while it was down, 0 errors, 0 wrong answers; "
        f"a revocation after the restart was effective in all workers after {effective:.2f} s"
    )


@pytest.mark.parametrize("fault", ["refuse", "reset", "hang"])
def test_a_network_that_fails(on_postgresql: PostgreSQLStage, fault: str) -> None:
    """Connections are refused, reset, or accepted without an answer. Edits of that time apply afterwards."""
    store, fleet, proxy = on_postgresql.store, on_postgresql.fleet, on_postgresql.proxy
    edit(store, added=[REVOKED])
    with Load(fleet, ORIGINS) as load:
        fleet.wait(is_current(on_postgresql.store), "has the origin")
        getattr(proxy, fault)()
        fleet.wait(is_cut_off, "notices the fault")
        edit(store, added=[SHOP], removed=[REVOKED])
        fleet.wait(lambda status: is_cut_off(status) and status.staleness > 1, "reports how old its origins are")
        assert fleet.allowed(ORIGINS) == {BASE, REVOKED}
        proxy.forward()
        fleet.wait(is_current(on_postgresql.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
    load.check(store.history)


def test_a_server_that_hangs(on_postgresql: PostgreSQLStage) -> None:
    """The processes of the database are stopped in the middle of everything, and go on later."""
    store, fleet = on_postgresql.store, on_postgresql.fleet
    edit(store, added=[SHOP])
    with Load(fleet, ORIGINS) as load:
        fleet.wait(is_current(on_postgresql.store), "has the origin")
        store.server.signal_all(signal.SIGSTOP)
        try:
            statuses = fleet.wait(is_cut_off, "notices that nothing answers")
        finally:
            store.server.signal_all(signal.SIGCONT)
        assert all(status.staleness > 0.3 for status in statuses)
        edit(store, removed=[SHOP])
        fleet.wait(is_current(on_postgresql.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE}
    load.check(store.history)


def test_a_query_that_is_slower_than_the_deadline(on_postgresql: PostgreSQLStage) -> None:
    """A lock on a table holds up each comparison. It is given up at its deadline, and reported."""
    store, fleet = on_postgresql.store, on_postgresql.fleet
    with Load(fleet, ORIGINS) as load:
        with store.connect() as blocking, blocking.transaction():
            blocking.execute("LOCK TABLE cors_head, cors_origin, cors_change IN ACCESS EXCLUSIVE MODE")
            fleet.wait(lambda status: status.error is not None, "gives up")
            fleet.wait(lambda status: status.staleness > 1, "reports how old its origins are")
            # The comparisons that were given up do not pile up on the server.
            assert store.count_readers() <= 2 * WORKERS
            assert fleet.allowed([BASE, SHOP]) == {BASE}
        edit(store, added=[SHOP])
        fleet.wait(is_current(on_postgresql.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
    load.check(store.history)


@pytest.mark.parametrize(
    ("revoke", "grant", "reason"),
    [
        (
            "REVOKE SELECT ON cors_origin, cors_head FROM {reader}",
            "GRANT SELECT ON cors_origin, cors_head TO {reader}",
            "permission denied",
        ),
        ("ALTER ROLE {reader} NOLOGIN", "ALTER ROLE {reader} LOGIN", "not permitted to log in"),
        (
            "ALTER ROLE {reader} PASSWORD 'another'",
            f"ALTER ROLE {{reader}} PASSWORD '{PASSWORD}'",
            "password authentication failed",
        ),
    ],
    ids=["permission", "login", "password"],
)
def test_credentials_that_are_revoked(on_postgresql: PostgreSQLStage, revoke: str, grant: str, reason: str) -> None:
    """The workers go on with what they knew, report the reason, and never log the password."""
    store, fleet = on_postgresql.store, on_postgresql.fleet
    with Load(fleet, ORIGINS) as load:
        store.run((revoke.format(reader=store.reader), ()))
        store.disconnect()
        fleet.wait(lambda status: reason in (status.error or ""), "reports the reason")
        edit(store, added=[SHOP], removed=[BASE])
        assert fleet.allowed(ORIGINS) == {BASE}
        store.run((grant.format(reader=store.reader), ()))
        fleet.wait(is_current(on_postgresql.store), "catches up")
        assert fleet.allowed(ORIGINS) == {SHOP}
    load.check(store.history)
    assert PASSWORD not in fleet.server.output
    assert reason in fleet.server.output


def test_connections_that_the_database_closes(on_postgresql: PostgreSQLStage) -> None:
    """An administrator closes the connections again and again; edits still arrive."""
    store, fleet = on_postgresql.store, on_postgresql.fleet
    with Load(fleet, ORIGINS) as load:
        for _ in range(3):
            store.disconnect()
            edit(store, added=[SHOP])
            fleet.wait(is_current(on_postgresql.store), "has the origin")
            store.disconnect()
            edit(store, removed=[SHOP])
            fleet.wait(is_current(on_postgresql.store), "has no origin any more")
    load.check(store.history)
