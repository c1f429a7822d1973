"""Editing and reading a store: what `LiveOrigins.writer` and the command `crossorigin origins` do in a session.

Origins are added and removed in the block of `Editor.transaction`, which commits at its end.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from crossorigin.live.stores.errors import StoreError, other_version
from crossorigin.live.stores.schema import STATEMENTS, VERSION
from crossorigin.policy.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from crossorigin.live.stores.session import Session
    from crossorigin.live.validation import OriginRules

TRIGGERS = {
    "sqlite": ("cors_origin_deleted", "cors_origin_inserted", "cors_origin_updated"),
    "postgresql": (
        "cors_origin_deleted",
        "cors_origin_edited",
        "cors_origin_inserted",
        "cors_origin_truncated",
        "cors_origin_updated",
    ),
}
_CHANGES = {
    "sqlite": "SELECT rev, at, action, origin, actor FROM cors_change WHERE scope = %s AND rev > %s",
    "postgresql": (
        """SELECT rev, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), action, origin, actor"""
        " FROM cors_change WHERE scope = %s AND rev > %s"
    ),
}
# A lock for two `init` at the same time, because PostgreSQL's IF NOT EXISTS does not wait for other transactions. The
# number is arbitrary, and the same in every release.
_LOCK = "SELECT pg_advisory_xact_lock(4350723)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The revision of a store.

    Attributes:
        epoch: A random text, which changes when the history no longer leads to the present.
        revision: The number of changes in this epoch.
    """

    epoch: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the log.

    Attributes:
        revision: The revision that the change made.
        at: When it was made, by the clock of the database, in UTC and as in ISO 8601.
        action: "add" or "remove".
        origin: The origin.
        actor: Who made it, or None if nobody was named.
    """

    revision: int
    at: str
    action: Literal["add", "remove"]
    origin: str
    actor: str | None


def initialize(session: Session) -> Head:
    """Create what is missing of the tables and triggers.

    Raises:
        StoreError: The store has another version of the schema.
    """
    engine = session.address.engine
    if engine == "sqlite":
        session.use_wal()
    with session.transaction(write=True):
        if engine == "postgresql":
            session.rows(_LOCK)
        if _has_head(session):
            read_head(session)
        for statement in STATEMENTS[engine]:
            session.run(statement)
        return read_head(session)


def _has_head(session: Session) -> bool:
    if session.address.engine == "sqlite":
        tables = session.rows("SELECT 1 FROM sqlite_master WHERE name = 'cors_head'")
    else:
        tables = session.rows("SELECT 1 WHERE to_regclass('cors_head') IS NOT NULL")
    return bool(tables) and bool(session.rows("SELECT 1 FROM cors_head"))


def read_head(session: Session) -> Head:
    """Return the revision.

    Raises:
        StoreError: The store has no tables of live origins, or another version of them.
    """
    found = session.rows("SELECT epoch, rev, schema_version FROM cors_head")
    if not found:
        address = session.address
        message = f"cors_head of {address} is empty. Run: crossorigin origins init {address.option}"
        raise StoreError(message)
    [(epoch, revision, version)] = found
    if version != VERSION:
        raise StoreError(other_version(session.address, version))
    return Head(epoch=str(epoch), revision=int(revision))


class Editor:
    """The origins of one scope of a store, in an open session."""

    __slots__ = ("_rules", "_scope", "_session")

    def __init__(self, session: Session, rules: OriginRules, *, scope: str = "") -> None:
        """Store the arguments."""
        self._session = session
        self._rules = rules
        self._scope = scope

    @contextmanager
    def transaction(self, actor: str | None = None) -> Generator[None]:
        """Commit at the end of the block, or roll back if it raises. No other edit runs at the same time.

        Raises:
            StoreError: The store has no schema or another one, or another edit did not end in time.
        """
        session = self._session
        with session.transaction(write=True):
            read_head(session)
            if session.address.engine == "postgresql":
                # The trigger locks the head. A statement that had to wait for it would not see what was committed
                # meanwhile, so removing an origin could miss it.
                session.run("DELETE FROM cors_origin WHERE false")
            session.set_actor(actor)
            yield
            if session.address.engine == "sqlite":
                session.set_actor(None)

    def add(self, origins: Iterable[str]) -> list[str]:
        """Add valid origins, and return those that are new.

        Raises:
            InvalidPolicyError: There would be more origins than the limit. The transaction must be rolled back.
        """
        new = self._insert(sorted(set(origins)))
        if new and (count := self.count()) > self._rules.limit:
            raise InvalidPolicyError([self._rules.too_many(count, "origin", new[0])])
        return new

    def _insert(self, origins: list[str]) -> list[str]:
        if self._session.address.engine == "postgresql":
            # In one statement, so that the revision is updated once.
            insert = "INSERT INTO cors_origin (scope, origin) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING"
            rows = self._session.rows(f"{insert} RETURNING origin", (self._scope, origins))
            return sorted(origin for (origin,) in rows)
        insert = "INSERT INTO cors_origin (scope, origin) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        return [origin for origin in origins if self._session.run(insert, (self._scope, origin))]

    def remove(self, origin: str) -> bool:
        """Remove an origin, and return whether it was there. An invalid row can be removed with its exact text.

        Raises:
            InvalidPolicyError: The origin is invalid, and there is no such row.
        """
        delete = "DELETE FROM cors_origin WHERE scope = %s AND origin = %s"
        removed = _can_be_stored(origin) and self._session.run(delete, (self._scope, origin)) > 0
        if not removed:
            self._rules.read(origin)
        return removed

    def contains(self, origin: str) -> bool:
        """Return whether an origin is stored."""
        select = "SELECT 1 FROM cors_origin WHERE scope = %s AND origin = %s"
        return bool(self._session.rows(select, (self._scope, origin)))

    def count(self) -> int:
        """Return the number of rows."""
        [(count,)] = self._session.rows("SELECT count(*) FROM cors_origin WHERE scope = %s", (self._scope,))
        return int(count)

    def origins(self) -> list[object]:
        """Return all rows, sorted. A row that was written by hand can be invalid, and in SQLite of another type."""
        select = "SELECT origin FROM cors_origin WHERE scope = %s"
        return sorted((origin for (origin,) in self._session.rows(select, (self._scope,))), key=str)

    def changes(self, *, after: int = 0, origin: str | None = None, limit: int | None = None) -> list[Change]:
        """Return the log, the oldest change first. With a limit, return the newest ones."""
        select = _CHANGES[self._session.address.engine]
        parameters: tuple[object, ...] = (self._scope, after)
        if origin is not None:
            select, parameters = f"{select} AND origin = %s", (*parameters, origin)
        newest_first = f"{select} ORDER BY rev DESC"
        if limit is not None:
            newest_first, parameters = f"{newest_first} LIMIT %s", (*parameters, limit)
        return [
            Change(
                revision=int(revision),
                at=str(at),
                action=cast("Literal['add', 'remove']", action),
                origin=str(changed),
                actor=None if actor is None else str(actor),
            )
            for revision, at, action, changed, actor in reversed(self._session.rows(newest_first, parameters))
        ]

    def missing_triggers(self) -> list[str]:
        """Return the triggers that do not run. Edits without them are not noticed by any process."""
        if self._session.address.engine == "sqlite":
            select = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'cors_origin'"
        else:
            select = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'cors_origin'::regclass AND tgenabled IN ('O', 'A')"
        found = {name for (name,) in self._session.rows(select)}
        return [name for name in TRIGGERS[self._session.address.engine] if name not in found]


def _can_be_stored(origin: object) -> bool:
    """Return whether a value can be in a column of the type text."""
    if not isinstance(origin, str) or "\0" in origin:
        return False
    try:
        origin.encode()
    except UnicodeEncodeError:
        return False
    return True
