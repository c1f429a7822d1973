"""A SQLite file that is locked, full, deleted, replaced, damaged, or left behind by a killed writer."""

import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.real.stores.conftest import BASE, SQLiteStage
from tests.real.stores.databases import ADD, edit
from tests.real.stores.fleet import PATIENCE, Load, is_current, is_cut_off

SHOP, REVOKED, UNKNOWN = "https://shop.customer.example", "https://revoked.customer.example", "https://unknown.example"
ORIGINS = [BASE, SHOP, REVOKED, UNKNOWN]


def test_a_file_that_is_locked(on_sqlite: SQLiteStage) -> None:
    """A program that holds a lock for longer than the deadline delays edits, and never an answer."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    edit(store, added=[REVOKED])
    # A lock of a transaction does not keep readers out in WAL mode.
    store.run_outside_of_a_transaction("PRAGMA journal_mode = DELETE")
    with Load(fleet, ORIGINS) as load:
        fleet.wait(is_current(on_sqlite.store), "has the origin")
        with closing(store.connect()) as locking:
            locking.execute("BEGIN EXCLUSIVE")
            fleet.wait(lambda status: status.error is not None, "reports the lock")
            fleet.wait(lambda status: status.staleness > 1, "reports how old its origins are")
            assert fleet.allowed(ORIGINS) == {BASE, REVOKED}
            locking.execute("ROLLBACK")
        edit(store, removed=[REVOKED])
        fleet.wait(is_current(on_sqlite.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE}
    load.check(store.history)


def test_a_writer_that_holds_its_transaction_does_not_delay_readers(on_sqlite: SQLiteStage) -> None:
    """In WAL mode, readers see the last commit, and nothing of an open transaction."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    with Load(fleet, ORIGINS) as load, closing(store.connect()) as writing:
        writing.execute("BEGIN IMMEDIATE")
        writing.execute(ADD, [SHOP])
        fleet.wait_for_comparison()
        assert fleet.allowed(ORIGINS) == {BASE}
        with store.history.editing(added=[SHOP]):
            writing.execute("COMMIT")
        fleet.wait(is_current(on_sqlite.store), "has the origin")
    load.check(store.history)


def test_a_disk_that_is_full_for_the_writer(on_sqlite: SQLiteStage) -> None:
    """The transaction fails as a whole: none of its edits is visible."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    added = [f"https://{number}.{'a' * 60}.example" for number in range(500)]
    with Load(fleet, [*ORIGINS, *added[:3]]) as load:
        with closing(store.connect()) as writing:
            (pages,) = writing.execute("PRAGMA page_count").fetchone()
            writing.execute(f"PRAGMA max_page_count = {pages + 4}")
            writing.execute("BEGIN IMMEDIATE")
            with pytest.raises(sqlite3.OperationalError, match="full"):
                writing.executemany(ADD, [[origin] for origin in added])
        edit(store, added=[SHOP])
        fleet.wait(is_current(on_sqlite.store), "has the origin")
        assert fleet.allowed([*ORIGINS, *added[:3], added[-1]]) == {BASE, SHOP}
    load.check(store.history)


def test_a_disk_that_is_full_for_the_workers(on_sqlite: SQLiteStage) -> None:
    """Readers of a WAL file write a small index. If they cannot, they say so, or do without it."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    _, limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    workers = list(fleet.connections())
    with Load(fleet, ORIGINS) as load:
        # No process can write beyond this size of a file, as on a full disk.
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limit))
        edit(store, added=[SHOP])
        current = is_current(on_sqlite.store)
        fleet.wait(lambda status: status.error is not None or current(status), "reports the disk, or reads without it")
        edit(store, removed=[SHOP], added=[REVOKED])
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, limit))
        fleet.wait(is_current(on_sqlite.store), "catches up")
        assert fleet.allowed(ORIGINS) == {BASE, REVOKED}
    load.check(store.history)


