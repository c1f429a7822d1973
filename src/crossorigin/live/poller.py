"""The thread that calls the user's `load` function again and again, and feeds an `OriginTable` with its result.

There is one daemon thread per process and set. It starts when an app serves its first connection, or with the first
`refresh`, so that a server that imports the app before it forks loads nothing, and shares no database connection with
its workers. After a fork of a process that has started it, the child starts its own.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet, ref

from crossorigin.live.changes import at_fork
from crossorigin.live.rows import RowReader
from crossorigin.policy.errors import without_passwords

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from crossorigin.live.origin_table import OriginTable
    from crossorigin.live.validation import OriginRules

    Rows = Iterable[str]
    Load = Callable[[], Rows | Awaitable[Rows]]

_MAX_ERROR = 200

_LOGGER = logging.getLogger("crossorigin")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of the loads until now: when the last successful one began, what it skipped, and the last error."""

    loaded_at: float | None = None
    rejected: int = 0
    error: str | None = None


class Poller:
    """Load all origins every `every` seconds, each time within `deadline` seconds."""

    __slots__ = (
        "__weakref__",
        "_begun",
        "_deadline",
        "_every",
        "_load",
        "_outcome",
        "_reader",
        "_started",
        "_table",
        "_waiting",
        "_wake",
    )

    source = "polled"

    def __init__(self, load: Load, table: OriginTable, rules: OriginRules, *, every: float, deadline: float) -> None:
        """Store the arguments. Nothing is loaded before `start`."""
        self._load = load
        self._table = table
        self._reader = RowReader(rules)
        self._every = every
        self._deadline = deadline
        self._outcome = Outcome()
        self._reset()
        _POLLERS.add(self)

    def _reset(self) -> None:
        self._begun: float | None = None
        self._wake = threading.Event()
        self._waiting: deque[Future[None]] = deque()
        # It is acquired once, by the thread that starts the poller, and never waited for.
        self._started = threading.Lock()

    def start(self) -> None:
        """Start the thread of this process, unless it was started before."""
        if self._started.acquire(blocking=False):
            threading.Thread(
                target=_run, args=(ref(self), self._wake), name="crossorigin live origins", daemon=True
            ).start()

    def restart_in_child(self) -> None:
        """Start the thread again after a fork, which copies only the thread that forks."""
        was_started = self._started.locked()
        self._reset()
        if was_started:
            self.start()

    def request(self) -> Future[None]:
        """Ask for a load that begins after this call. The result is None, or the error of the load."""
        done: Future[None] = Future()
        # First the future, then the event: the thread clears the event before it looks for futures.
        self._waiting.append(done)
        self._wake.set()
        self.start()
        return done

    @property
    def longest(self) -> float:
        """The longest time in seconds that a requested load may take, after one that is under way."""
        return 2 * self._deadline

    @property
    def outcome(self) -> Outcome:
        """The outcome of the loads, with the load under way if it is over its deadline."""
        begun, outcome = self._begun, self._outcome
        if begun is None or time.monotonic() - begun <= self._deadline:
            return outcome
        error = f"load has been running for {time.monotonic() - begun:.0f} s (deadline={self._deadline:g})"
        return Outcome(outcome.loaded_at, outcome.rejected, error)

    def poll(self, wait_for: Callable[[Awaitable[Rows], float], Rows]) -> float:
        """Load once. Return the time in seconds to wait until the next load."""
        self._wake.clear()
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        begun = self._begun = time.monotonic()
        failure: BaseException | None = None
        try:
            result = self._load()
            rows: Any = wait_for(result, self._deadline) if inspect.isawaitable(result) else result
            origins, rejected = self._reader.read(rows, self._table.origins)
            self._table.replace(origins)
            self._outcome = Outcome(begun, rejected)
        # Whatever the function of the user raises, the thread goes on with the origins of the last load.
        except BaseException as error:  # noqa: BLE001
            failure = error
            self._fail(error, begun)
        self._begun = None
        for done in waiting:
            # A future whose caller no longer waits is canceled.
            if not done.set_running_or_notify_cancel():
                continue
            if failure is None:
                done.set_result(None)
            else:
                done.set_exception(failure)
        return self._every

    def _fail(self, failure: BaseException, begun: float) -> None:
        before = self._outcome
        text = str(failure) or "no message"
        if isinstance(failure, TimeoutError) and time.monotonic() - begun >= self._deadline:
            text = f"it took longer than deadline={self._deadline:g} seconds"
        # The text of a database driver may have the URL of the database in it.
        error = without_passwords(f"load failed: {type(failure).__name__}: {text}")[:_MAX_ERROR]
        self._outcome = Outcome(before.loaded_at, before.rejected, error)
        # The same error is logged once, until a load succeeds.
        if error != before.error:
            served = f"The {len(self._table.origins)} origins of the last load stay in use."
            if before.loaded_at is None:
                served = "No origins were loaded yet, so only those of the policy are allowed."
            _LOGGER.error("Live origins: %s. %s", error, served, exc_info=failure)


def _run(poller_of: Callable[[], Poller | None], wake: threading.Event) -> None:
    """Poll until nothing holds the poller. The thread itself holds it only during a load."""
    runner: asyncio.Runner | None = None

    def wait_for(rows: Awaitable[Rows], deadline: float) -> Rows:
        nonlocal runner
        # One event loop for all loads, so that connections which `load` keeps stay usable.
        runner = runner or asyncio.Runner()
        return runner.run(_await(rows, deadline))

    while (poller := poller_of()) is not None:
        delay = poller.poll(wait_for)
        del poller
        wake.wait(delay)
    if runner is not None:
        runner.close()


async def _await(rows: Awaitable[Rows], deadline: float) -> Rows:
    return await asyncio.wait_for(rows, deadline)


_POLLERS: WeakSet[Poller] = WeakSet()


def _restart_all() -> None:
    for poller in list(_POLLERS):
        poller.restart_in_child()


at_fork(after_in_child=_restart_all)
