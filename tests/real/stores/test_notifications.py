"""`listen=True`: a notification shortens the wait, and polling does without it."""

import re

from tests.real.stores.conftest import BASE, Start
from tests.real.stores.databases import PostgreSQLStore, edit, revision
from tests.real.stores.fleet import Fleet, Load

SHOP = "https://shop.customer.example"
# Longer than any test.
_NEVER = 600.0


def follows(store: PostgreSQLStore, fleet: Fleet) -> None:
    """Add and remove an origin, and wait for each."""
    for added, removed in (([SHOP], []), ([], [SHOP])):
        edit(store, added=added, removed=removed)
        expected = revision(store)
        fleet.wait(lambda status: status.revision == expected and status.error is None, "follows")  # noqa: B023
        assert fleet.allowed([BASE, SHOP]) == {BASE, *added}


def test_a_notification_is_enough(start: Start, postgresql_store: PostgreSQLStore) -> None:
    """Without any poll, edits arrive, also after the database has closed the connection."""
    server = start("uvicorn-h11", "asgi", (postgresql_store.url, {"listen": True, "poll": _NEVER, "deadline": 2.0}))
    with Fleet(server, 1) as fleet, Load(fleet, [BASE, SHOP]) as load:
        fleet.wait(lambda status: status.ready, "is ready")
        follows(postgresql_store, fleet)
        postgresql_store.disconnect()
        follows(postgresql_store, fleet)
        postgresql_store.server.kill()
        postgresql_store.server.start()
        follows(postgresql_store, fleet)
    load.check(postgresql_store.history)


def test_a_lost_notification(start: Start, postgresql_store: PostgreSQLStore) -> None:
    """The poll finds what nobody was notified of."""
    (definition,) = postgresql_store.query("SELECT pg_get_functiondef('cors_log_change'::regproc)")[0]
    silent, replaced = re.subn(r"PERFORM pg_notify\(.*\);", "NULL;", definition)
    assert replaced == 1
    postgresql_store.run((silent.replace("%", "%%"), ()))
    server = start("uvicorn-h11", "asgi", (postgresql_store.url, {"listen": True, "poll": 0.3, "deadline": 2.0}))
    with Fleet(server, 1) as fleet, Load(fleet, [BASE, SHOP]) as load:
        fleet.wait(lambda status: status.ready, "is ready")
        follows(postgresql_store, fleet)
    load.check(postgresql_store.history)
