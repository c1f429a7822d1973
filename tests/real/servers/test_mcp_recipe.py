"""The recipe for MCP servers with a real server, MCP's own client, several pages, and the browser model."""

import json
import re
import socket
import threading
from collections.abc import Generator
from typing import Any

import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.types import TextContent
from starlette.applications import Starlette

from crossorigin.browser import ENGINES, EngineName
from crossorigin.testing import Page
from tests.meta.docs.documents import ROOT

_ORIGIN = "https://app.example.com"
_STRANGER = "https://evil.example"
_VERSION = "2025-11-25"
_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": {"name": "page", "version": "1"}},
}
_JSON = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture
def app() -> Starlette:
    """The app of the recipe, as a reader would copy it."""
    page = (ROOT / "docs" / "block.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    [recipe] = [block for block in blocks if "MCPServer(" in block]
    names: dict[str, Any] = {}
    exec(recipe, names)  # the documents are ours
    served: Starlette = names["mcp_app"]
    return served


@pytest.fixture
def url(app: Starlette) -> Generator[str]:
    """The URL at which uvicorn serves it."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    server.should_exit = True
    thread.join(30)
    listener.close()


def ask(url: str, **headers: str) -> httpx2.Response:
    """Start a session."""
    return httpx2.post(url, json=_INITIALIZE, headers={**_JSON, **headers}, trust_env=False)


async def test_a_program_uses_the_tool(url: str) -> None:
    """A client that is not a browser sends no Origin and is served."""
    async with Client(url) as client:
        result = await client.call_tool("add", {"a": 1, "b": 2})
    [content] = result.content
    assert isinstance(content, TextContent)
    assert content.text == "3"


def test_an_allowed_page_is_served_and_told_its_session(url: str) -> None:
    """An allowed page gets the same response and can read it."""
    answer = ask(url, origin=_ORIGIN)
    assert answer.status_code == 200
    assert answer.headers["mcp-session-id"]
    assert answer.headers["access-control-allow-origin"] == _ORIGIN
    assert answer.headers["access-control-expose-headers"] == "Mcp-Session-Id"


@pytest.mark.parametrize("origin", [_STRANGER, "null", "http://127.0.0.1:1", "https://app.example.com.evil.example"])
def test_any_other_page_is_refused(url: str, origin: str) -> None:
    """Another page gets the 403 that the protocol requires, and no session."""
    answer = ask(url, origin=origin)
    assert (answer.status_code, answer.text.partition(":")[0]) == (403, "Disallowed CORS origin")
    assert not [name for name in answer.headers if name == "mcp-session-id" or name.startswith("access-control-")]


@pytest.mark.parametrize("origin", [{}, {"origin": "http://rebound.example"}], ids=["GET", "POST"])
def test_a_name_that_leads_here_is_no_name_of_ours(url: str, origin: dict[str, str]) -> None:
    """After DNS rebinding, the page's origin is the host that it requests, and the host check refuses it."""
    answer = ask(url, host="rebound.example", **origin)
    assert answer.status_code == 421
    assert "mcp-session-id" not in answer.headers


_URL = "http://127.0.0.1:8000/mcp"
every_engine = pytest.mark.parametrize("engine", ENGINES)


@every_engine
async def test_a_browser_lets_an_allowed_page_have_a_session(app: Starlette, engine: EngineName) -> None:
    """An allowed page starts a session, reads its ID, uses it and ends it, with the preflights of a browser."""
    sessions: list[bytes] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def watch(message: Any) -> None:
            sessions.extend(value for name, value in message.get("headers", ()) if name == b"mcp-session-id")
            await send(message)

        await app(scope, receive, watch)

    page = Page(watched, _ORIGIN, engine)
    async with app.router.lifespan_context(app):
        body = json.dumps(_INITIALIZE).encode()
        begun = await page.can_async(_URL, method="POST", headers=_JSON, body=body, exposes=["Mcp-Session-Id"])
        mine = {**_JSON, "Mcp-Session-Id": sessions[0].decode(), "Mcp-Protocol-Version": _VERSION}
        told = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
        used = await page.can_async(_URL, method="POST", headers=mine, body=told)
        ended = await page.can_async(_URL, method="DELETE", headers=mine)
    assert [verdict.status for verdict in (begun, used, ended)] == [200, 202, 200]
    assert [len(verdict.exchanges) for verdict in (begun, used, ended)] == [2, 2, 2]


@every_engine
async def test_a_browser_does_not_let_another_page_ask(app: Starlette, engine: EngineName) -> None:
    """The preflight of another page is refused, and so is a request that needs no preflight."""
    page = Page(app, _STRANGER, engine)
    async with app.router.lifespan_context(app):
        asked = await page.cannot_async(_URL, method="POST", headers=_JSON, body=b"{}")
        unasked = await page.cannot_async(_URL, method="POST", body=b"{}", reason="missing-allow-origin-header")
    assert [len(asked.exchanges), unasked.status] == [1, 403]
