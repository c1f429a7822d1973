"""The thread that reads origins again and again, from a function of the user or from a database.

There is one daemon thread per process and set. It starts when an app serves its first connection, or with the first
`refresh`, so that a server that imports the app before it forks reads nothing, and shares no database connection with
its workers. After a fork of a process that has started it, the child starts its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, replace
from weakref import WeakSet, ref

from crossorigin.live.changes import CHANGES, at_fork
from crossorigin.live.expiry import turn_off_when_stale
from crossorigin.live.failure_log import FailureLog
from crossorigin.live.status import LiveStatus, number_of_origins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crossorigin.live.origin_table import OriginTable
    from crossorigin.live.source import Session, Source

_LOGGER = logging.getLogger("crossorigin")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading has led to until now.

    Attributes:
        loaded_at: When the last successful attempt began, on the monotonic clock.
        rejected: How many rows are invalid.
        error: Why the last attempt failed.
        is_off: Whether the origins are turned off, because no attempt has succeeded for `max_stale` seconds.
    """

    loaded_at: float | None = None
    rejected: int = 0
    error: str | None = None
    is_off: bool = False


class Poller:
    """Read from a source until nothing holds this object. An attempt is reported if it exceeds `deadline` seconds."""

    __slots__ = (
        "__weakref__",
        "_begun",
        "_deadline",
        "_failure_log",
        "_failures",
        "_first",
        "_max_stale",
        "_outcome",
        "_source",
        "_started",
        "_started_at",
        "_table",
        "_waiting",
        "_wake",
    )

    def __init__(self, source: Source, table: OriginTable, *, deadline: float, max_stale: float | None = None) -> None:
        """Store the arguments. Nothing is read before `start`."""
        self._source = source
        self._table = table
        self._deadline = deadline
        self._max_stale = max_stale
        self._outcome = Outcome()
        self._failure_log = FailureLog()
        self._reset()
        _POLLERS.add(self)

    def _reset(self) -> None:
        self._begun: float | None = None
        self._failures = 0
        self._wake = threading.Event()
        self._waiting: deque[Future[None]] = deque()
        self._first: deque[Future[None]] = deque()
        # It is acquired once, by the thread that starts the poller, and never waited for.
        self._started = threading.Lock()
        self._started_at: float | None = None

    def start(self) -> None:
        """Start the thread of this process, unless it was started before."""
        if not self._started.acquire(blocking=False):
            return
        self._started_at = time.monotonic()
        try:
            self._run_thread("crossorigin live origins", _run, self._source, self._wake)
        except BaseException:
            # The system has no thread left at this moment. The next call tries again.
            self._started.release()
            raise
        if self._max_stale is not None:
            # A second thread, because nothing else is certain to end an attempt that hangs.
            self._run_thread("crossorigin live origins, max_stale", turn_off_when_stale, self._max_stale)

    def _run_thread(self, name: str, run: Callable[..., object], *arguments: object) -> None:
        # The thread refers to the poller weakly, so that it ends when nothing else holds it.
        threading.Thread(target=run, args=(ref(self), *arguments), name=name, daemon=True).start()

    def restart_in_child(self) -> None:
        """Start the thread again after a fork, which copies only the thread that forks."""
        was_started = self._started.locked()
        self._reset()
        if was_started:
            self.start()

    def request(self) -> Future[None]:
        """Ask for an attempt that begins after this call. The result is None, or the error of the attempt."""
        done: Future[None] = Future()
        # First the future, then the event: the thread clears the event before it looks for futures.
        self._waiting.append(done)
        self._wake.set()
        self.start()
        return done

    def first_load(self) -> Future[None]:
        """Return a future that is done after the first attempt that succeeds."""
        done: Future[None] = Future()
        self._first.append(done)
        # The thread sets the outcome before it looks for futures, so one of the two sees the other.
        if self.has_loaded:
            _finish(self._first, None)
        return done

    @property
    def has_loaded(self) -> bool:
        """Whether an attempt has succeeded."""
        return self._outcome.loaded_at is not None

    @property
    def running_for(self) -> float:
        """The time in seconds since the thread of this process was started."""
        return 0.0 if self._started_at is None else time.monotonic() - self._started_at

    @property
    def longest(self) -> float:
        """The longest time in seconds that a requested attempt may take, after one that is under way."""
        return 2 * self._deadline

    @property
    def outcome(self) -> Outcome:
        """The outcome until now, with the attempt under way if it is over its deadline."""
        begun, outcome = self._begun, self._outcome
        if begun is None or time.monotonic() - begun <= self._deadline:
            return outcome
        seconds = f"{time.monotonic() - begun:.0f} s (deadline={self._deadline:g})"
        return replace(outcome, error=f"{self._source.task} has been running for {seconds}")

    def status(self) -> LiveStatus:
        """Return the status of the set."""
        outcome, source = self.outcome, self._source
        loaded_at, version = outcome.loaded_at, source.version
        return LiveStatus(
            source=source.name,
            count=len(self._table.origins),
            revision=self._table.revision if version is None else version[1],
            ready=loaded_at is not None and not outcome.is_off,
            staleness=None if loaded_at is None else time.monotonic() - loaded_at,
            rejected=outcome.rejected,
            error=outcome.error,
            connected=source.connected,
            epoch=None if version is None else version[0],
        )

    def poll(self, session: Session) -> float:
        """Read once. Return the time in seconds to wait until the next attempt."""
        self._wake.clear()
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        begun = self._begun = time.monotonic()
        failure: BaseException | None = None
        try:
            apply = session.read()
            with CHANGES:
                self._outcome = Outcome(begun, apply())
            self._failures = 0
            if self._failure_log.end_outage():
                served = number_of_origins(len(self._table.origins))
                _LOGGER.info("Live origins: %s succeeds again, %s.", self._source.task, served)
        # Whatever the function of the user raises, the thread goes on with the origins of the last attempt.
        except BaseException as error:  # noqa: BLE001
            failure = error
            self._fail(error, begun)
        self._begun = None
        if failure is None:
            _finish(self._first, None)
        _finish(deque(waiting), failure)
        return self._source.delay(self._failures)

    def _fail(self, failure: BaseException, begun: float) -> None:
        self._failures += 1
        timed_out = isinstance(failure, TimeoutError) and time.monotonic() - begun >= self._deadline
        error = self._source.explain(failure, timed_out=timed_out)
        with CHANGES:
            before, self._outcome = self._outcome, replace(self._outcome, error=error)
        if self._failure_log.admits(error, time.monotonic()):
            served = f"What was loaded last stays in use: {number_of_origins(len(self._table.origins))}."
            if before.is_off:
                served = "The live origins are turned off."
            elif before.loaded_at is None:
                served = "No origins were loaded yet, so only those of the policy are allowed."
            self._source.log(f"Live origins: {error}{'' if error.endswith(('.', '?', '!')) else '.'} {served}", failure)

    def turn_off(self, max_stale: float) -> float:
        """Turn the origins off if no attempt has succeeded for `max_stale` seconds.

        Returns:
            The seconds until that may be the case.
        """
        with CHANGES:
            outcome = self._outcome
            if outcome.loaded_at is None or outcome.is_off:
                return max_stale
            left = outcome.loaded_at + max_stale - time.monotonic()
            if left > 0:
                return left
            self._source.forget()
            self._table.replace(set())
            self._outcome = replace(outcome, is_off=True)
        _LOGGER.error(
            "Live origins: %s has not succeeded for max_stale=%g seconds. Only the origins of the policy are allowed, "
            "until it succeeds.",
            self._source.task,
            max_stale,
        )
        return max_stale


def _finish(waiting: deque[Future[None]], failure: BaseException | None) -> None:
    while True:
        try:
            done = waiting.popleft()
        except IndexError:
            return
        # A future whose caller no longer waits is canceled.
        if not done.set_running_or_notify_cancel():
            continue
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)


def _run(poller_of: Callable[[], Poller | None], source: Source, wake: threading.Event) -> None:
    """Poll until nothing holds the poller. The thread itself holds it only during an attempt."""
    session = source.open()
    while (poller := poller_of()) is not None:
        delay = poller.poll(session)
        del poller
        session.wait(delay, wake)
    session.close()


_POLLERS: WeakSet[Poller] = WeakSet()


def _restart_all() -> None:
    for poller in list(_POLLERS):
        poller.restart_in_child()


at_fork(after_in_child=_restart_all)
