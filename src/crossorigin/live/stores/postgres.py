"""A PostgreSQL database as a store of live origins, with psycopg 3, which only this module imports."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from crossorigin.live.stores.reading import batches
from crossorigin.live.stores.schema import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from psycopg import Connection
    from psycopg.rows import TupleRow

    from crossorigin.live.stores.address import StoreAddress
    from crossorigin.live.stores.reading import Read

_MISSING = "PostgreSQL needs the package psycopg: pip install 'crossorigin[postgres]'"
# The smallest value that libpq accepts.
_SHORTEST_CONNECT = 2
# A peer that vanished without closing its connections is noticed after about a minute at most.
_DEFAULTS: dict[str, Any] = {
    "application_name": "crossorigin",
    "client_encoding": "utf8",
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}

# How often a thread that waits for notifications looks whether somebody asks for a comparison, in seconds.
_SLICE = 0.05
# How long it waits between two comparisons in any case, in seconds. Whoever may connect may also send notifications.
_PAUSE = 0.01

_LOGGER = logging.getLogger("crossorigin")


def check_url(address: StoreAddress) -> None:
    """Check that the driver is installed, and that it accepts the URL.

    Raises:
        ImportError: The driver is not installed.
        ValueError: The URL is invalid.
    """
    _parameters(address)


def connect(address: StoreAddress, *, timeout: float) -> Connection[TupleRow]:
    """Return a connection that commits each statement, unless a transaction was begun.

    Args:
        address: The address of the database.
        timeout: How long each address of the server may take to accept the connection, in seconds. It is rounded to
            whole seconds, and is at least 2, as in libpq.

    Raises:
        ImportError: The driver is not installed.
        psycopg.Error: The server does not accept the connection.
        ValueError: The URL is invalid.
    """
    given = _parameters(address)
    import psycopg
    from psycopg.conninfo import make_conninfo

    defaults = {**_DEFAULTS, "connect_timeout": max(_SHORTEST_CONNECT, int(timeout))}
    missing = {name: value for name, value in defaults.items() if name not in given}
    # Pgbouncer may give each transaction another connection to the server, which has not prepared the statements.
    return psycopg.connect(make_conninfo(address.conninfo, **missing), autocommit=True, prepare_threshold=None)


def _parameters(address: StoreAddress) -> dict[str, Any]:
    try:
        import psycopg
    except ImportError as error:
        # psycopg raises an ImportError as well if it finds no libpq.
        message = f"{_MISSING} ({error})"
        raise ImportError(message) from None
    from psycopg.conninfo import conninfo_to_dict

    try:
        return dict(conninfo_to_dict(address.conninfo))
    except psycopg.ProgrammingError:
        # Without the original error, whose text has parts of the URL.
        message = f"libpq does not accept the URL of the PostgreSQL store ({address}). Check its parameters."
        raise ValueError(message) from None


class PostgreSQLStore:
    """A PostgreSQL database that is followed, over one connection. Any error closes it, and the next use reconnects."""

    __slots__ = ("_address", "_begin", "_connection", "_deadline", "_has_warned", "_listen", "is_connected")

    def __init__(self, address: StoreAddress, *, deadline: float, listen: bool) -> None:
        """Store the arguments. Nothing is connected yet."""
        self._address = address
        self._deadline = deadline
        # One round trip for both. The setting ends with the transaction, as pgbouncer requires.
        milliseconds = max(1, int(deadline * 1000))
        begin = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {milliseconds}"
        self._begin = begin.encode("ascii")
        self._listen = listen
        self._has_warned = False
        self._connection: Connection[TupleRow] | None = None
        self.is_connected = False

    @contextmanager
    def snapshot(self) -> Generator[Read]:
        """Connect if necessary, and begin a transaction.

        Raises:
            psycopg.Error: The server cannot be reached, or reports an error.
            TimeoutError: The deadline has passed.
        """
        deadline = time.monotonic() + self._deadline
        self.is_connected = False
        connection: Connection[TupleRow] | None = None
        try:
            connection, is_new = self._connection, self._connection is None
            if connection is None:
                connection = self._connection = connect(self._address, timeout=self._deadline)
            with shut_down_at(deadline, connection):
                if is_new and self._listen:
                    self._subscribe(connection)
                connection.execute(self._begin)
                self.is_connected = True
                yield partial(_read, connection)
                connection.execute("COMMIT")
        except BaseException as error:
            # After an error of a statement, the server still answers.
            self.is_connected = connection is not None and not connection.closed
            self.close()
            if time.monotonic() >= deadline:
                raise TimeoutError from error
            raise

    def _subscribe(self, connection: Connection[TupleRow]) -> None:
        """Ask for notifications. They only shorten the wait, so an error must not stop the comparisons."""
        import psycopg

        try:
            connection.execute(f"LISTEN {CHANNEL}".encode("ascii"))
        except psycopg.Error as error:
            if connection.closed:
                raise
            if not self._has_warned:
                self._has_warned = True
                _LOGGER.warning(
                    "Live origins: %s does not notify of changes, so listen=True has no effect. A standby server does "
                    "not support LISTEN, for example. %s",
                    self._address,
                    " ".join(str(error).split()),
                )

    def wait(self, seconds: float, wake: threading.Event) -> None:
        """Wait for the next comparison, which a notification of a change can begin earlier."""
        connection = self._connection
        if not self._listen or connection is None:
            wake.wait(seconds)
            return
        import psycopg

        end = time.monotonic() + seconds
        # Many notifications in a row lead to few comparisons.
        wake.wait(min(seconds, _PAUSE))
        # The first look is for notifications that came with the comparison.
        has_data = True
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(connection.fileno(), selectors.EVENT_READ)
                while not wake.is_set() and (left := end - time.monotonic()) > 0:
                    if has_data and list(connection.notifies(timeout=0)):
                        return
                    has_data = bool(selector.select(min(left, _SLICE)))
        except psycopg.Error:
            # The next comparison connects again, and reports an error.
            self.close()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _read(connection: Connection[TupleRow], statement: str, values: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
    return batches(connection.execute(statement.replace("?", "%s").encode("ascii"), values))


@contextmanager
def shut_down_at(deadline: float, connection: Connection[TupleRow]) -> Generator[None]:
    """Shut the connection down at a point in time, because libpq waits without a limit for a peer that hangs."""
    # The family of the duplicate has no effect on `shutdown`.
    with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as peer:
        timer = threading.Timer(deadline - time.monotonic(), _shut_down, (peer,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _shut_down(peer: socket.socket) -> None:
    # The peer may have closed the connection in the meantime.
    with suppress(OSError):
        peer.shutdown(socket.SHUT_RDWR)
