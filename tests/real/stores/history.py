"""What was committed when, and whether an answer of a server agrees with it.

All moments are those of `time.monotonic`, which is one clock for all processes of a machine.
"""

import math
import time
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One committed edit of an origin. It took effect between two moments; after a crash, perhaps never."""

    present: bool
    begun: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to one request: whether the origin was allowed, and what the worker said about its origins."""

    origin: str
    is_allowed: bool
    sent: float
    received: float
    compared: float
    """When the comparison began that the worker reported before it decided; -inf if there was none."""
    is_off: bool = False
    """Whether `max_stale` had turned the live origins off."""


class History:
    """The edits of a store, each with the moments before and after its commit. At the start, the store is empty."""

    def __init__(self) -> None:
        """Start without edits."""
        self._changes: dict[str, list[Change]] = defaultdict(list)

    @contextmanager
    def editing(self, *, added: Iterable[str] = (), removed: Iterable[str] = ()) -> Generator[None]:
        """Record the edits that the block commits. If it raises, they may have been committed or not."""
        begun, ended = time.monotonic(), math.inf
        try:
            yield
            ended = time.monotonic()
        finally:
            for present, origins in ((False, removed), (True, added)):
                for origin in origins:
                    self._changes[origin].append(Change(present, begun, ended))

    def changes(self, origin: str) -> list[Change]:
        """Return the edits of an origin, in their order."""
        return self._changes[origin]

    def present(self) -> set[str]:
        """Return the origins that the last edits left in the store."""
        return {origin for origin, changes in self._changes.items() if changes[-1].present}

    def is_wrong(self, answer: Answer) -> bool:
        """Return whether the store was never in the state of the answer, from the comparison until the answer.

        This is stricter than "allows what was removed before, or refuses what was added before": an answer from the
        future is wrong as well.
        """
        possible: set[bool] = {False}
        for change in self._changes.get(answer.origin, ()):
            if change.begun >= answer.received:
                break
            possible = {change.present} | (set() if change.ended <= answer.compared else possible)
        # Before the first load, and after `max_stale`, nothing is allowed.
        if answer.is_off or answer.compared == -math.inf:
            possible |= {False}
        return answer.is_allowed not in possible
