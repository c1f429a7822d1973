"""The start of live origins, which waits for the first load of stored ones. Every adapter uses one of these functions.

With `require=True`, each of them raises a `RuntimeError` for as long as the origins are not loaded.
"""

from __future__ import annotations

from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.start import FirstLoad


def start_origins(origins: LiveOrigins) -> None:
    """Start to load, and wait in this thread for at most `start_timeout` seconds: for WSGI, and for a first request.

    Raises:
        RuntimeError: The origins are not loaded, and `require` is set.
    """
    origins.start()
    first = origins.first_load()
    if first is not None:
        _wait(first)
        first.finish()


async def start_origins_async(origins: LiveOrigins) -> None:
    """Start to load, and wait in an event loop for at most `start_timeout` seconds: for the start of an async app.

    Raises:
        RuntimeError: The origins are not loaded, and `require` is set.
    """
    origins.start()
    first = origins.first_load()
    if first is None:
        return
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Another kind of loop, such as trio's. No request is served before the start has ended.
        _wait(first)
    else:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(first.future()), first.seconds)
    first.finish()


def check_origins(origins: LiveOrigins) -> None:
    """Start to load without waiting: for a request in an event loop.

    Raises:
        RuntimeError: The origins are not loaded, and `require` is set.
    """
    origins.start()
    first = origins.first_load()
    if first is not None and first.is_required:
        first.finish()


def _wait(first: FirstLoad) -> None:
    with suppress(TimeoutError):
        first.future().result(first.seconds)
