"""What the commands print: lines for people, and one JSON document for programs.

Everything that comes from a database is cleaned, because it could control the terminal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crossorigin.doctor.wording import clean
from crossorigin.policy.errors import without_passwords

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crossorigin.doctor.origins.tasks import Edited, Status, Verified
    from crossorigin.live.stores.address import StoreAddress
    from crossorigin.live.stores.editor import Change, Head
    from crossorigin.policy.errors import PolicyIssue

_NOBODY = "-"


def to_json(document: object) -> str:
    """Return a document on one line."""
    return json.dumps(document)


def init_document(address: StoreAddress, head: Head, version: int) -> dict[str, object]:
    """Return the document of `init`."""
    return {"store": str(address), "schema_version": version, "epoch": head.epoch, "revision": head.revision}


def init_text(address: StoreAddress, head: Head, version: int) -> str:
    """Return the line of `init`."""
    return f"{clean(str(address))} is ready: schema version {version}, revision {head.revision}"


def edited_document(edited: Edited) -> dict[str, object]:
    """Return the document of `add` and `remove`."""
    return {
        "revision": edited.revision,
        "changed": list(edited.changed),
        "unchanged": list(edited.unchanged),
    }


def edited_text(edited: Edited, *, changed: str, unchanged: str) -> str:
    """Return the lines of `add` and `remove`: one for each origin."""
    lines = [f"{changed}: {clean(origin)}" for origin in edited.changed]
    lines += [f"{unchanged}: {clean(origin)}" for origin in edited.unchanged]
    return "\n".join([*lines, f"Revision {edited.revision}"])


def checked_document(found: dict[str, bool]) -> dict[str, object]:
    """Return the document of `check`."""
    return {"origins": [{"origin": origin, "stored": stored} for origin, stored in found.items()]}


def checked_text(found: dict[str, bool]) -> str:
    """Return the lines of `check`."""
    return "\n".join(f"{clean(origin)} is {'' if stored else 'not '}stored" for origin, stored in found.items())


def change_document(change: Change) -> dict[str, object]:
    """Return one change."""
    return {
        "revision": change.revision,
        "at": change.at,
        "action": change.action,
        "origin": change.origin,
        "actor": change.actor,
    }


def change_lines(changes: Iterable[Change]) -> list[str]:
    """Return a line for each change: revision, time, action, origin and actor."""
    return [
        clean(f"{change.revision}  {change.at}  {change.action:6}  {change.origin}  {change.actor or _NOBODY}")
        for change in changes
    ]


def status_document(address: StoreAddress, scope: str, status: Status, version: int) -> dict[str, object]:
    """Return the document of `status`."""
    return {
        "store": str(address),
        "scope": scope,
        "schema_version": version,
        "epoch": status.head.epoch,
        "revision": status.head.revision,
        "count": status.count,
        "last_change": None if status.last is None else change_document(status.last),
        "missing_triggers": list(status.missing_triggers),
    }


def status_text(address: StoreAddress, scope: str, status: Status, version: int) -> str:
    """Return the lines of `status`."""
    lines = {
        "store": str(address),
        "scope": scope or "(none)",
        "schema version": str(version),
        "epoch": status.head.epoch,
        "revision": str(status.head.revision),
        "origins": str(status.count),
        "last change": _NOBODY if status.last is None else change_lines([status.last])[0],
    }
    text = "\n".join(f"{name:16}{clean(value)}" for name, value in lines.items())
    return "\n".join([text, *_trigger_lines(status.missing_triggers)])


def verified_document(verified: Verified) -> dict[str, object]:
    """Return the document of `verify`."""
    return {
        "count": verified.count,
        "issues": list(map(_issue_document, verified.issues)),
        "missing_triggers": list(verified.missing_triggers),
    }


def verified_text(verified: Verified) -> str:
    """Return the lines of `verify`."""
    if verified.is_good:
        return f"Rows: {verified.count}. All are valid, and no trigger is missing."
    lines: list[str] = []
    if verified.issues:
        lines = [f"Rows: {verified.count}. Errors: {len(verified.issues)}. Apps skip invalid rows."]
        lines += [str(issue) for issue in verified.issues]
    return "\n".join([*lines, *_trigger_lines(verified.missing_triggers)])


def error_document(message: str, issues: Sequence[PolicyIssue] = ()) -> dict[str, Any]:
    """Return the document of a command that failed."""
    return {"error": {"message": message, "issues": list(map(_issue_document, issues))}}


def _trigger_lines(missing: Sequence[str]) -> list[str]:
    if not missing:
        return []
    return [f"Missing triggers: {', '.join(missing)}. Apps do not notice edits. Run: crossorigin origins init"]


def _issue_document(issue: PolicyIssue) -> dict[str, object]:
    value = without_passwords(issue.value) if isinstance(issue.value, str) else repr(issue.value)
    return {"code": str(issue.code), "value": value, "message": issue.reason, "fix": without_passwords(issue.hint)}
