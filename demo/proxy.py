"""Requests that the servers of the demo pass on to other servers of this machine.

aiohttp is imported only to send one, because the demo of FastAPI does not need it.
"""

from collections.abc import Mapping
from typing import Any

from demo.recorder import Message, Receive, Send

_HOP_BY_HOP = {"connection", "transfer-encoding"}


async def pass_on(address: str, scope: Message, receive: Receive, send: Send, *, name: str = "") -> None:
    """Send the request of an ASGI scope to the server at `address`, and its response back.

    `name` is added to the response as `X-Worker`, if it is given.
    """
    from aiohttp import ClientSession

    headers = [(line.decode("latin-1"), value.decode("latin-1")) for line, value in scope["headers"]]
    body, has_more = b"", True
    while has_more:
        message = await receive()
        body, has_more = body + message.get("body", b""), message.get("more_body", False)
    async with (
        ClientSession(auto_decompress=False) as session,
        session.request(
            scope["method"], f"{address}{scope['path']}", headers=headers, data=body, allow_redirects=False
        ) as response,
    ):
        pairs = [(line.lower(), value) for line, value in response.raw_headers]
        kept = [pair for pair in pairs if pair[0].decode("latin-1") not in _HOP_BY_HOP]
        added = [(b"x-worker", name.encode())] if name else []
        await send({"type": "http.response.start", "status": response.status, "headers": [*kept, *added]})
        await send({"type": "http.response.body", "body": await response.read()})


async def get_json(url: str, parameters: Mapping[str, str]) -> Any:
    """Return the JSON document at a URL."""
    from aiohttp import ClientSession

    async with ClientSession(raise_for_status=True) as session, session.get(url, params=parameters) as response:
        return await response.json()
