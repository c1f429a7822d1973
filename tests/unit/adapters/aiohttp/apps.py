"""An aiohttp app with a policy, and requests of pages to it through aiohttp's own server."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from crossorigin.aiohttp import setup

ORIGIN = "https://app.example.com"
PARTNER = "https://partner.example"
OTHER = "https://other.example"


async def ok(request: web.Request) -> web.StreamResponse:
    """Answer any request."""
    return web.Response(text="ok")


def create(*routes: web.RouteDef, **arguments: Any) -> web.Application:
    """Return an app that allows `ORIGIN`, with a route at `/` and the given ones."""
    app = web.Application()
    app.add_routes([web.get("/", ok), *routes])
    setup(app, **({} if "policy" in arguments else {"allow_origins": [ORIGIN]}), **arguments)
    return app


class Client:
    """A client of a running app."""

    def __init__(self, client: "TestClient[Any, Any]") -> None:
        self._client = client

    async def get(
        self, path: str = "/", origin: str | None = ORIGIN, method: str = "GET", **headers: str
    ) -> ClientResponse:
        """Send a request of a page, and read the response."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        fields = named if origin is None else {"Origin": origin, **named}
        async with self._client.request(method, path, headers=fields, allow_redirects=False) as response:
            await response.read()
        assert len(response.headers.getall("Access-Control-Allow-Origin", [])) <= 1
        assert len(response.headers.getall("Vary", [])) <= 1
        return response

    async def preflight(self, path: str = "/", origin: str = ORIGIN, method: str = "GET") -> ClientResponse:
        """Send a preflight of a page."""
        return await self.get(path, origin, "OPTIONS", Access_Control_Request_Method=method)

    async def readers(self, path: str = "/", method: str = "GET") -> set[str]:
        """Return which of three origins may read the response at a path. The preflight must say the same."""
        origins = (ORIGIN, PARTNER, OTHER)
        both = {origin for origin in origins if allows(await self.get(path, origin, method), origin)}
        assert both == {origin for origin in origins if allows(await self.preflight(path, origin, method), origin)}
        return both


def allows(response: ClientResponse, origin: str) -> bool:
    """Return whether a response allows an origin."""
    return allowed(response) in {origin, "*"}


def allowed(response: ClientResponse) -> str | None:
    """Return the origin that a response allows."""
    headers: Mapping[str, str] = response.headers
    return headers.get("Access-Control-Allow-Origin")


@asynccontextmanager
async def running(app: web.Application) -> AsyncGenerator[Client]:
    """Run an app on aiohttp's server."""
    async with TestClient(TestServer(app)) as client:
        yield Client(client)
