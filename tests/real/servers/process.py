"""A real server as a process of its own, and a client that sends bytes as they are."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Self

from tests.real.servers import http2
from tests.real.servers.answer import NO_ANSWER, Answer, read

Line = tuple[str, str | bytes]

ROOT = Path(__file__).resolve().parents[3]
MARKER = "APP_RAN_MARKER"
# Long enough for any machine: it ends a hang, and measures nothing.
_PATIENCE = 60

# How each server is started, and the line that says that it takes requests.
_COMMANDS = {
    "uvicorn-h11": ["uvicorn", "{app}", "--host=127.0.0.1", "--port={port}", "--http=h11"],
    "uvicorn-httptools": ["uvicorn", "{app}", "--host=127.0.0.1", "--port={port}", "--http=httptools"],
    "uvicorn-without-lifespan": ["uvicorn", "{app}", "--host=127.0.0.1", "--port={port}", "--lifespan=off"],
    # The tests keep a connection to each worker.
    "uvicorn-workers": [
        "uvicorn",
        "{app}",
        "--host=127.0.0.1",
        "--port={port}",
        "--workers=2",
        "--timeout-keep-alive=120",
        "--no-access-log",
    ],
    # With a file in place of a module.
    "uvicorn-reload": [
        "uvicorn",
        "main:app",
        "--host=127.0.0.1",
        "--port={port}",
        "--reload",
        "--app-dir={folder}",
        "--reload-dir={folder}",
    ],
    "gunicorn-uvicorn": [
        "gunicorn",
        "{app}",
        "--bind=127.0.0.1:{port}",
        "--no-control-socket",
        "--worker-class=uvicorn.workers.UvicornWorker",
    ],
    "gunicorn-asgi": ["gunicorn", "{app}", "--bind=127.0.0.1:{port}", "--no-control-socket", "--worker-class=asgi"],
    # With a file in place of a module; it starts a process of its own, and another one when the file has changed.
    "fastapi-dev": ["fastapi", "dev", "{app}", "--host=127.0.0.1", "--port={port}", "--reload-dir={folder}"],
    "hypercorn": ["hypercorn", "{app}", "--bind=127.0.0.1:{port}", "--access-logfile=-"],
    # The same server and the same port: the client speaks first, and speaks HTTP/2.
    "hypercorn-http2": ["hypercorn", "{app}", "--bind=127.0.0.1:{port}", "--access-logfile=-"],
    "daphne": ["daphne", "{app}", "--bind=127.0.0.1", "--port={port}"],
    "granian": ["granian", "{app}", "--interface=asgi", "--host=127.0.0.1", "--port={port}"],
    # Servers for WSGI.
    "gunicorn-sync": ["gunicorn", "{app}", "--bind=127.0.0.1:{port}", "--worker-class=sync"],
    "gunicorn-threads": ["gunicorn", "{app}", "--bind=127.0.0.1:{port}", "--threads=2"],
    "gunicorn-preload": ["gunicorn", "{app}", "--bind=127.0.0.1:{port}", "--preload"],
    "gunicorn-preload-workers": [
        "gunicorn",
        "{app}",
        "--bind=127.0.0.1:{port}",
        "--preload",
        "--workers=2",
        "--threads=2",
        "--keep-alive=120",
        "--no-control-socket",
    ],
    # Servers for aiohttp; the first takes a function that makes an app.
    "aiohttp": ["aiohttp.web", "--hostname=127.0.0.1", "--port={port}", "{app}"],
    "gunicorn-aiohttp": ["gunicorn", "{app}", "--bind=127.0.0.1:{port}", "--worker-class=aiohttp.GunicornWebWorker"],
    "waitress": ["waitress", "--listen=127.0.0.1:{port}", "{app}"],
    "flask-run": ["flask", "--app={app}", "run", "--port={port}"],
    "flask-run-debug": ["flask", "--app={app}", "run", "--debug", "--no-reload", "--port={port}"],
    # With a settings module in place of an app.
    "runserver": ["django", "runserver", "127.0.0.1:{port}", "--noreload", "--settings={app}"],
    "runserver-nostatic": ["django", "runserver", "127.0.0.1:{port}", "--noreload", "--nostatic", "--settings={app}"],
    "wsgiref": ["tests.real.wsgi.reference_server", "{app}"],
}
_READY = re.compile(
    r"((running|listening|serving|server)( at:?| on) http://|Listening on TCP address )127\.0\.0\.1:(?P<port>\d+)"
    r"|Started worker-1",
    re.IGNORECASE,
)

# These do not choose a free port.
_WITH_GIVEN_PORT = {"aiohttp", "granian", "runserver", "runserver-nostatic"}

# Of our own: an origin, a method, and eight names that are told of, each cut.
_LONGEST_LINE = 2000

SERVERS = ["uvicorn-h11", "uvicorn-httptools", "gunicorn-uvicorn", "hypercorn", "hypercorn-http2", "granian", "daphne"]
# Daphne has no lifespan: what waits for it is built for the first request.
WITHOUT_LIFESPAN = ["uvicorn-without-lifespan", "daphne"]


def assert_log_is_safe(output: str) -> None:
    """Of what strangers sent, a log has a bounded part, within lines of ours; no exception is in it."""
    for word in ("Traceback", "ERROR", "Exception"):
        assert word not in output
    for line in output.splitlines():
        before, canary, _ = line.lower().partition("canary")
        assert not canary or ("refused (" in before and line.isprintable() and len(line) < _LONGEST_LINE)


class Server:
    """One server, running one app; its output is read as it comes."""

    def __init__(self, name: str, app: str, marker: Path) -> None:
        self.name = name
        self._speaks_http2 = name.endswith("http2")
        # Those that print the port they were given choose it themselves.
        self.port = _free_port() if name in _WITH_GIVEN_PORT else 0
        command = [part.format(app=app, port=self.port, folder=Path(app).parent) for part in _COMMANDS[name]]
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, MARKER: str(marker), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            # Its workers die with it: the group is this server's alone.
            start_new_session=True,
        )
        self._printed: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._news:
                    self._printed.append(line)
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    @property
    def output(self) -> str:
        """Return what it has printed so far."""
        with self._news:
            return "".join(self._printed)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Wait until it has printed a text, so many times."""
        with self._news:
            self._news.wait_for(lambda: self._ended or "".join(self._printed).count(text) >= times, _PATIENCE)
        assert self.output.count(text) >= times, f"{text!r} was not printed {times} times:\n{self.output}"

    def wait_until_ready(self) -> Self:
        """Wait until it says that it takes requests."""
        with self._news:
            self._news.wait_for(lambda: self._ended or _READY.search("".join(self._printed)) is not None, _PATIENCE)
        ready = _READY.search(self.output)
        assert ready, f"the server never took requests:\n{self.output}"
        self.port = int(ready["port"] or self.port)
        # Gunicorn opens its port before its worker starts an ASGI app. With a WSGI app, requests wait for the worker.
        if self.name in {"gunicorn-uvicorn", "gunicorn-asgi"}:
            self.wait_for("Application startup complete")
        # Granian's line comes a moment before its port is open.
        deadline = time.monotonic() + _PATIENCE
        while not self._is_listening():
            assert time.monotonic() < deadline, f"the server never listened:\n{self.output}"
        return self

    def _is_listening(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), _PATIENCE).close()
        except ConnectionRefusedError:
            return False
        return True

    def wait_until_watching(self) -> None:
        """Wait until it watches files for changes, which it may do only after it has started the app."""
        deadline = time.monotonic() + _PATIENCE
        while not self._is_watching():
            assert time.monotonic() < deadline, f"the server never watched a file:\n{self.output}"

    def _is_watching(self) -> bool:
        for info in Path(f"/proc/{self._process.pid}/fdinfo").glob("*"):
            # A file that was closed in the meantime is not watched with.
            with suppress(FileNotFoundError):
                if "inotify wd:" in info.read_text("utf-8"):
                    return True
        return False

    def wait_for_end(self) -> int:
        """Wait until it ends on its own; return its exit code."""
        code = self._process.wait(_PATIENCE)
        self._reader.join(_PATIENCE)
        return code

    def ask(self, method: str, *lines: Line, path: str = "/") -> Answer:
        """Send one request with these header lines, byte for byte."""
        if self._speaks_http2:
            with closing(http2.Client(self.port, _PATIENCE)) as client:
                return client.ask(method.encode(), path.encode(), _bytes(lines))
        return self.send(_request(method, [("connection", "close"), *lines], path))

    def ask_all(self, asks: Sequence[tuple[str, list[Line]]]) -> list[int]:
        """Send many requests over one connection; return the status of each answer."""
        if self._speaks_http2:
            with closing(http2.Client(self.port, _PATIENCE)) as client:
                return [client.ask(method.encode(), b"/", _bytes(lines)).status for method, lines in asks]
        *most, last = asks
        requests = [_request(method, lines, "/") for method, lines in most]
        raw = self.send(b"".join([*requests, _request(last[0], [*last[1], ("connection", "close")], "/")])).raw
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", raw)]

    def send(self, request: bytes) -> Answer:
        """Send bytes; return what comes back until the connection ends."""
        parts: list[bytes] = []
        # A server may refuse what is too long without reading all of it, and then its answer may be lost.
        with (
            socket.create_connection(("127.0.0.1", self.port), _PATIENCE) as connection,
            suppress(BrokenPipeError, ConnectionResetError),
        ):
            connection.sendall(request)
            while part := connection.recv(65536):
                parts.append(part)
        # A server may also end the connection without a word.
        return read(b"".join(parts)) if parts else Answer(raw=b"", status=NO_ANSWER, headers=[], body=b"")

    def memory(self) -> int:
        """Return the bytes of memory that it and its workers have."""
        kilobytes = 0
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(ProcessLookupError, FileNotFoundError):
                if os.getpgid(int(status.parent.name)) == self._process.pid:
                    resident = re.search(r"VmRSS:\s+(\d+) kB", status.read_text("utf-8"))
                    kilobytes += int(resident[1]) if resident else 0
        assert kilobytes, "no process is there to be measured"
        return kilobytes * 1024

    def stop(self) -> None:
        """End it and its workers, whatever they do."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_PATIENCE)
        self._reader.join(_PATIENCE)


def _bytes(lines: Iterable[Line]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode() if isinstance(value, str) else value) for name, value in lines]


def _request(method: str, lines: Iterable[Line], path: str) -> bytes:
    fields = [b": ".join(line) for line in _bytes([("host", "localhost"), *lines])]
    return b"\r\n".join([f"{method} {path} HTTP/1.1".encode(), *fields, b"", b""])


def _free_port() -> int:
    # Below the ports that the system hands out itself: another worker may be given one of those before the server
    # listens.
    while True:
        port = secrets.choice(range(10_000, 30_000))
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
