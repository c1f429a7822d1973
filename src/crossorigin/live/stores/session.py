"""A session with a store: one connection, the same statements for both engines, and errors as `StoreError`.

Statements have the placeholders of psycopg, `%s`. What is done in a session takes at most its `timeout`, per statement
in PostgreSQL and as a whole in SQLite.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossorigin.live.stores.errors import StoreError, hide_passwords

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Self

    from crossorigin.live.stores.address import StoreAddress

_MAX_TEXT = 500
# The seconds after the timeout of a statement in which the server may still report it.
_GRACE = 1.0
# The seconds until a lock that SQLite does not wait for is tried again.
_PAUSE = 0.01
_NO_SCHEMA = ("42P01", "3F000")
_PERMISSION_DENIED = "42501"


class Session:
    """A connection to a store. `with Session(address, timeout=5.0) as session:` opens and closes it.

    Raises:
        StoreError: The store cannot be reached.
        ImportError: The driver of PostgreSQL is not installed.
    """

    __slots__ = ("_connection", "_create", "_timeout", "address")

    def __init__(self, address: StoreAddress, *, timeout: float, create: bool = False) -> None:
        """Store the arguments. `create` creates the file of a SQLite database if it does not exist."""
        self.address = address
        self._timeout = timeout
        self._create = create
        # The two drivers have no common type.
        self._connection: Any = None

    def __enter__(self) -> Self:
        """Connect."""
        with self._errors():
            self._connection = self._connect()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection. What was not committed is rolled back."""
        with suppress(Exception):
            self._connection.close()

    def rows(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a statement, and return its rows."""
        with self._errors():
            return list(self._run(statement, parameters).fetchall())

    def run(self, statement: str, parameters: tuple[object, ...] = ()) -> int:
        """Run a statement, and return the number of rows that it changed."""
        with self._errors():
            return int(self._run(statement, parameters).rowcount)

    @contextmanager
    def transaction(self, *, write: bool = False) -> Generator[None]:
        """Run what is in the block in one transaction, with one snapshot if it only reads.

        Whatever the block raises rolls back. In PostgreSQL, the server ends a transaction whose block is idle for
        longer than the timeout, because others would wait for it.
        """
        self.run(self._begin(write=write))
        try:
            if self.address.engine == "postgresql":
                self._set("statement_timeout", f"{self._timeout * 1000:.0f}")
                self._set("idle_in_transaction_session_timeout", f"{self._timeout * 1000:.0f}")
            yield
        except BaseException:
            # The server rolls back as well if the connection is lost.
            with suppress(StoreError):
                self.run("ROLLBACK")
            raise
        self.run("COMMIT")

    def use_wal(self) -> None:
        """Let the readers and the writer of a SQLite file not wait for each other. The file keeps this setting."""
        end = time.monotonic() + self._timeout
        while True:
            try:
                self.rows("PRAGMA journal_mode = WAL")
            except StoreError as error:
                # SQLite does not wait for a connection that does the same at this moment.
                if time.monotonic() >= end or getattr(error.__context__, "sqlite_errorname", "") != "SQLITE_BUSY":
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def set_actor(self, actor: str | None) -> None:
        """Name the person whose changes the log attributes to this transaction."""
        if self.address.engine == "sqlite":
            self.run("UPDATE cors_head SET actor = %s", (actor,))
        elif actor is not None:
            self._set("crossorigin.actor", actor)

    def _set(self, name: str, value: str) -> None:
        # Only for this transaction: pgbouncer gives the connection to others after it.
        self.run("SELECT set_config(%s, %s, true)", (name, value))

    def _begin(self, *, write: bool) -> str:
        if self.address.engine == "sqlite":
            return "BEGIN IMMEDIATE" if write else "BEGIN"
        return "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ"

    def _run(self, statement: str, parameters: tuple[object, ...]) -> Any:
        if self.address.engine == "sqlite":
            return self._connection.execute(statement.replace("%s", "?"), parameters)
        from crossorigin.live.stores.postgres import shut_down_at

        # The server ends a statement itself, unless it hangs.
        latest = time.monotonic() + self._timeout + _GRACE
        try:
            with shut_down_at(latest, self._connection):
                # Without parameters, psycopg sends a script of several statements as it is.
                return self._connection.execute(statement, parameters or None)
        except Exception:
            if time.monotonic() < latest:
                raise
            message = f"the server has not answered for {self._timeout + _GRACE:g} seconds."
            raise TimeoutError(message) from None

    def _connect(self) -> Any:
        if self.address.engine == "sqlite":
            from crossorigin.live.stores import sqlite

            return sqlite.connect(self.address, timeout=self._timeout, mode="rwc" if self._create else "rw")
        from crossorigin.live.stores import postgres

        return postgres.connect(self.address, timeout=self._timeout)

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Turn the errors of the driver into `StoreError`. Nothing but the driver runs in the block."""
        try:
            yield
        except (ImportError, ValueError):
            raise
        except Exception as error:  # noqa: BLE001  # two drivers without a common error
            # Without the original error, whose text may have a password.
            raise StoreError(explain(error, self.address, creates=self._create)) from None


def explain(error: BaseException, address: StoreAddress, *, creates: bool = False) -> str:
    """Return what is wrong with a store, and what to do."""
    text = _one_line(hide_passwords(str(error), address))[:_MAX_TEXT]
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate in _NO_SCHEMA or "no such table" in text:
        return f"{address} has no tables of live origins. Run: crossorigin origins init {address.option}"
    if sqlstate == _PERMISSION_DENIED:
        return f"{address} refuses this user: {text}. Grant the permissions in docs/live-stores.md."
    if address.path and not _is_there(Path(address.path)):
        return _explain_missing_file(text, address, creates=creates)
    if "locked" in text or text == "interrupted":
        return f"{address} is locked by another process, which did not finish in time: {text}."
    return f"{address} cannot be used: {text or type(error).__name__}"


def _one_line(text: str) -> str:
    """Return the lines of a driver's error as sentences, without the statement that PostgreSQL quotes after them."""
    lines = [" ".join(line.split()).removesuffix(".") for line in text.partition("\nLINE ")[0].splitlines()]
    return ". ".join(filter(None, lines))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    # This user may not look into the folder, or the file system does not accept the name.
    except OSError:
        return False


def _explain_missing_file(text: str, address: StoreAddress, *, creates: bool) -> str:
    parent = Path(address.path).parent
    if not _is_there(parent):
        return f"The folder of {address} does not exist, seen from {Path.cwd()}."
    if not os.access(parent, os.X_OK):
        return f"This user has no permission for the folder of {address}."
    if creates:
        return f"{address} cannot be created: {text}. This user needs write permission on its folder."
    return f"There is no database at {address}. Run: crossorigin origins init {address.option}"
