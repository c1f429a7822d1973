"""A bridge that calls an aiohttp app as an ASGI app, so that the doctor asks both in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from crossorigin.browser.aiohttp import AiohttpApp, aiohttp_transport
from crossorigin.doctor.asking.wsgi import request_of

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_OWNER = "crossorigin.route"


class AiohttpBridge:
    """An ASGI app around an aiohttp app, which is `app`. Its lifespan is the startup and the cleanup of the app."""

    def __init__(self, app: AiohttpApp) -> None:
        """Store the app."""
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        from crossorigin.adapters.aiohttp.requests import OWNER

        owners: list[str | None] = []
        transport = aiohttp_transport(self.app, note_request=lambda request: owners.append(request.get(OWNER)))
        response = await transport(request_of(scope, (await receive())["body"]))
        if owners[0] is not None:
            scope[_OWNER] = owners[0]
        await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers]})
        await send({"type": "http.response.body", "body": b""})
        if response.error is not None:
            raise response.error

    async def _live(self, receive: Any, send: Any) -> None:
        from aiohttp import web

        await receive()
        runner = web.AppRunner(cast("web.Application", self.app))
        try:
            await runner.setup()
        except Exception as error:  # noqa: BLE001  # the doctor prints it
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await runner.cleanup()
        await send({"type": "lifespan.shutdown.complete"})
