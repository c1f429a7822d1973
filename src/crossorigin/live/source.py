"""What a poller asks for origins: the protocols that a function of the user and a database implement."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from typing import Protocol

    class Session(Protocol):
        """What a source needs within one thread, such as a connection or an event loop. It is never shared."""

        def read(self) -> Callable[[], int]:
            """Read the origins, and return the function that applies them and returns the number of invalid rows."""
            ...

        def wait(self, seconds: float, wake: threading.Event) -> None:
            """Wait until the event is set, or for this many seconds, or until there is something to read."""
            ...

        def close(self) -> None:
            """Release everything, at the end of the thread."""
            ...

    class Source(Protocol):
        """Where origins come from."""

        @property
        def name(self) -> str:
            """The name for `LiveStatus.source`."""
            ...

        @property
        def task(self) -> str:
            """What reading is called in messages, for example "load"."""
            ...

        @property
        def connected(self) -> bool | None:
            """Whether the last attempt reached the database, or None without a database."""
            ...

        @property
        def version(self) -> tuple[str, int] | None:
            """The epoch and the revision of the database that were applied last, or None if there are none."""
            ...

        def open(self) -> Session:
            """Return what one thread needs."""
            ...

        def forget(self) -> None:
            """Forget what was applied, because the origins were turned off."""
            ...

        def delay(self, failures: int) -> float:
            """Return the seconds until the next attempt, after this many failures in a row."""
            ...

        def explain(self, failure: BaseException, *, timed_out: bool) -> str:
            """Return what has failed, and perhaps why: the attempt has exceeded its deadline."""
            ...

        def log(self, message: str, failure: BaseException) -> None:
            """Log the message about a failure as an error."""
            ...
