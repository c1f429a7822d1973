"""Sessions: what is wrong with a store is said without its password, and nothing waits for ever."""

import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from crossorigin import StoreError
from crossorigin.live.stores.address import read_address
from crossorigin.live.stores.editor import Editor, read_head
from crossorigin.live.stores.errors import has_password, hide_passwords
from crossorigin.live.stores.session import Session, explain
from tests.postgres import PostgreSQL, free_port
from tests.unit.live.stores.stores import RULES, SHOP, TIMEOUT, create, execute, raw, url

__all__ = ["url"]


def _error(url: str, timeout: float = TIMEOUT) -> str:
    with pytest.raises(StoreError) as caught, Session(read_address(url), timeout=timeout) as session:
        read_head(session)
    # A traceback would show the original error.
    assert caught.value.__suppress_context__
    return str(caught.value)


def test_a_missing_file_is_an_error_with_the_command(tmp_path: Path) -> None:
    """A file is created by `init` only: an app would otherwise serve without origins after a typing error."""
    url = f"sqlite:///{tmp_path}/cors.db"
    assert _error(url) == f"There is no database at {url}. Run: crossorigin origins init --store {url}"
    assert not (tmp_path / "cors.db").exists()


def test_the_command_for_a_missing_file_names_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the wrong folder, a relative path would create another database."""
    monkeypatch.chdir(tmp_path)
    text = (
        f"There is no database at sqlite:///cors.db. Run: crossorigin origins init --store sqlite:///{tmp_path}/cors.db"
    )
    assert _error("sqlite:///cors.db") == text


def test_a_file_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    """The error does not ask to run the command that has failed. The name of the file is too long."""
    url = f"sqlite:///{tmp_path}/{'x' * 300}"
    with (
        pytest.raises(StoreError, match=r"cannot be created: .*needs write permission"),
        Session(read_address(url), timeout=TIMEOUT, create=True),
    ):
        pass


def test_a_folder_that_must_not_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Looking for the file raises, too. Root may read everything, so the test refuses it itself."""

    def refuse(path: Path) -> bool:
        if path != tmp_path:
            raise PermissionError(13, "Permission denied", str(path))
        return True

    monkeypatch.setattr(Path, "exists", refuse)
    monkeypatch.setattr(os, "access", lambda *_: False)
    url = f"sqlite:///{tmp_path}/cors.db"
    assert _error(url) == f"This user has no permission for the folder of {url}."


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """Even `init` does not create it."""
    url = f"sqlite:///{tmp_path}/missing/cors.db"
    assert f"The folder of {url} does not exist" in _error(url)


def test_a_file_that_is_not_a_database_is_an_error(tmp_path: Path) -> None:
    """With the words of SQLite."""
    (tmp_path / "cors.db").write_bytes(b"x" * 5000)
    url = f"sqlite:///{tmp_path}/cors.db"
    assert _error(url) == f"{url} cannot be used: file is not a database"


def test_a_database_without_tables_is_an_error_with_the_command(url: str) -> None:
    """In both engines."""
    address = read_address(url)
    execute(address, "CREATE TABLE other (id integer)")
    assert _error(url) == f"{address} has no tables of live origins. Run: crossorigin origins init --store {address}"


def test_a_lock_of_another_process_is_an_error(tmp_path: Path) -> None:
    """After the timeout."""
    address = create(f"sqlite:///{tmp_path}/cors.db")
    with raw(address) as other:
        other.execute("BEGIN EXCLUSIVE")
        with (
            pytest.raises(StoreError, match="is locked by another process"),
            Session(address, timeout=0.1) as session,
            Editor(session, RULES).transaction(),
        ):
            pass


def test_a_statement_that_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    """SQLite runs in this process, which must not hang."""
    address = create(f"sqlite:///{tmp_path}/cors.db")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(StoreError, match="interrupted"), Session(address, timeout=0.2) as session:
        session.rows(endless)


def test_a_server_that_is_down_is_an_error_without_the_password() -> None:
    """With the address, for people."""
    port = free_port()
    message = _error(f"postgresql://app:canary@127.0.0.1:{port}/app")
    assert message.startswith(f"postgresql://app@127.0.0.1:{port}/app cannot be used: connection failed")
    assert "canary" not in message


def test_a_wrong_password_is_an_error_without_it(postgresql: PostgreSQL) -> None:
    """The server does not send it back, and the message has only what it sent."""
    message = _error(postgresql.url(password="wrong-canary"))  # noqa: S106  # it is wrong
    assert "password authentication failed" in message
    assert "canary" not in message