def test_a_file_that_is_deleted_and_restored(on_sqlite: SQLiteStage) -> None:
    """No worker creates an empty file in its place; the restored one is followed again."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    edit(store, added=[SHOP])
    backup = store.back_up()
    with Load(fleet, ORIGINS) as load:
        fleet.wait(is_current(on_sqlite.store), "has the origin")
        store.delete()
        fleet.wait(is_cut_off, "notices that the file is gone")
        assert not store.path.exists()
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
        store.use(backup)
        edit(store, removed=[SHOP])
        fleet.wait(is_current(on_sqlite.store), "follows the restored file")
        assert fleet.allowed(ORIGINS) == {BASE}
    load.check(store.history)


def test_a_file_that_is_replaced(on_sqlite: SQLiteStage) -> None:
    """Another file with the same name is another database, although the old one is still open somewhere."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    other = store.create([SHOP])
    with Load(fleet, ORIGINS) as load, closing(store.connect()) as holding:
        holding.execute("SELECT * FROM cors_head").fetchall()
        with store.history.editing(added=[SHOP], removed=[BASE]):
            store.use(other)
        fleet.wait(is_current(on_sqlite.store), "follows the other file")
        assert fleet.allowed(ORIGINS) == {SHOP}
    load.check(store.history)


@pytest.mark.parametrize("content", [b"", b"this is not a database, but a text" * 200], ids=["empty", "text"])
def test_a_file_that_is_not_a_database(on_sqlite: SQLiteStage, content: bytes) -> None:
    """The workers keep what they knew and report it."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    backup = store.back_up()
    wrong = store.path.with_name("wrong")
    wrong.write_bytes(content)
    with Load(fleet, ORIGINS) as load:
        store.use(wrong)
        fleet.wait(lambda status: status.error is not None, "notices that the file is damaged")
        assert fleet.allowed(ORIGINS) == {BASE}
        assert store.path.read_bytes() == content
        store.use(backup)
        edit(store, added=[SHOP])
        fleet.wait(is_current(on_sqlite.store), "follows the restored file")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
    load.check(store.history)


_WRITER = f"""
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute(sys.argv[2], [{SHOP!r}])
connection.execute("BEGIN IMMEDIATE")
connection.execute(sys.argv[2], [{REVOKED!r}])
print("written", flush=True)
sys.stdin.read()
"""


def kill_while_it_writes(program: str, path: Path) -> None:
    """Run a program until it has written, and kill it. What it wrote next to the file is left behind."""
    writer = subprocess.Popen(
        [sys.executable, "-c", program, path, ADD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    log = {Path(f"{path}{name}") for name in ("-wal", "-journal")}
    assert any(file.exists() and file.stat().st_size for file in log)
    writer.send_signal(signal.SIGKILL)
    writer.wait(PATIENCE)
    writer.stdin.close()
    writer.stdout.close()


def test_a_write_ahead_log_that_a_killed_writer_left_behind(on_sqlite: SQLiteStage) -> None:
    """What it had committed is served, although it is only in the log. Its open transaction never happened."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    with Load(fleet, ORIGINS) as load:
        with store.history.editing(added=[SHOP]):
            kill_while_it_writes(_WRITER, store.path)
        fleet.wait(is_current(on_sqlite.store), "has what was committed")
        assert fleet.allowed(ORIGINS) == {BASE, SHOP}
        # The lock of the killed writer is gone as well.
        edit(store, removed=[BASE])
        fleet.wait(is_current(on_sqlite.store), "catches up")
        assert fleet.allowed(ORIGINS) == {SHOP}
    load.check(store.history)


_SPILLING_WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM cors_origin")
connection.executemany(sys.argv[2], [[f"https://{number}.{'a' * 60}.example"] for number in range(2000)])
print("written", flush=True)
sys.stdin.read()
"""


def test_a_rollback_journal_that_a_killed_writer_left_behind(on_sqlite: SQLiteStage) -> None:
    """Without WAL, half of a transaction is already in the file. The first reader undoes it."""
    store, fleet = on_sqlite.store, on_sqlite.fleet
    edit(store, added=[SHOP])
    store.run_outside_of_a_transaction("PRAGMA journal_mode = DELETE")
    with Load(fleet, [*ORIGINS, f"https://7.{'a' * 60}.example"]) as load:
        fleet.wait(is_current(on_sqlite.store), "has the origin")
        kill_while_it_writes(_SPILLING_WRITER, store.path)
        fleet.wait_for_comparison()
        assert not Path(f"{store.path}-journal").exists()
        edit(store, removed=[BASE])
        fleet.wait(is_current(on_sqlite.store), "catches up")
        assert fleet.allowed(ORIGINS) == {SHOP}
    load.check(store.history)
