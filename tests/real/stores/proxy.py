"""A TCP proxy in front of a database, which can refuse, reset and hang connections."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

_PATIENCE = 30
_SIZE = 65_536
# Closing a connection with this option sends a reset.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """A proxy to a port of this machine. It forwards until it is told otherwise.

    `with Proxy(port) as proxy:` starts it. `proxy.port` does not change.
    """

    def __init__(self, target: int) -> None:
        """Listen on a free port."""
        self._target = target
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._flows = threading.Event()
        self._flows.set()
        self._resets = False
        self._listener: socket.socket | None = None
        self.port = 0
        self._listen()

    def __enter__(self) -> Self:
        """Return the proxy."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections, and wait for the threads."""
        self.refuse()
        for thread in self._threads:
            thread.join(_PATIENCE)

    def forward(self) -> None:
        """Forward new connections, and those that hang."""
        self._resets = False
        self._flows.set()
        if self._listener is None:
            self._listen()

    def refuse(self) -> None:
        """Close all connections, and refuse new ones: the database is down."""
        self._flows.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            # `close` alone does not wake the thread that accepts.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._close_all()

    def reset(self) -> None:
        """Reset all connections, and new ones once they are accepted."""
        self._resets = True
        self._flows.set()
        self._close_all()

    def hang(self) -> None:
        """Accept connections, but forward nothing: the network drops all packets."""
        self._flows.clear()

    def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._spawn(self._accept, listener)

    def _spawn(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self._resets:
                _close_with_reset(client)
                continue
            self._spawn(self._connect, client)

    def _connect(self, client: socket.socket) -> None:
        with self._lock:
            self._open.append(client)
        self._flows.wait(_PATIENCE)
        try:
            server = socket.create_connection(("127.0.0.1", self._target), _PATIENCE)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            self._open.append(server)
        self._spawn(self._pump, client, server)
        self._pump(server, client)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(_SIZE):
                self._flows.wait(_PATIENCE)
                target.sendall(part)
        for connection in (source, target):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _close_all(self) -> None:
        with self._lock:
            connections, self._open = self._open, []
        for connection in connections:
            with suppress(OSError):
                if self._resets:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                # Wakes the threads that read from it.
                connection.shutdown(socket.SHUT_RD)
            connection.close()


def _close_with_reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()
