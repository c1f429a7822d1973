"""What each command does with a store, and what it found. Nothing is printed here."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossorigin.live.stores.editor import Editor, initialize, read_head
from crossorigin.live.stores.session import Session
from crossorigin.live.stores.writer import check_actor
from crossorigin.policy.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from crossorigin.live.stores.address import StoreAddress
    from crossorigin.live.stores.editor import Change, Head
    from crossorigin.live.validation import OriginRules
    from crossorigin.policy.errors import PolicyIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One scope of a store, and the rules for its origins."""

    address: StoreAddress
    scope: str
    rules: OriginRules
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """The origins that an edit changed, those that were so before, and the revision after it."""

    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a store contains. `last` is the newest change in the log, if it has any."""

    head: Head
    count: int
    last: Change | None
    missing_triggers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The rows that every app skips, each with its issue, and what else makes a store unusable."""

    count: int
    issues: tuple[PolicyIssue, ...]
    missing_triggers: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether apps use every row and notice every edit."""
        return not self.issues and not self.missing_triggers


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What has happened since the last look. `is_continuous` is False if the log does not lead from there to here."""

    head: Head
    changes: tuple[Change, ...]
    is_continuous: bool


def login_name() -> str | None:
    """Return the name of the user who runs the command, or None if the system has no name for it."""
    try:
        name = getpass.getuser()
        check_actor(name)
    # Python 3.13 and newer raise OSError.
    except (ImportError, KeyError, OSError, ValueError):
        return None
    return name


def init(target: Target) -> Head:
    """Create the tables and triggers."""
    with Session(target.address, timeout=target.timeout, create=True) as session:
        return initialize(session)


def add(target: Target, origins: Sequence[str], actor: str | None) -> Edited:
    """Add origins in one transaction.

    Raises:
        InvalidPolicyError: At least one is invalid, or there would be too many. Nothing has changed then.
    """
    check_actor(actor)
    _validate(target, origins)
    with Session(target.address, timeout=target.timeout) as session:
        editor = Editor(session, target.rules, scope=target.scope)
        with editor.transaction(actor):
            new = set(editor.add(origins))
            revision = read_head(session).revision
    return _edited(origins, new, revision)


def remove(target: Target, origins: Sequence[str], actor: str | None) -> Edited:
    """Remove origins in one transaction.

    Raises:
        InvalidPolicyError: One is invalid and not stored. Nothing has changed then.
    """
    check_actor(actor)
    with Session(target.address, timeout=target.timeout) as session:
        editor = Editor(session, target.rules, scope=target.scope)
        with editor.transaction(actor):
            gone = {origin for origin in dict.fromkeys(origins) if editor.remove(origin)}
            revision = read_head(session).revision
    return _edited(origins, gone, revision)


def _validate(target: Target, origins: Sequence[str]) -> None:
    issues = [target.rules.issue(origin, "origin") for origin in origins if target.rules.valid(origin) is None]
    if issues:
        raise InvalidPolicyError(issues)


def _edited(origins: Sequence[str], changed: set[str], revision: int) -> Edited:
    given = tuple(dict.fromkeys(origins))
    return Edited(
        changed=tuple(origin for origin in given if origin in changed),
        unchanged=tuple(origin for origin in given if origin not in changed),
        revision=revision,
    )


def list_origins(target: Target) -> tuple[str, ...]:
    """Return all rows, as text."""
    with _reading(target) as (_, editor):
        return tuple(map(str, editor.origins()))


def check(target: Target, origins: Sequence[str]) -> dict[str, bool]:
    """Return whether each origin is stored.

    Raises:
        InvalidPolicyError: At least one is invalid.
    """
    _validate(target, origins)
    with _reading(target) as (_, editor):
        return {origin: editor.contains(origin) for origin in origins}


def history(target: Target, origin: str | None, limit: int) -> tuple[Change, ...]:
    """Return the newest changes, the oldest of them first."""
    with _reading(target) as (_, editor):
        return tuple(editor.changes(origin=origin, limit=limit))


def status(target: Target) -> Status:
    """Return what the store contains."""
    with _reading(target) as (head, editor):
        changes = editor.changes(limit=1)
        return Status(
            head=head,
            count=editor.count(),
            last=changes[0] if changes else None,
            missing_triggers=tuple(editor.missing_triggers()),
        )


def verify(target: Target) -> Verified:
    """Look for rows that apps skip, and for triggers that are missing."""
    with _reading(target) as (_, editor):
        rows = editor.origins()
        triggers = tuple(editor.missing_triggers())
    issues = [target.rules.issue(row, "origin") for row in rows if target.rules.valid(row) is None]
    valid = len(rows) - len(issues)
    if valid > target.rules.limit:
        issues.append(target.rules.too_many(valid, "origin", valid))
    return Verified(count=len(rows), issues=tuple(issues), missing_triggers=triggers)


def news(target: Target, before: Head | None) -> News:
    """Return what has changed since an earlier look, if there was one."""
    with _reading(target) as (head, editor):
        if before is None:
            return News(head=head, changes=(), is_continuous=True)
        if head.epoch != before.epoch or head.revision < before.revision:
            return News(head=head, changes=(), is_continuous=False)
        # After the row of cors_head was replaced, the log can have later changes of the history before.
        changes = tuple(change for change in editor.changes(after=before.revision) if change.revision <= head.revision)
        return News(head=head, changes=changes, is_continuous=True)


@contextmanager
def _reading(target: Target) -> Generator[tuple[Head, Editor]]:
    """Open a session, and read in one snapshot."""
    with Session(target.address, timeout=target.timeout) as session, session.transaction():
        yield read_head(session), Editor(session, target.rules, scope=target.scope)
