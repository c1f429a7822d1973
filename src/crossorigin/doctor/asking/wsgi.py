"""A bridge that calls a WSGI app as an ASGI app, so that the doctor asks both in the same way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from crossorigin.browser import HttpRequest
from crossorigin.browser.wsgi import WSGIApp, wsgi_transport

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_OWNER = "crossorigin.route"


class WSGIBridge:
    """An ASGI app around a WSGI app, which is `app`. It has no lifespan, and runs the app in a thread."""

    def __init__(self, app: WSGIApp) -> None:
        """Store the app."""
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        owners: list[object] = []
        transport = wsgi_transport(self.app, note_environ=lambda environ: owners.append(environ.get(_OWNER)))
        response = await asyncio.to_thread(transport, request_of(scope, (await receive())["body"]))
        if owners[0] is not None:
            scope[_OWNER] = owners[0]
        await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers]})
        await send({"type": "http.response.body", "body": b""})


def request_of(scope: MutableMapping[str, Any], body: bytes) -> HttpRequest:
    """Return the request of an ASGI scope."""
    headers = tuple((name, value) for name, value in scope["headers"] if name != b"host")
    host = next(value for name, value in scope["headers"] if name == b"host").decode("latin-1")
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    url = f"{scope['scheme']}://{host}{scope['raw_path'].decode('latin-1')}{query}"
    return HttpRequest(url=url, method=scope["method"], headers=headers, credentials=False, body=body)
