"""The connections of followers: deadlines, locks, notifications, peers that hang, and forks."""

import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from crossorigin import LiveOrigins, StoreError
from crossorigin.live.stores import postgres, sqlite
from crossorigin.live.stores.address import StoreAddress, read_address
from crossorigin.live.stores.postgres import PostgreSQLStore
from crossorigin.live.stores.schema import CHANNEL
from crossorigin.live.stores.sqlite import SQLiteStore
from tests.postgres import PostgreSQL
from tests.unit.live.stores.stores import SHOP, address, create, execute, insert, url

__all__ = ["address", "url"]

# A test that waits for this long has failed.
LONG = 60.0
SHORT = 0.2
_SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def file(tmp_path: Path) -> StoreAddress:
    """A SQLite store with tables."""
    return create(f"sqlite:///{tmp_path / 'cors.db'}")


@pytest.fixture
def database(postgresql_database: str) -> StoreAddress:
    """A PostgreSQL store with tables."""
    return create(postgresql_database)


def test_a_locked_file_is_given_up_at_the_deadline(file: StoreAddress) -> None:
    """Somebody edits it with a tool and does not commit. The error names the cause as far as SQLite does."""
    origins = LiveOrigins.open(file.text, poll=LONG, deadline=SHORT)
    origins.refresh_sync()
    with closing(sqlite3.connect(file.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TimeoutError):
            origins.refresh_sync()
        status = origins.status()
        assert status.error == f"reading {file} took longer than deadline=0.2 seconds"
        assert status.connected
        other.execute("COMMIT")
    origins.refresh_sync()
    assert origins.status().error is None


def test_a_slow_statement_in_a_file_is_stopped_at_the_deadline(file: StoreAddress) -> None:
    """A file with far too many rows must not hold up the thread for good."""
    store = SQLiteStore(file, deadline=SHORT)
    with pytest.raises(TimeoutError), store.snapshot() as read:
        list(read(_SLOW, ()))


def test_a_deleted_and_a_replaced_file_are_noticed(file: StoreAddress, tmp_path: Path) -> None:
    """A connection that was kept would read the deleted file for ever."""
    origins = LiveOrigins.open(file.text, poll=LONG)
    execute(file, insert(SHOP))
    origins.refresh_sync()
    Path(file.path).unlink()
    with pytest.raises(StoreError, match="There is no database at "):
        origins.refresh_sync()
    assert (list(origins), origins.status().connected) == ([SHOP], False)
    assert not Path(file.path).exists()
    other = create(f"sqlite:///{tmp_path / 'other.db'}")
    execute(other, insert("https://other.example"))
    Path(other.path).rename(file.path)
    origins.refresh_sync()
    assert list(origins) == ["https://other.example"]


def test_a_file_that_is_not_a_database_is_reported(tmp_path: Path) -> None:
    """The path may be a typing error."""
    path = tmp_path / "notes.txt"
    path.write_text("nothing that SQLite can read" * 100, "utf-8")
    origins = LiveOrigins.open(f"sqlite:///{path}", poll=LONG)
    with pytest.raises(StoreError, match="cannot be used: file is not a database"):
        origins.refresh_sync()


def test_a_slow_statement_of_the_server_is_stopped_at_the_deadline(database: StoreAddress) -> None:
    """The server itself stops it, so that it costs nothing after the deadline."""
    store = PostgreSQLStore(database, deadline=SHORT, listen=False)
    with pytest.raises(TimeoutError), store.snapshot() as read:
        list(read("SELECT pg_sleep(60)", ()))
    end = time.monotonic() + LONG / 2
    running = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'"
    while execute(database, running):
        assert time.monotonic() < end
    with store.snapshot() as read:
        assert list(read("SELECT 1", ())) == [(1,)]
    store.close()


def test_a_server_that_hangs_is_given_up_at_the_deadline() -> None:
    """It accepts data and never answers, as a machine that swaps does. Its connection is not used again."""
    with PostgreSQL() as server:
        address = create(server.url())
        store = PostgreSQLStore(address, deadline=SHORT, listen=True)
        with store.snapshot() as read:
            list(read("SELECT 1", ()))
        server.signal_all(signal.SIGSTOP)
        try:
            with pytest.raises(TimeoutError), store.snapshot() as read:
                list(read("SELECT 1", ()))
        finally:
            server.signal_all(signal.SIGCONT)
        assert not store.is_connected
        with store.snapshot() as read:
            list(read("SELECT 1", ()))
        assert store.is_connected
        store.close()


def test_a_server_that_refuses_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """The text is that of libpq, and has no password."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    origins = LiveOrigins.open(f"postgresql://app:canary@127.0.0.1:{port}/app", poll=LONG)
    with pytest.raises(StoreError, match="cannot be used: connection failed"):
        origins.refresh_sync()
    assert origins.status().connected is False
    assert "canary" not in caplog.text


def test_an_error_of_a_statement_leaves_the_server_connected(database: StoreAddress) -> None:
    """The status tells a server that is down from one whose tables are wrong."""
    store = PostgreSQLStore(database, deadline=LONG, listen=False)
    with pytest.raises(psycopg.Error), store.snapshot() as read:
        list(read("SELECT nonsense", ()))
    assert store.is_connected
    store.close()
    store.close()


def test_a_notification_ends_the_wait(database: StoreAddress) -> None:
    """Without it, the change would apply a minute later."""
    origins = LiveOrigins.open(database.conninfo, poll=LONG, listen=True)
    origins.refresh_sync()
    execute(database, insert(SHOP))
    deadline = time.monotonic() + LONG / 2
    while SHOP not in origins and time.monotonic() < deadline:
        time.sleep(0.001)
    assert SHOP in origins


def test_many_notifications_lead_to_few_comparisons(database: StoreAddress) -> None:
    """Anyone who may connect can send them, and each comparison costs the worker time."""
    store, wake = PostgreSQLStore(database, deadline=LONG, listen=True), threading.Event()
    with store.snapshot() as read:
        list(read("SELECT 1", ()))
    waited = 0.0
    for _ in range(20):
        execute(database, f"NOTIFY {CHANNEL}")
        begun = time.monotonic()
        store.wait(LONG, wake)
        waited += time.monotonic() - begun
    assert 20 * 0.009 < waited < LONG / 2
    store.close()


def test_a_request_for_a_comparison_ends_the_wait_for_notifications(database: StoreAddress) -> None:
    """So does the end of the time between two comparisons, and a connection that is lost."""
    store, wake = PostgreSQLStore(database, deadline=LONG, listen=True), threading.Event()
    store.wait(0, wake)
    with store.snapshot() as read:
        list(read("SELECT 1", ()))
    store.wait(SHORT, wake)
    wake.set()
    store.wait(LONG, wake)
    wake.clear()
    # Connections of other tests, to other databases of the same server, can be idle after a COMMIT too.
    mine = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    ((pid,),) = execute(database, f"{mine} AND query LIKE 'COMMIT%'")
    execute(database, f"SELECT pg_terminate_backend({pid})")
    begun = time.monotonic()
    store.wait(LONG, wake)
    assert time.monotonic() - begun < LONG / 2
    with store.snapshot() as read:
        list(read("SELECT 1", ()))
    store.close()


def test_a_server_that_does_not_notify_is_still_read(
    database: StoreAddress, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A standby server refuses LISTEN, as any server refuses this channel. It is logged once."""
    monkeypatch.setattr(postgres, "CHANNEL", "not a channel")
    store = PostgreSQLStore(database, deadline=LONG, listen=True)
    for _ in range(2):
        with store.snapshot() as read:
            assert list(read("SELECT 1", ())) == [(1,)]
        store.close()
    assert len([record for record in caplog.records if "listen=True has no effect" in record.getMessage()]) == 1


def test_a_connection_that_ends_at_the_first_statement_is_an_error(
    database: StoreAddress, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not taken for a server that does not notify."""
    monkeypatch.setattr(postgres, "CHANNEL", "ignored; SELECT pg_terminate_backend(pg_backend_pid())")
    store = PostgreSQLStore(database, deadline=LONG, listen=True)
    with pytest.raises(psycopg.OperationalError), store.snapshot():
        pass
    assert not store.is_connected
    assert "listen=True" not in caplog.text


def test_a_wait_without_notifications_is_that_of_a_clock(address: StoreAddress) -> None:
    """Somebody who asks for a comparison ends it."""
    wake = threading.Event()
    wake.set()
    store = SQLiteStore(address, deadline=1) if address.path else PostgreSQLStore(address, deadline=1, listen=False)
    store.wait(LONG, wake)
    store.close()


@contextmanager
def forked() -> Generator[int]:
    """Run the block in a child process only, which ends with status 1 if it raises."""
    pid = os.fork()
    if pid:
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        yield pid
        return
    code = 1
    try:
        yield 0
        code = 0
    finally:
        os._exit(code)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_follows_with_its_own_connection(address: StoreAddress) -> None:
    """After a fork of a process that follows, the parent's connection still works, and the child catches up."""
    origins = LiveOrigins.open(address.conninfo or address.text, poll=0.01)
    execute(address, insert(SHOP))
    origins.refresh_sync()
    with forked() as pid:
        if not pid:
            execute(address, insert("https://child.example"))
            origins.refresh_sync()
            assert list(origins) == ["https://child.example", SHOP]
            assert origins.status().error is None
    for _ in range(3):
        origins.refresh_sync()
    assert list(origins) == ["https://child.example", SHOP]
    assert origins.status().error is None


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_waits_for_a_comparison_but_not_for_long(file: StoreAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own locks must be free in the child. A file that stays locked must not stop the server."""
    monkeypatch.setattr(sqlite, "_LONGEST_FORK_DELAY", SHORT)
    store = SQLiteStore(file, deadline=LONG)
    with store.snapshot() as read:
        list(read("SELECT 1", ()))
        with forked():
            pass
    assert sqlite._held == []
    with forked() as pid:
        if not pid:
            with store.snapshot() as read:
                assert list(read("SELECT 1", ())) == [(1,)]


def test_a_relative_path_is_that_of_the_folder_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon changes its folder after the app was imported."""
    monkeypatch.chdir(tmp_path)
    create("sqlite:///cors #1?.db".replace("?", ""))
    origins = LiveOrigins.open("sqlite:///cors #1.db", poll=LONG)
    monkeypatch.chdir("/")
    origins.refresh_sync()
    assert origins.status().ready
    assert read_address("sqlite:///x.db").path == "/x.db"
