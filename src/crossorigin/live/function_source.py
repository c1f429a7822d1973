"""Origins that a function of the user loads: all of them, each time."""

from __future__ import annotations

import asyncio
import inspect
import logging
import traceback
from typing import Any

from crossorigin.live.rows import RowReader
from crossorigin.policy.errors import without_passwords

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Awaitable, Callable, Iterable

    from crossorigin.live.origin_table import OriginTable
    from crossorigin.live.validation import OriginRules

    Rows = Iterable[str]
    Load = Callable[[], Rows | Awaitable[Rows]]

_MAX_ERROR = 200

_LOGGER = logging.getLogger("crossorigin")


class FunctionSource:
    """A function that returns all origins, at once or after an `await`."""

    __slots__ = ("_deadline", "_every", "_load", "_reader", "_table")

    name = "polled"
    task = "load"
    connected = None
    version = None

    def __init__(self, load: Load, table: OriginTable, rules: OriginRules, *, every: float, deadline: float) -> None:
        """Store the arguments. Nothing is loaded yet."""
        self._load = load
        self._table = table
        self._reader = RowReader(rules, "the load function")
        self._every = every
        self._deadline = deadline

    def open(self) -> FunctionSession:
        """Return a session for one thread."""
        return FunctionSession(self)

    def forget(self) -> None:
        """Do nothing: each load returns all origins."""

    def delay(self, failures: int) -> float:  # noqa: ARG002  # a failed load is not repeated earlier
        """Return the time between two loads."""
        return self._every

    def explain(self, failure: BaseException, *, timed_out: bool) -> str:
        """Return what has failed. The text of a database driver may have the URL of the database in it."""
        text = str(failure) or "no message"
        if isinstance(failure, TimeoutError) and timed_out:
            text = f"it took longer than deadline={self._deadline:g} seconds"
        return without_passwords(f"load failed: {type(failure).__name__}: {text}")[:_MAX_ERROR]

    def log(self, message: str, failure: BaseException) -> None:
        """Log a failure of the user's function with its traceback, in which passwords of URLs are replaced."""
        text = "".join(traceback.format_exception(failure)).rstrip()
        shown = without_passwords(text)
        if shown == text:
            _LOGGER.error("%s", message, exc_info=failure)
        else:
            _LOGGER.error("%s\n%s", message, shown)

    def load(self, wait_for: Callable[[Awaitable[Rows], float], Rows]) -> Callable[[], int]:
        """Load all origins, and return the function that applies them."""
        result = self._load()
        rows: Any = wait_for(result, self._deadline) if inspect.isawaitable(result) else result
        origins, invalid = self._reader.read(rows, self._table.origins)

        def apply() -> int:
            self._table.replace(origins)
            return len(invalid)

        return apply


class FunctionSession:
    """The event loop of one thread, for functions that are async."""

    __slots__ = ("_runner", "_source")

    def __init__(self, source: FunctionSource) -> None:
        """Start without an event loop. It is created when it is needed."""
        self._source = source
        self._runner: asyncio.Runner | None = None

    def read(self) -> Callable[[], int]:
        """Load all origins, and return the function that applies them."""
        return self._source.load(self._wait_for)

    def _wait_for(self, rows: Awaitable[Rows], deadline: float) -> Rows:
        # One event loop for all loads, so that connections which `load` keeps stay usable.
        self._runner = self._runner or asyncio.Runner()
        return self._runner.run(_await(rows, deadline))

    def wait(self, seconds: float, wake: threading.Event) -> None:
        """Wait for the next load."""
        wake.wait(seconds)

    def close(self) -> None:
        """Close the event loop."""
        if self._runner is not None:
            self._runner.close()


async def _await(rows: Awaitable[Rows], deadline: float) -> Rows:
    return await asyncio.wait_for(rows, deadline)
