"""Two sides for a browser: an API that real uvicorn serves, and pages of any origin that call it."""

import asyncio
import socket
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Self
from urllib.parse import urlsplit

import uvicorn
from playwright.async_api import BrowserContext, Page

App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
# Ends a hang; nothing is measured.
_PATIENCE = 30

_PAGE = b"<!doctype html><title>page</title><body>"
# Chromium keeps no preflight of a fetch that stays out of the cache.
_FETCH = """
async ([url, options]) => {
    try {
        const answer = await fetch(url, {cache: "no-store", ...options});
        return {
            status: answer.status,
            type: answer.type,
            body: await answer.text(),
            headers: Object.fromEntries(answer.headers),
        };
    } catch (error) {
        return {error: error.name};
    }
}
"""


class Site:
    """An app on a port of its own, served by uvicorn in a thread."""

    def __init__(self, app: App) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        config = uvicorn.Config(app, http="h11", log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._listener.close()


class Api:
    """Many APIs on one port, told apart by the first segment of the path; notes what arrives."""

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}
        self._arrived: dict[str, list[tuple[str, str | None]]] = {}

    def add(self, app: App) -> str:
        """Serve an app; return the path that leads to it."""
        path = f"/api-{len(self._apps)}"
        self._apps[path] = app
        self._arrived[path] = []
        return path

    def arrived(self, path: str) -> list[tuple[str, str | None]]:
        """Return method and origin of what the browser sent to an app, in order."""
        return self._arrived[path]

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Note the request, and hand it to its app."""
        path = "/" + scope["path"].split("/")[1]
        origin = dict(scope["headers"]).get(b"origin")
        self._arrived[path].append((scope["method"], None if origin is None else origin.decode("latin-1")))
        await self._apps[path]({**scope, "root_path": path}, receive, send)


class Place:
    """One API, and how to call it."""

    def __init__(self, api: Api, port: int, app: App) -> None:
        self._api = api
        self._port = port
        self._path = api.add(app)

    def url(self, path: str, host: str = "api.localhost") -> str:
        """Return the address of a route."""
        return f"http://{host}:{self._port}{self._path}{path}"

    @property
    def arrived(self) -> list[str]:
        """Return the methods that arrived, in order."""
        return [method for method, _ in self._api.arrived(self._path)]

    @property
    def origins(self) -> list[str | None]:
        """Return the origins that arrived with them."""
        return [origin for _, origin in self._api.arrived(self._path)]


async def pages(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Serve the same empty page under every name; /sandboxed is one of an opaque origin."""
    headers = [(b"content-type", b"text/html")]
    if scope["path"] == "/sandboxed":
        headers.append((b"content-security-policy", b"sandbox allow-scripts"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _PAGE})


class Visitor:
    """A page in a browser, and the reasons that the browser itself gives for what it blocks."""

    def __init__(self, page: Page) -> None:
        self._page = page
        # By request, the API that it went to; by API, what was said of its requests.
        self._apis: dict[str, str] = {}
        self._reasons: defaultdict[str, list[str]] = defaultdict(list)
        self._news = asyncio.Event()

    @classmethod
    async def visit(cls, context: BrowserContext, url: str) -> Self:
        """Open a page."""
        page = await context.new_page()
        visitor = cls(page)
        network = await context.new_cdp_session(page)
        network.on("Network.requestWillBeSent", visitor._note_request)
        network.on("Network.loadingFailed", visitor._note_failure)
        await network.send("Network.enable")
        await page.goto(url)
        return visitor

    def _note_request(self, event: dict[str, Any]) -> None:
        self._apis[event["requestId"]] = _api_of(event["request"]["url"])

    def _note_failure(self, event: dict[str, Any]) -> None:
        if "corsErrorStatus" in event:
            self._reasons[self._apis[event["requestId"]]].append(event["corsErrorStatus"]["corsError"])
            self._news.set()

    async def go(self, url: str) -> None:
        """Leave for another page."""
        await self._page.goto(url)

    async def run(self, script: str, argument: object = None) -> Any:
        """Run a script in the page."""
        return await self._page.evaluate(script, argument)

    async def fetch(self, url: str, **options: object) -> dict[str, Any]:
        """Fetch as a page does; return what it could read, or the reason for which the browser kept it back."""
        reasons = self._reasons[_api_of(url)]
        reasons.clear()
        answer: dict[str, Any] = await self._page.evaluate(_FETCH, [url, options])
        if "error" in answer:
            # The inspector is told before the page, or after.
            async with asyncio.timeout(_PATIENCE):
                while not reasons:
                    self._news.clear()
                    await self._news.wait()
            answer["reason"] = reasons[0]
        else:
            assert reasons == []
        return answer


def _api_of(url: str) -> str:
    return urlsplit(url).path.partition("/api-")[2].partition("/")[0]
