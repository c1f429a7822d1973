"""Connections to a PostgreSQL database with psycopg 3, which only this module imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

    from crossorigin.live.stores.address import StoreAddress

_MISSING = 'PostgreSQL needs the package psycopg: pip install "crossorigin[postgres]"'
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

    defaults = {**_DEFAULTS, "connect_timeout": max(_SHORTEST_CONNECT, int(timeout))}
    return psycopg.connect(
        address.conninfo,
        autocommit=True,
        # Pgbouncer may give each transaction another connection to the server, which has not prepared the statements.
        prepare_threshold=None,
        **{name: value for name, value in defaults.items() if name not in given},
    )


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
