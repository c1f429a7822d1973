"""Contents that nobody expects, in SQLite and PostgreSQL: they change no answer for the worse, and are reported."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.real.stores.conftest import BASE, PostgreSQLStage, SQLiteStage, Stage
from tests.real.stores.databases import ADD, REMOVE, edit, restore
from tests.real.stores.fleet import Load, is_current

SHOP, REVOKED, UNKNOWN = "https://shop.customer.example", "https://revoked.customer.example", "https://unknown.example"
ORIGINS = [BASE, SHOP, REVOKED, UNKNOWN]

INVALID = [
    "*",
    "null",
    "",
    "https://*",
    "https://*.customer.example",
    "^https://.*$",
    "http://plain.customer.example",
    "https://Upper.customer.example",
    "https://slash.customer.example/",
    "https://port.customer.example:443",
    "https://user@customer.example",
    "https://a.customer.example, https://b.customer.example",
    "https://line.customer.example\r\nset-cookie: canary=1",
    "ftp://customer.example",
    "customer.example",
]
# What a wrong reading of these rows would allow.
NEAR = [
    "https://anything.customer.example",
    "http://plain.customer.example",
    "https://upper.customer.example",
    "https://slash.customer.example",
    "https://port.customer.example",
    "https://customer.example",
    "https://b.customer.example",
    "https://line.customer.example",
    "null",
]


@contextmanager
def cut_off(stage: Stage) -> Generator[None]:
    """Keep the workers from reading their store during the block."""
    if isinstance(stage, PostgreSQLStage):
        stage.proxy.refuse()
        repair = stage.proxy.forward
    else:
        repair = stage.store.move_away()
    try:
        stage.fleet.wait(lambda status: status.connected is False, "is cut off")
        yield
    finally:
        repair()


@pytest.mark.parametrize("how", ["delta", "full load"])
def test_invalid_rows(stage: Stage, how: str) -> None:
    """They are skipped and counted. Their neighbors are served, and nothing else is allowed."""
    store, fleet = stage.store, stage.fleet
    with Load(fleet, [*ORIGINS, *NEAR]) as load:
        with store.history.editing(added=[SHOP]):
            statements = [(ADD, [row]) for row in [*INVALID[:7], SHOP, *INVALID[7:]]]
            if how == "full load":
                statements.append(("UPDATE cors_head SET epoch = 'restored'", []))
            store.run(*statements)
        fleet.wait(is_current(stage.store), "has read the rows")
        for status in fleet.statuses():
            assert (status.rejected, status.count) == (len(INVALID), 2)
        assert fleet.allowed([*ORIGINS, *NEAR]) == {BASE, SHOP}
        # An empty row is not an origin that a page can send, so removing the rows changes no answer.
        store.run(*((REMOVE, [row]) for row in INVALID))
        fleet.wait(is_current(stage.store), "has read the removals")
        assert {status.rejected for status in fleet.statuses()} == {0}
        assert fleet.allowed([*ORIGINS, *NEAR]) == {BASE, SHOP}
    load.check(store.history)
    # A row cannot forge a line of the log.
    assert not [line for line in fleet.server.output.splitlines() if line.startswith("set-cookie")]


@pytest.mark.parametrize("lost", ["rev < ?", "rev IN (? - 1, ? - 2)"], ids=["all but the last", "in the middle"])
def test_a_log_that_is_trimmed(stage: Stage, lost: str) -> None:
    """Workers that missed changes which are no longer in the log load everything."""
    store, fleet = stage.store, stage.fleet
    edit(store, added=[REVOKED])
    fleet.wait(is_current(stage.store), "has the origin")
    with Load(fleet, ORIGINS) as load:
        with cut_off(stage):
            edit(store, removed=[REVOKED])
            edit(store, added=[SHOP])
            newest = edit(store, added=[UNKNOWN])
            # The last change is kept, and perhaps the one that the workers know.
            store.run((f"DELETE FROM cors_change WHERE {lost}", [newest] * lost.count("?")))  # noqa: S608
        fleet.wait(is_current(stage.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP, UNKNOWN}
        store.run(("DELETE FROM cors_change", []))
        edit(store, removed=[UNKNOWN])
        fleet.wait(is_current(stage.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
    load.check(store.history)


def test_an_older_backup_that_is_restored(stage: Stage) -> None:
    """The revision goes back, and so do the origins."""
    store, fleet = stage.store, stage.fleet
    edit(store, added=[REVOKED])
    backup = store.back_up()
    edit(store, removed=[REVOKED])
    edit(store, added=[SHOP])
    with Load(fleet, ORIGINS) as load:
        fleet.wait(is_current(stage.store), "has the newest origins")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
        restore(store, backup)
        fleet.wait(is_current(stage.store), "has the restored origins")
        assert fleet.allowed(ORIGINS) == {BASE, REVOKED}
    load.check(store.history)


def test_an_older_backup_that_was_edited_before_anybody_noticed(stage: Stage) -> None:
    """The revision is higher than before, and the log is complete, but it is not the log that the workers followed."""
    store, fleet = stage.store, stage.fleet
    backup = store.back_up()
    edit(store, added=[REVOKED])
    fleet.wait(is_current(stage.store), "has the origin")
    with Load(fleet, ORIGINS) as load:
        with cut_off(stage):
            restore(store, backup)
            edit(store, added=[SHOP])
            edit(store, added=[UNKNOWN])
        fleet.wait(is_current(stage.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP, UNKNOWN}
    load.check(store.history)


def test_a_restored_backup_at_the_same_revision(stage: Stage) -> None:
    """Only the contents of the log show that the revision is not the one that the workers know."""
    store, fleet = stage.store, stage.fleet
    backup = store.back_up()
    edit(store, added=[REVOKED])
    fleet.wait(is_current(stage.store), "has the origin")
    with Load(fleet, ORIGINS) as load:
        with cut_off(stage):
            restore(store, backup)
            edit(store, added=[SHOP])
        fleet.wait_for_comparison()
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
    load.check(store.history)


def test_a_new_empty_database(stage: Stage) -> None:
    """Nobody removed the origins, so they stay, and the status reports the new database until it has origins."""
    store, fleet = stage.store, stage.fleet
    history = store.history
    with Load(fleet, ORIGINS) as load:
        store.recreate()
        fleet.wait(
            lambda status: status.error is not None and "without origins" in status.error, "reports the empty database"
        )
        assert fleet.allowed(ORIGINS) == {BASE}
        store.history = history
        edit(store, added=[SHOP], removed=[BASE])
        fleet.wait(is_current(stage.store), "follows the new database")
        assert fleet.allowed(ORIGINS) == {SHOP}
    load.check(store.history)


def test_a_schema_of_the_future(stage: Stage) -> None:
    """A worker that does not know the schema keeps what it knew, and says so, until the old schema is back."""
    store, fleet = stage.store, stage.fleet
    with Load(fleet, ORIGINS) as load:
        store.run(("UPDATE cors_head SET schema_version = 2", []))
        fleet.wait(lambda status: status.error is not None and "schema" in status.error, "reports the schema")
        with store.history.editing(added=[SHOP]):
            store.run((ADD, [SHOP]))
        fleet.wait(lambda status: status.staleness > 1, "reports how old its origins are")
        assert fleet.allowed(ORIGINS) == {BASE}
        store.run(("UPDATE cors_head SET schema_version = 1", []))
        fleet.wait(is_current(stage.store), "follows the store again")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
    load.check(store.history)


def test_clocks_that_jump(stage: Stage) -> None:
    """The wall clock of the workers jumps all the time, and that of the database has jumped between the edits."""
    store, fleet = stage.store, stage.fleet
    with Load(fleet, ORIGINS) as load:
        for year in ("2000", "2100", "1970"):
            edit(store, added=[SHOP])
            store.run(("UPDATE cors_change SET at = ?", [f"{year}-01-01T00:00:00Z"]))
            fleet.wait(is_current(stage.store), "has the origin")
            edit(store, removed=[SHOP])
            store.run(("UPDATE cors_change SET at = ?", [f"{year}-01-01T00:00:00Z"]))
            fleet.wait(is_current(stage.store), "has no origin any more")
            assert all(0 <= status.staleness < 60 for status in fleet.statuses())
    load.check(store.history)


def test_edits_of_every_kind(stage: Stage) -> None:
    """Updates, deletions without a condition, other scopes and rolled back transactions."""
    store, fleet = stage.store, stage.fleet
    with Load(fleet, ORIGINS) as load:
        with store.history.editing(added=[SHOP], removed=[BASE]):
            store.run(("UPDATE cors_origin SET origin = ?", [SHOP]))
        fleet.wait(is_current(stage.store), "has the updated origin")
        assert fleet.allowed(ORIGINS) == {SHOP}
        store.run(("INSERT INTO cors_origin (scope, origin) VALUES ('other', ?)", [UNKNOWN]))
        fleet.wait(is_current(stage.store), "has the revision of the other scope")
        assert fleet.allowed(ORIGINS) == {SHOP}
        with store.history.editing(removed=[SHOP]):
            store.run(("UPDATE cors_origin SET scope = 'third' WHERE scope = ''", []))
        fleet.wait(is_current(stage.store), "has seen that the origin moved to another scope")
        assert fleet.allowed(ORIGINS) == set()
        edit(store, added=[BASE, REVOKED])
        with store.history.editing(removed=[BASE, REVOKED]):
            store.run(("DELETE FROM cors_origin", []))
        fleet.wait(is_current(stage.store), "has no origins")
        assert fleet.allowed(ORIGINS) == set()
    load.check(store.history)


def test_a_truncated_table(on_postgresql: PostgreSQLStage) -> None:
    """Truncating starts a new epoch without origins, which does not count as a removal of all of them."""
    store, fleet = on_postgresql.store, on_postgresql.fleet
    store.run(("TRUNCATE cors_origin", []))
    fleet.wait(lambda status: status.error is not None and "without origins" in status.error, "reports the empty table")
    assert fleet.allowed(ORIGINS) == {BASE}


def test_tables_that_were_never_created(on_sqlite: SQLiteStage) -> None:
    """The error names the command that creates them."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    for table in ("cors_head", "cors_origin", "cors_change"):
        store.run_outside_of_a_transaction(f"DROP TABLE {table}")
    fleet.wait(lambda status: "crossorigin origins init" in (status.error or ""), "names the command")
    assert fleet.allowed(ORIGINS) == {BASE}
