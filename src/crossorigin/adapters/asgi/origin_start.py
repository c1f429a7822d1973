"""A lifespan that begins when the live origins are loaded."""

from __future__ import annotations

from crossorigin.adapters.asgi.failed_startup import FailedStartup
from crossorigin.adapters.common.origin_start import start_origins_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.adapters.common.asgi_types import ASGIApp, Receive, Scope, Send
    from crossorigin.live.origins import LiveOrigins


def after_origins(origins: LiveOrigins, app: ASGIApp) -> ASGIApp:
    """Return an app that passes a lifespan on after the first load. It fails the lifespan if the load is required."""

    async def start(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await start_origins_async(origins)
        except RuntimeError as error:
            await FailedStartup(error, f"CORSMiddleware: {error}")(scope, receive, send)
        else:
            await app(scope, receive, send)

    return start
