"""Which failures of a source are logged: each kind once in an outage, and not again soon after it."""

from __future__ import annotations

import re

_WITH_DIGIT = re.compile(r"\b\w*\d\w*")
# A source that fails every second time would log ten failures a second. Texts of errors may come from outside, so few
# of them are remembered.
_QUIET_SECONDS = 10.0
_MAX_KINDS = 16


class FailureLog:
    """The failures that were logged, for one thread."""

    __slots__ = ("_in_outage", "_logged_at")

    def __init__(self) -> None:
        """Begin without an outage."""
        self._logged_at: dict[str, float] = {}
        self._in_outage: set[str] = set()

    def admits(self, error: str, now: float) -> bool:
        """Record a failure at a time of the monotonic clock, in seconds. Return whether to log it.

        >>> failures = FailureLog()
        >>> failures.admits("no route to host", 0.0), failures.admits("no route to host", 60.0)
        (True, False)
        """
        # Words with digits, such as times and addresses of objects in memory, differ in each failure.
        kind = _WITH_DIGIT.sub("", error)
        if kind in self._in_outage or now - self._logged_at.get(kind, -_QUIET_SECONDS) < _QUIET_SECONDS:
            return False
        if len(self._logged_at) >= _MAX_KINDS:
            self._logged_at.clear()
            self._in_outage.clear()
        self._logged_at[kind] = now
        self._in_outage.add(kind)
        return True

    def end_outage(self) -> bool:
        """Record a success. Return whether a failure was logged since the one before."""
        was_logged = bool(self._in_outage)
        self._in_outage.clear()
        return was_logged
