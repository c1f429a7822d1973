"""A real server as a process of its own, and a client that sends bytes as they are."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
MARKER = "APP_RAN_MARKER"
NO_ANSWER = 0
# Long enough for any machine: it ends a hang, and measures nothing.
_PATIENCE = 60

# How each server is started, and the line that says that it takes requests.
_COMMANDS = {
    "uvicorn-h11": ["uvicorn", "{app}", "--host=127.0.0.1", "--port={port}", "--http=h11"],
    "uvicorn-httptools": ["uvicorn", "{app}", "--host=127.0.0.1", "--port={port}", "--http=httptools"],
    "uvicorn-without-lifespan": ["uvicorn", "{app}", "--host=127.0.0.1", "--port={port}", "--lifespan=off"],
    "hypercorn": ["hypercorn", "{app}", "--bind=127.0.0.1:{port}", "--access-logfile=-"],
    "granian": ["granian", "{app}", "--interface=asgi", "--host=127.0.0.1", "--port={port}"],
}
_READY = re.compile(r"running on http://127\.0\.0\.1:(?P<port>\d+)|Started worker-1", re.IGNORECASE)

SERVERS = ["uvicorn-h11", "uvicorn-httptools", "hypercorn", "granian"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back over one connection."""

    raw: bytes
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of all lines of a field."""
        return [value for field, value in self.headers if field == name]

    @property
    def cors(self) -> dict[bytes, bytes]:
        """Return what it says of CORS; a name that comes twice is a failure."""
        lines = [(name, value) for name, value in self.headers if name.startswith(b"access-control-")]
        assert len(dict(lines)) == len(lines), lines
        return dict(lines)


class Server:
    """One server, running one app; its output is read as it comes."""

    def __init__(self, name: str, app: str, marker: Path) -> None:
        # The two that print the port they were given choose it themselves.
        self._port = _free_port() if name == "granian" else 0
        command = [part.format(app=app, port=self._port) for part in _COMMANDS[name]]
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

    def wait_for(self, text: str) -> None:
        """Wait until it has printed a text."""
        with self._news:
            self._news.wait_for(lambda: self._ended or text in "".join(self._printed), _PATIENCE)
        assert text in self.output, f"{text!r} was never printed:\n{self.output}"

    def wait_until_ready(self) -> Self:
        """Wait until it says that it takes requests."""
        with self._news:
            self._news.wait_for(lambda: self._ended or _READY.search("".join(self._printed)) is not None, _PATIENCE)
        ready = _READY.search(self.output)
        assert ready, f"the server never took requests:\n{self.output}"
        self._port = int(ready["port"] or self._port)
        # Granian's line comes a moment before its port is open.
        deadline = time.monotonic() + _PATIENCE
        while not self._is_listening():
            assert time.monotonic() < deadline, f"the server never listened:\n{self.output}"
        return self

    def _is_listening(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), _PATIENCE).close()
        except ConnectionRefusedError:
            return False
        return True

    def wait_for_end(self) -> int:
        """Wait until it ends on its own; return its exit code."""
        code = self._process.wait(_PATIENCE)
        self._reader.join(_PATIENCE)
        return code

    def ask(self, method: str, *lines: tuple[str, str | bytes], path: str = "/") -> Answer:
        """Send one request with these header lines, byte for byte."""
        head = [f"{method} {path} HTTP/1.1".encode(), b"host: localhost", b"connection: close"]
        head += [name.encode() + b": " + (value.encode() if isinstance(value, str) else value) for name, value in lines]
        return self.send(b"\r\n".join([*head, b"", b""]))

    def send(self, request: bytes) -> Answer:
        """Send bytes; return what comes back until the connection ends."""
        parts: list[bytes] = []
        with socket.create_connection(("127.0.0.1", self._port), _PATIENCE) as connection:
            try:
                connection.sendall(request)
                while part := connection.recv(65536):
                    parts.append(part)
            except (BrokenPipeError, ConnectionResetError):
                # A server may refuse what is too long without reading all of it, and then its answer may be lost.
                if not parts:
                    return Answer(raw=b"", status=NO_ANSWER, headers=[], body=b"")
        raw = b"".join(parts)
        head, _, body = raw.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        assert status.startswith(b"HTTP/1.1 "), f"no answer: {raw!r}\n{self.output}"
        fields = [line.partition(b":") for line in lines]
        return Answer(
            raw=raw,
            status=int(status.split()[1]),
            headers=[(name.lower(), value.strip()) for name, _, value in fields],
            body=body,
        )

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


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