def test_a_role_without_permissions_is_an_error(postgresql: PostgreSQL, postgresql_database: str) -> None:
    """With the page that has the GRANT statements."""
    address = create(postgresql_database)
    execute(address, "CREATE ROLE nobody_here LOGIN PASSWORD 'x'")
    try:
        url = postgresql.url(postgresql_database.rpartition("/")[2], user="nobody_here", password="x")  # noqa: S106
        message = _error(url)
        assert "refuses this user: permission denied for table cors_head" in message
        assert message.endswith("Grant the permissions in docs/live-stores.md.")
    finally:
        execute(address, "DROP ROLE nobody_here")


def test_a_statement_of_postgresql_has_a_timeout(postgresql_database: str) -> None:
    """In a transaction, which is what every command uses."""
    address = create(postgresql_database)
    with (
        pytest.raises(StoreError, match="statement timeout"),
        Session(address, timeout=0.2) as session,
        session.transaction(),
    ):
        session.rows("SELECT pg_sleep(60)")


def _add_and_wait(session: Session) -> None:
    Editor(session, RULES).add([SHOP])
    # The lock is free when the server has ended the transaction.
    execute(session.address, "DELETE FROM cors_origin")


def test_a_block_that_does_nothing_for_too_long_loses_its_transaction(postgresql_database: str) -> None:
    """Others wait for its lock. Nothing of it is committed."""
    address = create(postgresql_database)
    with (
        pytest.raises(StoreError, match="idle-in-transaction"),
        Session(address, timeout=0.2) as session,
        Editor(session, RULES).transaction(),
    ):
        _add_and_wait(session)
    assert execute(address, "SELECT * FROM cors_origin") == []


def test_a_server_that_hangs_is_an_error() -> None:
    """It answers neither a statement nor its timeout."""
    with PostgreSQL() as server:
        address = create(server.url())
        with Session(address, timeout=0.2) as session:
            server.signal_all(signal.SIGSTOP)
            begun = time.monotonic()
            try:
                with pytest.raises(StoreError, match=r"the server has not answered for 1\.2 seconds"):
                    session.rows("SELECT 1")
            finally:
                server.signal_all(signal.SIGCONT)
            assert time.monotonic() - begun < 30


def test_passwords_are_replaced_in_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the URL, decoded, and from the environment."""
    monkeypatch.setenv("PGPASSWORD", "from-environment")
    address = read_address("postgresql://app:p%40ss@db/app?sslpassword=key-secret")
    text = "a p%40ss b p@ss c from-environment d key-secret e app"
    assert hide_passwords(text, address) == "a *** b *** c *** d *** e app"


def test_a_password_that_is_the_name_of_the_user_is_not_replaced() -> None:
    """The message shows the user, and would be unreadable."""
    text = 'database "app" does not exist'
    assert hide_passwords(text, read_address("postgresql://app:app@db/app")) == text


def test_a_password_in_a_url_is_recognized() -> None:
    """As a part of the login or as a parameter."""
    assert has_password(read_address("postgresql://app:x@db/app"))
    assert has_password(read_address("postgresql://app@db/app?password=x"))
    assert not has_password(read_address("postgresql://app@db/app"))
    assert not has_password(read_address("sqlite:///cors.db"))


def test_an_error_without_a_text_has_its_type() -> None:
    """Some drivers raise such ones."""
    address = read_address("postgresql://app@db/app")
    assert explain(psycopg.OperationalError(), address) == f"{address} cannot be used: OperationalError"


def test_a_wrong_url_is_not_a_store_error() -> None:
    """It is an error of the caller, with its own type and without the text of the driver."""
    address = read_address("postgresql://app:canary@db/app?nonsense=1")
    with pytest.raises(ValueError, match="libpq does not accept the URL") as caught, Session(address, timeout=1):
        pass
    assert "canary" not in str(caught.value)


def test_closing_a_session_releases_the_file(tmp_path: Path) -> None:
    """What was not committed is gone."""
    address = create(f"sqlite:///{tmp_path}/cors.db")
    with Session(address, timeout=TIMEOUT) as session:
        session.run("BEGIN IMMEDIATE")
        session.run("INSERT INTO cors_origin (origin) VALUES (%s)", (SHOP,))
    with closing(sqlite3.connect(address.path)) as connection:
        assert connection.execute("SELECT * FROM cors_origin").fetchall() == []


def test_the_lines_of_an_error_become_sentences() -> None:
    """PostgreSQL explains on further lines, and points at a character of the statement."""
    address = read_address("postgresql://app@db/app")
    refused = "connection failed: Connection refused\n\tIs the server running on that host?\n"
    assert explain(OSError(refused), address) == (
        f"{address} cannot be used: connection failed: Connection refused. Is the server running on that host?"
    )
    quoted = OSError("FATAL:  permission denied\nLINE 1: CREATE TABLE x (\n        ^")
    assert explain(quoted, address) == f"{address} cannot be used: FATAL: permission denied"
