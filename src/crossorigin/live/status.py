"""The status of live origins, for health checks and people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStatus:
    """What a set of live origins contains, and how recent it is.

    Attributes:
        source: Where the origins come from: `"memory"`, `"polled"`, `"sqlite"` or `"postgresql"`.
        count: The number of origins that are allowed now.
        revision: The revision of the database that is in use, which is the same in all processes that have applied it.
            Without a database, it is the number of changes that this process has seen.
        ready: Whether the origins were loaded and are in use. In memory, they always are. While `max_stale` has turned
            them off, they are not.
        staleness: The age of the origins in seconds, counted from the start of the last load or comparison that
            succeeded. It is None in memory, and before the first load.
        rejected: The number of origins that are skipped because they are invalid.
        error: Why the last load failed, or None. The origins of the last successful load stay in use.
        connected: Whether the last comparison reached the database. It is None without a database, and before the first
            comparison.
        epoch: The identity of the history that `revision` counts, or None without a database. It changes when the
            database is created again or its origins are truncated.
    """

    source: str
    count: int
    revision: int
    ready: bool
    staleness: float | None
    rejected: int
    error: str | None
    connected: bool | None = None
    epoch: str | None = None


def number_of_origins(count: int) -> str:
    """Return a number of origins in words."""
    return "1 origin" if count == 1 else f"{count} origins"
