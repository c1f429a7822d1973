"""Messages on the logger `crossorigin` for the operator of an app. They never make an app or a request fail."""

from __future__ import annotations


def log_notice(message: str, level: str = "WARNING", *, error: Exception | None = None) -> None:
    """Log a message, with the traceback of `error` if there is one."""
    # Imported late, because each start of an app imports the adapters, and most apps have no message.
    import contextlib
    import logging

    # A user's logging filter may raise, and that must not make the request fail.
    with contextlib.suppress(Exception):
        logging.getLogger("crossorigin").log(logging.getLevelNamesMapping()[level], "%s", message, exc_info=error)
