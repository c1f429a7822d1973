"""Connections to a SQLite database, with the standard library."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from crossorigin.live.stores.address import StoreAddress

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
