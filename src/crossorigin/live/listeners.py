"""Objects that are called after a change, held weakly, so that a handle does not keep the apps alive that used it.

No lock is used: a plan subscribes while a request is served, and neither a request, a finalizer nor a signal handler
may wait. Appending to a list, removing from it and copying it are atomic.
"""

from __future__ import annotations

from typing import Generic, TypeVar
from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_Listener = TypeVar("_Listener")


class Listeners(Generic[_Listener]):
    """Weak references to listeners, in the order in which they subscribed."""

    __slots__ = ("_references",)

    def __init__(self) -> None:
        """Start without listeners."""
        self._references: list[ref[_Listener]] = []

    def add(self, listener: _Listener) -> None:
        """Add a listener, which is dropped when nothing else holds it."""
        self._references.append(ref(listener))

    def __iter__(self) -> Iterator[_Listener]:
        """Yield the listeners that still exist, and drop the others."""
        for reference in self._references.copy():
            listener = reference()
            if listener is not None:
                yield listener
            elif reference in self._references:
                self._references.remove(reference)

    def __len__(self) -> int:
        """Return the number of references, including those that were not dropped yet."""
        return len(self._references)
