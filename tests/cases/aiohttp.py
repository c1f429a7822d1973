"""Run a request through an aiohttp app in process.

The app answers any path and method with the response of the case.
"""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy

from crossorigin import Policy
from crossorigin.aiohttp import setup
from tests.cases.table import Request
from tests.cases.table import Response as Told
from tests.cases.text import BODY, TextExchange


class Unframed(web.Response):
    """A response to which aiohttp adds no headers, because the cases compare all headers."""

    async def _start(self, request: Any) -> None:
        """Send only the signal."""
        await request._prepare_hook(self)


def decoded(lines: Any) -> "CIMultiDict[str]":
    """Return header lines as aiohttp decodes them."""
    return CIMultiDict((name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in lines)


def exchange(policy: Policy, debug: bool, request: Request, response: Told, separator: str) -> TextExchange:
    """Send a request to an app that answers with `response`. aiohttp joins no lines."""
    return asyncio.run(_exchange(policy, debug, request, response))


async def _exchange(policy: Policy, debug: bool, request: Request, response: Told) -> TextExchange:
    app = web.Application()
    ran: list[bool] = []

    async def answer(_: web.Request) -> web.StreamResponse:
        ran.append(True)
        told = Unframed(body=BODY, status=response.status)
        told.headers.clear()
        told.headers.extend(decoded(response.headers))
        return told

    app.router.add_route("*", "/", answer)
    setup(app, policy=policy, debug=debug)
    app.freeze()
    received = _received(request)
    sent: Any = await app._handle(received)
    assert sent.body == BODY or not ran
    await sent.prepare(received)
    added = set() if ran else {"date", "server"}
    pairs = [pair for pair in sent.headers.items() if pair[0].lower() not in added]
    headers = [(name.encode("latin-1"), value.encode("utf-8", "surrogateescape")) for name, value in pairs]
    return TextExchange(app_ran=bool(ran), status=sent.status, headers=headers, body=sent.body)


def _received(request: Request) -> web.Request:
    """Return a request with any header lines. The function of aiohttp takes only those that are UTF-8."""
    mocked: Any = make_mocked_request(request.method, "/")
    message = mocked._message._replace(method=request.method, headers=CIMultiDictProxy(decoded(request.headers)))
    parts = mocked._payload, mocked._protocol, mocked._payload_writer, mocked._task, mocked._loop
    return web.Request(message, *parts)
