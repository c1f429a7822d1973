"""Servers for the cases. Each stack runs in its own process, on its own port."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from crossorigin.browser import HttpRequest, HttpResponse

# Only ends a hang.
_PATIENCE = 60
_ROOT = Path(__file__).resolve().parents[4]
NODE_MODULES = _ROOT / "build" / "node" / "node_modules"
_NGINX = _ROOT / "build" / "nginx" / "usr" / "sbin"

# Each prints its port and serves until its input ends.
_UNTIL_INPUT_ENDS = """
import sys as _sys, threading as _threading
_threading.Thread(target=lambda: (_sys.stdin.read(), __import__("os")._exit(0)), daemon=True).start()
"""
RUNNERS = {
    "asgi": """
import asyncio as _asyncio, socket as _socket, uvicorn as _uvicorn
_listener = _socket.create_server(("127.0.0.1", 0))
print(_listener.getsockname()[1], flush=True)
_uvicorn.Server(_uvicorn.Config(app, log_level="error")).run([_listener])
""",
    "wsgi": """
from socketserver import ThreadingMixIn as _Threads
from wsgiref.simple_server import WSGIRequestHandler as _Handler, WSGIServer as _Base, make_server as _make_server
class _Server(_Threads, _Base): pass
class _Silent(_Handler):
    def log_message(self, *arguments): pass
_server = _make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Silent)
print(_server.server_port, flush=True)
_server.serve_forever()
""",
    "flask": """
from werkzeug.serving import WSGIRequestHandler as _Handler, make_server as _make_server
class _Silent(_Handler):
    def log(self, *arguments): pass
_server = _make_server("127.0.0.1", 0, app, request_handler=_Silent, threaded=True)
print(_server.server_port, flush=True)
_server.serve_forever()
""",
    "aiohttp": """
import socket as _socket
from aiohttp import web as _web
_listener = _socket.create_server(("127.0.0.1", 0))
print(_listener.getsockname()[1], flush=True)
_web.run_app(app, sock=_listener, print=None, handle_signals=False)
""",
    "express": """
const listening = app.listen(0, "127.0.0.1", () => console.log(listening.address().port));
process.stdin.on("end", () => process.exit()).resume();
""",
}


@contextmanager
def serving(folder: Path, source: str, kind: str) -> Generator[str]:
    """Serve the app of a source file, and yield its URL."""
    if kind == "nginx":
        with _nginx(folder, source) as url:
            yield url
        return
    is_node = kind == "express"
    path = folder / ("served.js" if is_node else "served.py")
    path.write_text(source + ("" if is_node else _UNTIL_INPUT_ENDS) + RUNNERS[kind], "utf-8")
    command = ["node", str(path)] if is_node else [sys.executable, str(path)]
    environment = {**os.environ, "NODE_PATH": str(NODE_MODULES)}
    log = folder / "log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        ) as server,
    ):
        watchdog = threading.Timer(_PATIENCE, server.kill)
        watchdog.start()
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line, log.read_text("utf-8")
            yield f"http://127.0.0.1:{int(line)}"
        finally:
            watchdog.cancel()
            server.kill()


@contextmanager
def _nginx(folder: Path, source: str) -> Generator[str]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:{_NGINX}")
    assert program, "no nginx here: run scripts/install-system-packages.sh nginx"
    configuration, _, behind = source.partition("# app behind\n")
    with serving(folder, behind, "flask" if "Flask" in behind else "wsgi") as app:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        text = configuration.replace("PORT", str(port)).replace("FOLDER", str(folder)).replace("BEHIND", app)
        (folder / "nginx.conf").write_text(text, "utf-8")
        # nginx takes over the socket as in an upgrade, so the socket accepts connections before nginx has started.
        handed_on = {**os.environ, "NGINX": f"{listener.fileno()};"}
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        server = subprocess.Popen(command, env=handed_on, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            listener.close()
            server.terminate()
            server.wait(timeout=_PATIENCE)


def transport(request: HttpRequest) -> HttpResponse:
    """Send one request over a new connection."""
    url = urlsplit(request.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=_PATIENCE)
    try:
        target = url.path + (f"?{url.query}" if url.query else "")
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name.decode(), value)
        body = request.body or b""
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        headers = tuple((name.encode(), value.encode("latin-1")) for name, value in answer.getheaders())
        return HttpResponse(status=answer.status, headers=headers)
    finally:
        connection.close()
