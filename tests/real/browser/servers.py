"""The two sides for a browser: an API that a real uvicorn serves, and pages of any origin that call it."""

import asyncio
import json
import socket
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

import uvicorn
from anyio import to_thread
from playwright.async_api import BrowserContext, CDPSession, Page

App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]
# Ends a hang; nothing is measured.
_PATIENCE = 30

_PAGE = b"<!doctype html><title>page</title><body>"
# Chromium does not cache the preflight of a fetch that bypasses the cache.
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
    """An app on its own port, served by uvicorn in a thread."""

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


@dataclass(kw_only=True)
class Exchange:
    """One request that arrived, and the start of its response. Names are in lower case."""

    method: str
    sent: dict[str, str]
    status: int | None = None
    answered: dict[str, str] = field(default_factory=dict)

    @property
    def cors(self) -> dict[str, str]:
        """Return the CORS headers of the response."""
        return {n: v for n, v in self.answered.items() if n.startswith("access-control-") or n == "vary"}


class Api:
    """Many APIs on one port, distinguished by the first segment of the path. It records the requests that arrive."""

    def __init__(self) -> None:
        self._apps: dict[str, App] = {}
        self._exchanges: dict[str, list[Exchange]] = {}
        self._news = threading.Condition()

    def add(self, app: App) -> str:
        """Serve an app and return its path."""
        path = f"/api-{len(self._apps)}"
        self._apps[path] = app
        self._exchanges[path] = []
        return path

    def exchanges(self, path: str) -> list[Exchange]:
        """Return the requests that the browser sent to an app, in order."""
        return self._exchanges[path]

    def wait(self, path: str, count: int) -> None:
        """Wait until this number of requests has arrived at an app."""
        with self._news:
            self._news.wait_for(lambda: len(self._exchanges[path]) >= count, _PATIENCE)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Record the request and pass it to its app."""
        path = "/" + scope["path"].split("/")[1]
        exchange = Exchange(method=scope["method"], sent=_text(scope["headers"]))
        with self._news:
            self._exchanges[path].append(exchange)
            self._news.notify_all()

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                exchange.answered = _text(message["headers"])
            await send(message)

        await self._apps[path]({**scope, "root_path": path}, receive, sending)


class Place:
    """One API, and how to call it."""

    def __init__(self, api: Api, port: int, app: App, scheme: str = "http") -> None:
        self._api = api
        self._port = port
        self._path = api.add(app)
        self._scheme = scheme

    def url(self, path: str, host: str = "api.localhost") -> str:
        """Return the address of a route."""
        return f"{self._scheme}://{host}:{self._port}{self._path}{path}"

    @property
    def exchanges(self) -> list[Exchange]:
        """Return the requests that arrived, in order, with the responses."""
        return self._api.exchanges(self._path)

    @property
    def arrived(self) -> list[str]:
        """Return the methods that arrived, in order."""
        return [exchange.method for exchange in self.exchanges]

    @property
    def origins(self) -> list[str | None]:
        """Return the origins of the requests that arrived."""
        return [exchange.sent.get("origin") for exchange in self.exchanges]

    async def wait(self, count: int) -> None:
        """Wait for requests whose end no page can observe."""
        await to_thread.run_sync(self._api.wait, self._path, count)


async def pages(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Serve the same empty page under every name. The page at /sandboxed has an opaque origin."""
    headers = [(b"content-type", b"text/html")]
    if scope["path"] == "/sandboxed":
        headers.append((b"content-security-policy", b"sandbox allow-scripts"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _PAGE})


class Visitor:
    """A page in a browser, and the browser's own reasons for what it blocks."""

    def __init__(self, page: Page) -> None:
        self._page = page
        # The API of each request, and the reasons of each API.
        self._apis: dict[str, str] = {}
        self._reasons: defaultdict[str, list[str]] = defaultdict(list)
        self._news = asyncio.Event()
        self._child = asyncio.Event()

    @classmethod
    async def visit(cls, context: BrowserContext, url: str) -> Self:
        """Open a page."""
        page = await context.new_page()
        visitor = cls(page)
        network = await context.new_cdp_session(page)
        network.on("Network.requestWillBeSent", visitor._note_request)
        network.on("Network.loadingFailed", visitor._note_failure)
        await network.send("Network.enable")
        await visitor._watch_child(network)
        await page.goto(url)
        return visitor

    async def _watch_child(self, network: CDPSession) -> None:
        """Also collect the reasons of a worker, or of a frame in another process."""
        enable = {"id": 1, "method": "Network.enable"}

        async def watch(event: dict[str, Any]) -> None:
            message = {"sessionId": event["sessionId"], "message": json.dumps(enable)}
            await network.send("Target.sendMessageToTarget", message)

        def note(event: dict[str, Any]) -> None:
            message = json.loads(event["message"])
            if message.get("id") == enable["id"]:
                self._child.set()
            elif message["method"] == "Network.requestWillBeSent":
                self._note_request(message["params"])
            elif message["method"] == "Network.loadingFailed":
                self._note_failure(message["params"])

        network.on("Target.attachedToTarget", watch)
        network.on("Target.receivedMessageFromTarget", note)
        options = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        await network.send("Target.setAutoAttach", options)

    async def child(self) -> None:
        """Wait until the events of the page's worker or frame are observed."""
        async with asyncio.timeout(_PATIENCE):
            await self._child.wait()

    def _note_request(self, event: dict[str, Any]) -> None:
        self._apis[event["requestId"]] = _api_of(event["request"]["url"])

    def _note_failure(self, event: dict[str, Any]) -> None:
        # A failed preflight ends the request that it was sent for, and the event of that request has the reason.
        if event["type"] == "Preflight" or event.get("canceled"):
            return
        reason = event["corsErrorStatus"]["corsError"] if "corsErrorStatus" in event else event["errorText"]
        self._reasons[self._apis[event["requestId"]]].append(reason)
        self._news.set()

    async def go(self, url: str) -> None:
        """Navigate to another page."""
        await self._page.goto(url)

    async def run(self, script: str, argument: object = None) -> Any:
        """Run a script in the page."""
        return await self._page.evaluate(script, argument)

    async def fetch(self, url: str, **options: object) -> dict[str, Any]:
        """Fetch in the page, and return what the page can read or the reason why the browser blocked it."""
        return await self.load(_FETCH, url, **options)

    async def load(self, script: str, url: str, **options: object) -> dict[str, Any]:
        """Run a script that loads from an API. Add the browser's reason if the result has an `error`."""
        reasons = self._reasons[_api_of(url)]
        reasons.clear()
        answer: dict[str, Any] = await self._page.evaluate(script, [url, options])
        if "error" in answer:
            answer["reason"] = await self.reason(url)
        else:
            assert reasons == []
        return answer

    async def reason(self, url: str) -> str:
        """Return the browser's reason for a failed request to an API.

        It can arrive before or after the result of the page.
        """
        reasons = self._reasons[_api_of(url)]
        async with asyncio.timeout(_PATIENCE):
            while not reasons:
                self._news.clear()
                await self._news.wait()
        return reasons[0]


def _text(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _api_of(url: str) -> str:
    return urlsplit(url).path.partition("/api-")[2].partition("/")[0]
