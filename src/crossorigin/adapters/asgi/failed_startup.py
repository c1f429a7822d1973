"""The answer to a lifespan when a middleware cannot be constructed: `lifespan.startup.failed` with the message.

A server that receives it prints the message and accepts no request. An exception would be taken for "lifespan is not
supported": https://asgi.readthedocs.io/en/latest/specs/lifespan.html#startup-failed-send-event

The module is imported only after an error, and never ends a process itself.
"""

from __future__ import annotations

from crossorigin.adapters.asgi.builder import calling_frame
from crossorigin.adapters.common.arguments import log_invalid_arguments
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crossorigin.adapters.asgi.builder import Builder
    from crossorigin.adapters.common.asgi_types import Receive, Scope, Send

# Granian prints both the message and the exception, so that the message would appear twice.
_PRINTS_EXCEPTIONS = "granian.asgi"


class FailedStartup:
    """An ASGI app in place of a middleware that could not be constructed. It serves nothing."""

    def __init__(self, error: Exception, message: str) -> None:
        """Keep the error, and the message for the server."""
        self.error = error
        self.message = message

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a lifespan with the message, and raise the error in every other scope."""
        if scope["type"] == "lifespan":
            is_printed = _is_called_by(_PRINTS_EXCEPTIONS)
            await receive()
            await send({"type": "lifespan.startup.failed", "message": self.message})
            if is_printed:
                return
        # Without its old traceback, which would grow with each request.
        raise self.error.with_traceback(None)

    def __getattr__(self, name: str) -> Any:
        """Raise the error if the constructor of a subclass uses an attribute that the middleware would have."""
        if isinstance(self.error, InvalidPolicyError):
            log_invalid_arguments(self.error)
        raise self.error.with_traceback(None)


def keep_error(layer: Any, error: Exception, builder: Builder | None) -> bool:
    """Turn a middleware into a `FailedStartup` if its app builds its stack for a lifespan; return whether it did."""
    if builder is None or builder.scope["type"] != "lifespan":
        return False
    try:
        layer.__class__ = FailedStartup
    except TypeError:  # a subclass with __slots__
        return False
    layer.__dict__.clear()
    FailedStartup.__init__(layer, error, describe_error(error))
    # The app has not yet constructed the layers further out. It must not, because they might not pass the lifespan on,
    # and might answer requests themselves. The app reads this list from its end, so it stops here.
    builder.entries.clear()
    return True


def _is_called_by(module: str) -> bool:
    """Return whether a function of a module is among the callers."""
    # FastAPI wraps `send`, so only the frames name the server.
    frame = calling_frame()
    while frame is not None and frame.f_globals.get("__name__") != module:
        frame = frame.f_back
    return frame is not None


def describe_error(error: Exception) -> str:
    """Return the message that a server prints."""
    return str(error) if isinstance(error, InvalidPolicyError) else f"CORSMiddleware: {type(error).__name__}: {error}"
