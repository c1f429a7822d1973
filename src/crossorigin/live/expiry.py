"""The thread that turns off origins which nothing has confirmed for too long. It exists only with `max_stale`."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Perishable(Protocol):
        """Origins that are turned off when they are too old."""

        def turn_off(self, max_stale: float) -> float:
            """Turn them off if they are too old, and return the seconds until that may be the case."""
            ...


# A process that is suspended, or a thread that ends late, must not delay the next look for long.
_LONGEST = 1.0


def turn_off_when_stale(origins_of: Callable[[], Perishable | None], max_stale: float) -> None:
    """Look at the age of the origins until nothing holds them."""
    while (origins := origins_of()) is not None:
        left = origins.turn_off(max_stale)
        del origins
        time.sleep(min(left, _LONGEST))
