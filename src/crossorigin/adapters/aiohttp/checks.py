"""Checks of an aiohttp app when it starts, and what is logged about the app instead of a request."""

from __future__ import annotations

from crossorigin.adapters.aiohttp.registry import REGISTRY, owner_of
from crossorigin.adapters.common.notices import log_notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from aiohttp.web import Application

_ASGI_ATTRIBUTE = "__crossorigin__"
_PEER = "aiohttp_cors"


def check_cors(handlers: Iterable[Any], apps: Iterable[Application]) -> None:
    """Check that the CORS of handlers and sub-apps has an effect.

    Raises:
        TypeError: A handler has a policy that would have no effect.
        RuntimeError: A sub-app uses aiohttp-cors. It runs after this adapter, and closes the connection if a header is
            already set.
    """
    served = [*handlers]
    for handler in REGISTRY.without_policy(served):
        # It is not an error, because another app may serve the decorated form.
        log_notice(
            f"cors(...) on {owner_of(handler)} has no effect in this app, which serves the function without it. Put it "
            "below the decorator of the route, next to the function."
        )
    for handler in served:
        if type(getattr(handler, _ASGI_ATTRIBUTE, None)).__module__.startswith("crossorigin."):
            raise TypeError(
                f"cors(...) on {owner_of(handler)} has no effect in aiohttp. Import cors from crossorigin.aiohttp "
                "instead."
            )
    for app in apps:
        if any(getattr(receiver, "__module__", "").startswith(_PEER) for receiver in app.on_response_prepare):
            raise RuntimeError(
                "A sub-app still uses aiohttp-cors, which closes the connection if the CORS headers are already set. "
                "Remove aiohttp_cors.setup and cors.add, and use crossorigin.aiohttp only."
            )


def warn_about_inner() -> None:
    """Warn that the policy of a sub-app with its own `setup` does not apply."""
    log_notice(
        "setup(...) on a sub-app does not set CORS headers, because the app around it has its own setup, which answers "
        "the preflights and sets the headers. Only its on_refused still applies. For another policy, call "
        "cors(...)(subapp) instead."
    )


def log_failure(error: Exception) -> None:
    """Log an exception in the signal, where it would close the connection."""
    log_notice(
        "The CORS headers of a response could not be set, and it was sent without them. Further failures are not "
        "logged.",
        "ERROR",
        error=error,
    )
