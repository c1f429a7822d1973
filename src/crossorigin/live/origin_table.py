"""The thread-safe set behind live origins, and the seam for everything that feeds them: it validates nothing.

Requests only look up origins, and take no lock. Changes are made one after the other: a change updates the set first,
and then calls every plan that reads it. A request that is decided at that moment can keep its decision only in a memory
that the change replaces: see `crossorigin.policy.decide.memory`.
"""

from __future__ import annotations

from crossorigin.live.changes import CHANGES, with_pauses
from crossorigin.live.listeners import Listeners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from crossorigin.policy.origin_source import OriginListener


class OriginTable:
    """A set of origins as bytes. Every origin must have been validated.

    - `origins`: the set. `change` updates it in place, because copying 100,000 origins for each change would take a
      millisecond. `replace` sets another one.
    - `revision`: the number of changes in this process.
    """

    __slots__ = ("_listeners", "origins", "revision")

    def __init__(self) -> None:
        """Start empty."""
        self.origins: set[bytes] = set()
        self.revision = 0
        self._listeners: Listeners[OriginListener] = Listeners()

    def subscribe(self, listener: OriginListener) -> None:
        """Call a listener after each change, for as long as something else holds it."""
        self._listeners.add(listener)

    def change(self, *, added: Iterable[bytes] = (), removed: Iterable[bytes] = ()) -> int:
        """Remove and add origins. After it returns, no request is decided by the old ones.

        Returns:
            The number of origins that were added or removed.
        """
        with CHANGES:
            gone = [origin for origin in removed if origin in self.origins]
            self.origins.difference_update(gone)
            new = {origin for origin in added if origin not in self.origins}
            self.origins.update(new)
            return self._finish(new, len(gone))

    def replace(self, origins: set[bytes]) -> int:
        """Use another set, which the caller must not change afterward.

        Returns:
            The number of origins that were added or removed.
        """
        with CHANGES:
            revision = self.revision
            new = {origin for origin in with_pauses(origins) if origin not in self.origins}
            gone = len(self.origins) - (len(origins) - len(new))
            self.origins = origins
            # A signal handler may have changed the set after it was compared.
            return self._finish(new, gone, was_interrupted=revision != self.revision)

    def _finish(self, new: AbstractSet[bytes], gone: int, *, was_interrupted: bool = False) -> int:
        """Call the listeners after a change, if it changed anything. An interrupted one always does."""
        if new or gone or was_interrupted:
            self.revision += 1
            for listener in self._listeners:
                listener.origins_changed(new)
        return len(new) + gone
