"""The status of live origins, for health checks and people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveStatus:
    """What a set of live origins contains, and how recent it is.

    Attributes:
        source: Where the origins come from: `"memory"` or `"polled"`.
        count: The number of origins that are allowed now.
        revision: The number of changes that this process has seen. It differs between processes.
        ready: Whether the origins were loaded at least once. In memory, they always are.
        staleness: The age of the origins in seconds, counted from the start of the load that they come from. It is None
            in memory, and before the first load.
        rejected: The number of origins in the last load that were skipped because they are invalid.
        error: Why the last load failed, or None. The origins of the last successful load stay in use.
    """

    source: str
    count: int
    revision: int
    ready: bool
    staleness: float | None
    rejected: int
    error: str | None
