"""What a follower reads from a store, with the same statements in SQLite and PostgreSQL.

All statements of one call run in one snapshot of the database. Values are passed separately.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from crossorigin.live.stores.errors import StoreError, other_version
from crossorigin.live.stores.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Protocol

    from crossorigin.live.stores.address import StoreAddress
    from crossorigin.live.stores.schema import Engine

    # Run a statement, in which `?` is a placeholder, and return its rows.
    Read: TypeAlias = Callable[[str, tuple[object, ...]], Iterable[tuple[Any, ...]]]

    class Cursor(Protocol):
        """The rows of a statement."""

        def fetchmany(self, size: int, /) -> Sequence[tuple[Any, ...]]:
            """Return the next rows, at most this many."""
            ...


# The database cuts longer texts, because the newest change is read with each comparison. What is left of an origin is
# still too long to be valid. SQLite's own functions for texts end at a NUL, so bytes are cut there.
_CUT = {
    "sqlite": "CASE WHEN length(CAST({0} AS blob)) > 1000 THEN CAST(substr(CAST({0} AS blob), 1, 1001) AS text) "
    "ELSE {0} END",
    "postgresql": "left({0}, 1001)",
}
# The change that led to a revision is read with it. After a restore and as many other edits, the revision is the same
# and the change is not.
_HEAD = """\
SELECT head.epoch, head.rev, head.schema_version,
    <change.scope>, <change.origin>, change.action, CAST(change.at AS text)
FROM cors_head AS head LEFT JOIN cors_change AS change ON change.rev = head.rev WHERE head.id = 1"""
_CHANGES = """\
SELECT rev, <scope>, <origin>, action, CAST(at AS text), scope = ? FROM cors_change
WHERE rev >= ? AND rev <= ? ORDER BY rev"""
_ORIGINS = "SELECT <origin> FROM cors_origin WHERE scope = ? LIMIT ?"
_SCHEMA_VERSION = "SELECT schema_version FROM cors_head WHERE id = 1"

# More changes than these cost more than all origins.
MAX_CHANGES = 10_000
# Invalid rows that are read next to as many origins as the limit allows.
MAX_INVALID = 10_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Position:
    """A point in the history of a store.

    Attributes:
        epoch: The identity of the history.
        rev: The number of edits since its beginning.
        change: The last edit, or None if there is none or the log was trimmed.
    """

    epoch: str
    rev: int
    change: tuple[object, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What one comparison has found: either all rows, or the changes since the position before.

    `changes` maps each changed row to whether it is there now.
    """

    position: Position
    rows: list[object] | None = None
    changes: dict[object, bool] | None = None


def read_version(read: Read) -> object:
    """Return the version of the schema, which every later version has in the same place, or None."""
    for (version,) in read(_SCHEMA_VERSION, ()):
        return version
    return None


def read_snapshot(read: Read, before: Position | None, *, address: StoreAddress, scope: str, limit: int) -> Snapshot:
    """Return what has changed since a position, or all rows if the log does not lead from there to the present.

    Raises:
        StoreError: The tables are not in a state that this version can read.
    """
    now = _read_position(read, address)
    if now == before:
        return Snapshot(position=now, changes={})
    changes = None if before is None else _read_changes(read, address.engine, before, now, scope)
    if changes is not None:
        return Snapshot(position=now, changes=changes)
    most = limit + MAX_INVALID
    rows = [row[0] for row in read(_with_cuts(_ORIGINS, address.engine), (scope, most + 1))]
    if len(rows) > most:
        message = (
            f"{address} has more than {most} origins, and the limit is {limit}. Remove origins that are not used, or "
            "raise limit=."
        )
        raise StoreError(message)
    return Snapshot(position=now, rows=rows)


def batches(cursor: Cursor) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a cursor, in steps that do not hold the interpreter for long. Otherwise requests would wait."""
    while rows := cursor.fetchmany(_BATCH):
        yield from rows


def _read_position(read: Read, address: StoreAddress) -> Position:
    heads = list(read(_with_cuts(_HEAD, address.engine), ()))
    if not heads:
        message = f"{address} has no row in cors_head. Run: crossorigin origins init {address.option}"
        raise StoreError(message)
    epoch, rev, version, *change = heads[0]
    if version != VERSION:
        raise StoreError(other_version(address, version))
    return Position(epoch, rev, None if change[0] is None else (rev, *change))


@cache
def _with_cuts(statement: str, engine: Engine) -> str:
    """Return a statement that cuts the columns in angle brackets."""
    return re.sub(r"<([a-z.]+)>", lambda column: _CUT[engine].format(column[1]), statement)


def _read_changes(read: Read, engine: Engine, before: Position, now: Position, scope: str) -> dict[object, bool] | None:
    """Return the changes between two positions, or None if the log does not have all of them."""
    if before.epoch != now.epoch or not 0 < now.rev - before.rev <= MAX_CHANGES:
        return None
    log = list(read(_with_cuts(_CHANGES, engine), (scope, before.rev, now.rev)))
    # The log must begin with the edit that was the last one, so that it continues the same history.
    if before.rev and (not log or log.pop(0)[:-1] != before.change):
        return None
    if [row[0] for row in log] != list(range(before.rev + 1, now.rev + 1)):
        return None
    return {origin: action == "add" for _, _, origin, action, _, is_own in log if is_own}
