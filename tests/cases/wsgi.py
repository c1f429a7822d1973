"""Run a request through a WSGI middleware in process, with a bare app inside."""

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any

from crossorigin import Policy
from crossorigin.wsgi import CORSMiddleware
from tests.cases.table import Request, Response
from tests.cases.text import BODY, TextExchange, byte_lines, joined, text_pairs


def environ_of(method: str, fields: dict[str, str], *, path: str = "/") -> dict[str, Any]:
    """Return the environ of a request whose fields are given by name."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields.items()},
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def serve(app: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call an app as a server does; return the status line, the header pairs and the body."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        assert exc_info is None or started, "exc_info is only for a second start"
        assert type(headers) is list
        started[:] = [(status, headers)]
        return written.append

    body: Iterable[bytes] = app(environ, start_response)
    written += body
    if hasattr(body, "close"):
        body.close()
    ((status, headers),) = started
    return status, headers, b"".join(written)


def exchange(policy: Policy, debug: bool, request: Request, response: Response, separator: str) -> TextExchange:
    """Send a request through the middleware around a bare app that answers with `response`."""
    own = text_pairs(response)
    ran: list[bool] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        ran.append(True)
        start_response(f"{response.status} Whatever", own)
        return [BODY]

    middleware = CORSMiddleware(app, policy=policy, debug=debug)
    status, headers, body = serve(middleware, environ_of(request.method, joined(request, separator)))
    assert own == text_pairs(response), "the app's own list was changed"
    return TextExchange(app_ran=bool(ran), status=int(status.partition(" ")[0]), headers=byte_lines(headers), body=body)
