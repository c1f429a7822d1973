"""A driver that calls an aiohttp app in process."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard
from urllib.parse import urlsplit

from crossorigin.browser.request import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from aiohttp import web

_APP_MODULE = "aiohttp.web_app"
_LIMIT = 2**16


class AiohttpApp(Protocol):
    """An `aiohttp.web.Application`, in types that do not need aiohttp."""

    @property
    def on_response_prepare(self) -> Any:
        """The signal that is sent before the headers of a response."""
        ...

    def freeze(self) -> None:
        """Allow no more changes."""
        ...


def is_aiohttp_app(app: object) -> TypeGuard[AiohttpApp]:
    """Return whether an app is an app of aiohttp, without importing aiohttp."""
    return any(kind.__module__ == _APP_MODULE for kind in type(app).__mro__)


def aiohttp_transport(
    app: AiohttpApp, *, note_request: Callable[["web.Request"], None] | None = None
) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Return a transport that passes each request to an aiohttp app, whatever its host, without a server.

    The app is frozen, so no routes can be added afterward. Its startup is not run. As on aiohttp's server, an exception
    is answered with 500; the response has it as `error`. `note_request` is called with the request after the app was
    called.
    """
    handle: Any = getattr(app, "_handle")  # noqa: B009  # aiohttp's own test client calls it too

    async def transport(request: HttpRequest) -> HttpResponse:
        from aiohttp import web

        app.freeze()
        received = _received(request)
        error: Exception | None = None
        response: web.StreamResponse
        try:
            response = await handle(received)
        except web.HTTPException as raised:
            response = raised
        except Exception as raised:  # noqa: BLE001  # aiohttp's server answers it
            error = raised
            response = web.Response(status=500, text="500 Internal Server Error")
        await response.prepare(received)
        if note_request is not None:
            note_request(received)
        return HttpResponse(status=response.status, headers=_lines(response.headers.items()), error=error)

    return transport


def _received(request: HttpRequest) -> Any:
    from asyncio import get_running_loop
    from unittest.mock import Mock

    from aiohttp import StreamReader
    from aiohttp.test_utils import make_mocked_request
    from multidict import CIMultiDict

    url = urlsplit(request.url)
    decoded = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers]
    headers = CIMultiDict([("Host", url.netloc), *decoded])
    payload = StreamReader(Mock(_reading_paused=False), _LIMIT, loop=get_running_loop())
    payload.feed_data(request.body or b"")
    payload.feed_eof()
    path = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
    return make_mocked_request(request.method, path, headers=headers, payload=payload)


def _lines(pairs: Any) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), str(value).encode("utf-8", "surrogateescape")) for name, value in pairs)
