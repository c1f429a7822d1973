"""Following a store: each comparison brings the set of origins to the present of the database.

An unchanged revision costs one small query. New revisions are applied from the log. After a restore, a fail-over or a
trimmed log, all origins are read again.
"""

from __future__ import annotations

import logging
import random
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from crossorigin.live.rows import RowReader
from crossorigin.live.stores.errors import StoreError, other_version
from crossorigin.live.stores.reading import read_snapshot, read_version
from crossorigin.live.stores.schema import VERSION
from crossorigin.live.stores.session import explain
from crossorigin.policy.errors import InvalidPolicyError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from crossorigin.live.origin_table import OriginTable
    from crossorigin.live.stores.address import StoreAddress
    from crossorigin.live.stores.options import StoreOptions
    from crossorigin.live.stores.reading import Position, Read, Snapshot
    from crossorigin.live.validation import OriginRules

# The seconds until the first and the last of the repeated attempts after a failure.
FIRST_DELAY, LAST_DELAY = 0.05, 1.0

_LOGGER = logging.getLogger("crossorigin")


class Store(Protocol):
    """The connection of one thread to a database."""

    is_connected: bool

    def snapshot(self) -> AbstractContextManager[Read]:
        """Begin a transaction in which all statements see the same state of the database."""
        ...

    def wait(self, seconds: float, wake: threading.Event) -> None:
        """Wait for the next comparison."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class Follower:
    """The source that follows one store, and what it has applied to the set of origins."""

    __slots__ = (
        "_invalid",
        "_limit",
        "_options",
        "_reader",
        "_table",
        "address",
        "connected",
        "has_reported_start",
        "position",
    )

    def __init__(self, address: StoreAddress, table: OriginTable, rules: OriginRules, options: StoreOptions) -> None:
        """Store the arguments. Nothing is opened yet."""
        self.address = address
        self.connected: bool | None = None
        self.position: Position | None = None
        # Whether it was logged that the start did not wait any longer.
        self.has_reported_start = False
        self._table = table
        self._limit = rules.limit
        self._options = options
        self._reader = RowReader(rules, str(address), self.command("verify"))
        self._invalid: set[object] = set()

    @property
    def options(self) -> StoreOptions:
        """The options of `LiveOrigins.open`."""
        return self._options

    @property
    def name(self) -> str:
        """The engine of the database."""
        return self.address.engine

    @property
    def task(self) -> str:
        """What a comparison is called in messages."""
        return f"reading {self.address}"

    def command(self, *words: str) -> str:
        """Return the command that does something with this store."""
        command = f"crossorigin origins {shlex.join(words)} {self.address.option}"
        return f"{command} --scope {shlex.quote(self._options.scope)}" if self._options.scope else command

    @property
    def version(self) -> tuple[str, int] | None:
        """The epoch and the revision that were applied last."""
        position = self.position
        return None if position is None else (position.epoch, position.rev)

    def open(self) -> FollowerSession:
        """Return a session for one thread. It connects when it first reads."""
        options = self._options
        if self.address.engine == "sqlite":
            from crossorigin.live.stores.sqlite import SQLiteStore

            return FollowerSession(self, SQLiteStore(self.address, deadline=options.deadline))
        from crossorigin.live.stores.postgres import PostgreSQLStore

        return FollowerSession(self, PostgreSQLStore(self.address, deadline=options.deadline, listen=options.listen))

    def forget(self) -> None:
        """Forget what was applied, because the origins were turned off. The next comparison reads all of them."""
        self.position = None

    def delay(self, failures: int) -> float:
        """Return `poll`, or after failures a delay that grows up to a second."""
        if not failures:
            return self._options.poll
        # The random part keeps all processes from connecting at the same moment after an outage.
        delay: float = min(LAST_DELAY, FIRST_DELAY * 2.0 ** min(failures, 10))
        return delay * random.uniform(0.5, 1)  # noqa: S311  # it protects nothing

    def explain(self, failure: BaseException, *, timed_out: bool) -> str:
        """Return what has failed, without a password."""
        if isinstance(failure, StoreError):
            return str(failure)
        if timed_out:
            return f"{self.task} took longer than deadline={self._options.deadline:g} seconds"
        if isinstance(failure, InvalidPolicyError):
            reasons = [f"{issue.reason} To fix it, {issue.instruction}" for issue in failure.issues]
            return f"{self.task} failed. {' '.join(reasons)}"
        return f"{self.task} failed: {type(failure).__name__}: {' '.join(str(failure).split())}"

    def log(self, message: str, failure: BaseException) -> None:  # noqa: ARG002  # the message has its text
        """Log a failure. The traceback of a driver explains nothing."""
        _LOGGER.error("%s", message)

    def read(self, store: Store) -> Callable[[], int]:
        """Compare with the store, and return the function that applies what is new."""
        before = self.position
        try:
            with store.snapshot() as read:
                snapshot = read_snapshot(
                    read, before, address=self.address, scope=self._options.scope, limit=self._limit
                )
        except TimeoutError:
            raise
        except Exception as error:
            # The tables of a later version can lack what the statements need.
            self._check_version(store)
            if isinstance(error, StoreError):
                raise
            raise StoreError(explain(error, self.address)) from error
        finally:
            self.connected = store.is_connected
        change = self._change_of(before, snapshot)
        return lambda: self._apply(before, snapshot.position, change)

    def _check_version(self, store: Store) -> None:
        version: object = None
        if store.is_connected:
            with suppress(Exception), store.snapshot() as read:
                version = read_version(read)
        if version not in {None, VERSION}:
            raise StoreError(other_version(self.address, version))

    def _change_of(self, before: Position | None, snapshot: Snapshot) -> Callable[[], None]:
        """Validate what was read, and return the function that changes the set. Only that function needs the lock."""
        if snapshot.rows is not None:
            return self._replacement(before, snapshot.position, snapshot.rows)
        return self._changes(snapshot.changes) if snapshot.changes else _change_nothing

    def _apply(self, before: Position | None, now: Position, change: Callable[[], None]) -> int:
        if self.position is not before:
            message = f"the origins were turned off while {self.address} was read"
            raise StoreError(message)
        change()
        self.position = now
        return len(self._invalid)

    def _replacement(self, before: Position | None, now: Position, rows: list[object]) -> Callable[[], None]:
        if not rows and self._table.origins and before is not None and before.epoch != now.epoch:
            message = (
                f"{self.address} is a new database without origins, which is probably a mistake. Restore the database, "
                "or add all origins in one command, because the first change replaces all that are in use. If there "
                "must be none, restart the app."
            )
            raise StoreError(message)
        origins, invalid = self._reader.read(rows, self._table.origins)

        def change() -> None:
            self._table.replace(origins)
            self._invalid = set(invalid)

        return change

    def _changes(self, changes: dict[object, bool]) -> Callable[[], None]:
        removed = {row for row, is_there in changes.items() if not is_there}
        origins, invalid = self._reader.read_changes([row for row in changes if row not in removed], removed)
        gone = {row.encode("utf-8", "surrogatepass") for row in removed if isinstance(row, str)}

        def change() -> None:
            # A revocation applies even if the origins that were added are too many.
            self._table.change(removed=gone - origins)
            self._reader.check_count(len(self._table.origins | origins))
            self._table.change(added=origins)
            self._invalid = (self._invalid - removed) | set(invalid)

        return change


def _change_nothing() -> None:
    """Leave the set as it is, because the revision is the same, or all edits were made in another scope."""


class FollowerSession:
    """A follower together with the connection of one thread."""

    __slots__ = ("_follower", "_store")

    def __init__(self, follower: Follower, store: Store) -> None:
        """Store the arguments."""
        self._follower = follower
        self._store = store

    def read(self) -> Callable[[], int]:
        """Compare with the store, and return the function that applies what is new."""
        return self._follower.read(self._store)

    def wait(self, seconds: float, wake: threading.Event) -> None:
        """Wait for the next comparison."""
        self._store.wait(seconds, wake)

    def close(self) -> None:
        """Close the connection."""
        self._store.close()
