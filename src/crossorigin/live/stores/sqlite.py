"""A SQLite database as a store of live origins, with the standard library."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakSet

from crossorigin.live.changes import at_fork
from crossorigin.live.stores.reading import batches

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from crossorigin.live.stores.address import StoreAddress
    from crossorigin.live.stores.reading import Read

# How many instructions of SQLite's virtual machine run between two looks at the clock: about a tenth of a millisecond.
_INSTRUCTIONS = 10_000


def connect(address: StoreAddress, *, timeout: float, mode: Literal["ro", "rw", "rwc"] = "rw") -> sqlite3.Connection:
    """Return a connection that commits each statement, unless a transaction was begun.

    The file must exist, unless `mode` is "rwc". Waiting for locks and running statements ends after `timeout` seconds,
    counted from now.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """
    deadline = time.monotonic() + timeout
    # `as_uri` percent-encodes what has a meaning in a URI.
    uri = f"{Path(address.path).as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS)
    # A row that is not UTF-8 must not make the others unreadable.
    connection.text_factory = _decode
    return connection


def _decode(value: bytes) -> str:
    return value.decode("utf-8", "replace")


class SQLiteStore:
    """A SQLite database that is followed. It is opened for each comparison, so that a replaced file is noticed."""

    __slots__ = ("_address", "_deadline", "_lock", "is_connected")

    def __init__(self, address: StoreAddress, *, deadline: float) -> None:
        """Store the arguments. Nothing is opened yet."""
        self._address = address
        self._deadline = deadline
        self._lock = threading.Lock()
        _LOCKS.add(self._lock)
        self.is_connected = False

    @contextmanager
    def snapshot(self) -> Generator[Read]:
        """Open the file and begin a transaction.

        Raises:
            sqlite3.Error: SQLite cannot read the file.
            TimeoutError: The deadline has passed.
        """
        deadline = time.monotonic() + self._deadline
        self.is_connected = False
        try:
            with self._lock, closing(connect(self._address, timeout=self._deadline)) as connection:
                self.is_connected = True
                connection.execute("BEGIN")
                yield partial(_read, connection)
        except sqlite3.Error as error:
            if time.monotonic() >= deadline:
                raise TimeoutError from error
            raise

    def wait(self, seconds: float, wake: threading.Event) -> None:
        """Wait for the next comparison."""
        wake.wait(seconds)

    def close(self) -> None:
        """Do nothing: no connection is kept."""


def _read(connection: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
    return batches(connection.execute(statement, values))


# A fork copies the locks within SQLite as they are, so it must not happen while another thread reads.
_LOCKS: WeakSet[threading.Lock] = WeakSet()
_LONGEST_FORK_DELAY = 1.0
_held: list[threading.Lock] = []


def _before_fork() -> None:
    deadline = time.monotonic() + _LONGEST_FORK_DELAY
    locks = list(_LOCKS)
    _held.extend(lock for lock in locks if lock.acquire(timeout=max(0, deadline - time.monotonic())))


def _after_fork() -> None:
    while _held:
        _held.pop().release()


at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
