"""The live origins of an app that is checked in process: they are loaded before the first request.

Otherwise a check of an app that has just started would say of each customer that it is refused.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from crossorigin.live import LiveOrigins, LiveStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossorigin.doctor.layers import Layer

# Far more layers than any app has.
_MAX_DEPTH = 1000


def live_origins_of(app: object, layers: Iterable[Layer] = ()) -> list[LiveOrigins]:
    """Return the live origins of all middlewares around an app, each once.

    `layers` are those that were read from the app, with those of the mounted app that serves the path.
    """
    candidates: list[object] = [layer.options.get("origins") for layer in layers]
    node: Any = app
    for _ in range(_MAX_DEPTH):
        candidates.append(getattr(node, "origins", None))
        # Starlette builds the stack when it starts.
        node = getattr(node, "middleware_stack", None) or getattr(node, "app", None)
    found = {id(origins): origins for origins in candidates if isinstance(origins, LiveOrigins)}
    return list(found.values())


async def load_origins(origins: LiveOrigins, *, patience: float) -> str:
    """Load live origins within `patience` seconds, and return a line about them. A failure is part of the line."""
    try:
        await asyncio.wait_for(origins.refresh(), patience)
    # Whatever the function of the user raises, the app serves, and so does the check.
    except Exception as error:  # noqa: BLE001
        failure = origins.status().error or f"{type(error).__name__}: {error}"
        return f"{_line(origins.status())}; {failure}"
    return _line(origins.status())


def _line(status: LiveStatus) -> str:
    source, skipped = status.source, f", {status.rejected} invalid ones skipped" if status.rejected else ""
    # Only the revision of a database is the same in all processes.
    if status.epoch is not None:
        source = f"{source}, revision {status.revision}"
    if status.connected is False:
        source = f"{source}, not connected"
    return f"Live origins ({source}): {status.count}{skipped}"
