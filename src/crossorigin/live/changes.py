"""What all changes of live origins and policies share: a lock that no request takes, and pauses for other threads."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_Element = TypeVar("_Element")

# After this many elements of a long loop, other threads may run.
_BATCH = 200

# It can be acquired again by the thread that holds it, because a signal handler may interrupt a change of the main
# thread and make another one.
CHANGES = threading.RLock()


def at_fork(**hooks: Callable[[], object]) -> None:
    """Register functions for forks, as `os.register_at_fork` does. Windows has no forks, and no such function."""
    getattr(os, "register_at_fork", dict)(**hooks)


# A fork waits for a change of another thread. Otherwise the child would have a lock that nobody releases, and plans
# that do not know of the change.
at_fork(before=CHANGES.acquire, after_in_parent=CHANGES.release, after_in_child=CHANGES.release)


def with_pauses(elements: Iterable[_Element]) -> Iterator[_Element]:
    """Yield the elements, and let other threads run every now and then.

    Otherwise the thread of an event loop would wait for up to five milliseconds at a time.
    """
    for count, element in enumerate(elements):
        if not count % _BATCH:
            time.sleep(0)
        yield element
