"""The API of the demo as an aiohttp app with `setup`.

The servers of the demo speak ASGI, so a proxy passes each request on to aiohttp's own server.
"""

from collections.abc import MutableMapping
from typing import Any

from aiohttp import web

from crossorigin import LiveOrigins, LivePolicy
from crossorigin.aiohttp import setup
from demo.proxy import pass_on

routes = web.RouteTableDef()


@routes.get("/")
async def main(_: web.Request) -> web.StreamResponse:
    """Return the documented message."""
    return web.json_response({"message": "Hello World"})


@routes.post("/")
async def receive(request: web.Request) -> web.StreamResponse:
    """Return the body of a JSON POST."""
    return web.json_response({"message": "Received", "body": await request.json()})


@routes.put("/")
async def replace(request: web.Request) -> web.StreamResponse:
    """Return the body of a JSON PUT."""
    return web.json_response({"message": "Replaced", "body": await request.json()})


def create_api(policy: LivePolicy, origins: LiveOrigins | None) -> "Proxy":
    """Return an app with these routes, whose policy may change."""
    app = web.Application()
    app.add_routes(routes)
    setup(app, policy=policy, origins=origins)
    return Proxy(app)


class Proxy:
    """An ASGI app in front of the aiohttp app. Its lifespan is that of aiohttp's server, on any free port."""

    def __init__(self, app: web.Application) -> None:
        """Start without a server."""
        self._app = app
        self._address = ""

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve the lifespan or one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await pass_on(self._address, scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        runner = web.AppRunner(self._app, access_log=None)
        await receive()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        self._address = f"http://{host}:{port}"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await runner.cleanup()
        await send({"type": "lifespan.shutdown.complete"})
