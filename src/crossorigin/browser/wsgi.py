"""A driver that calls a WSGI app in process."""

import inspect
import io
from collections.abc import Callable, Iterable
from typing import Any, TypeGuard
from urllib.parse import unquote_to_bytes, urlsplit

from crossorigin.browser.request import HttpRequest, HttpResponse

WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

# These two fields have no prefix in an environ.
_WITHOUT_PREFIX = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")


def is_wsgi_app(app: object) -> TypeGuard[WSGIApp]:
    """Return whether an app is a WSGI app: it is called with an environ and a function, not with three arguments."""
    if not callable(app) or _takes(app, 3):
        return False
    return _takes(app, 2)


def _takes(function: Callable[..., object], count: int) -> bool:
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def wsgi_transport(
    app: WSGIApp, *, note_environ: Callable[[dict[str, Any]], None] | None = None
) -> Callable[[HttpRequest], HttpResponse]:
    """Return a transport that passes each request to a WSGI app, whatever its host, without a server.

    The transport raises the app's exceptions. The body of the response is read up to its first part, and closed.
    `note_environ` is called with the environ after the app was called.

    https://peps.python.org/pep-3333/

    Raises:
        RuntimeError: The transport raises it if the app does not start a response.
    """

    def transport(request: HttpRequest) -> HttpResponse:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], None]:
            started[:] = [(status, headers)]
            return _discard

        environ = _environ(request)
        body = app(environ, start_response)
        try:
            # An app may start its response when the first part of the body is read.
            next(iter(body), None)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        if note_environ is not None:
            note_environ(environ)
        if not started:
            raise RuntimeError(f"the app sent no response to {request.method} {request.url}")
        ((status, headers),) = started
        lines = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
        return HttpResponse(status=int(status.partition(" ")[0]), headers=lines)

    return transport


def _discard(_: bytes) -> None:
    """Ignore what an app writes without returning it: only the status and the headers matter."""


def _environ(request: HttpRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = request.body or b""
    fields: dict[str, str] = {"HTTP_HOST": url.netloc}
    for name, value in request.headers:
        key = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        key = key.removeprefix("HTTP_") if key in _WITHOUT_PREFIX else key
        text = value.decode("latin-1")
        # Servers join lines of one name.
        fields[key] = f"{fields[key]},{text}" if key in fields else text
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        **fields,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
