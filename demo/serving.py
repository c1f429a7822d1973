"""Both servers of the demo in one event loop, on loopback addresses only.

This module opens the sockets before uvicorn starts, so a port that is in use is reported immediately and both
loopback addresses share one port. Browsers resolve `localhost` to either address.
"""

import asyncio
import errno
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn

from demo.api import documented_policy
from demo.page import LiveApi, page_app
from demo.recorder import App, Recorder

_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class PortUnavailableError(OSError):
    """A port of the demo could not be opened."""

    def __init__(self, port: int, error: OSError) -> None:
        """Keep the port and the system's error."""
        super().__init__(error.errno, error.strerror)
        self.port = port

    @property
    def taken(self) -> bool:
        """Whether another program uses the port."""
        return self.errno == errno.EADDRINUSE


class ServerDidNotStartError(RuntimeError):
    """A server did not start; its own output contains the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The addresses of the demo, as serialized origins."""

    allowed: str
    refused: str
    api: str


@asynccontextmanager
async def serving(*, api: App, port: int, page_port: int) -> AsyncGenerator[Addresses]:
    """Serve `api` and the page while the context is open. The page shows the changes of a `LiveApi`.

    Port 0 means any free port.

    Raises:
        PortUnavailableError: One of the ports could not be opened.
        ServerDidNotStartError: A server did not start.
    """
    async with AsyncExitStack() as opened:
        page_sockets = opened.enter_context(listening(page_port))
        api_sockets = opened.enter_context(listening(port))
        page_port, port = (sockets[0].getsockname()[1] for sockets in (page_sockets, api_sockets))
        addresses = Addresses(
            allowed=f"http://localhost:{page_port}",
            refused=f"http://127.0.0.1:{page_port}",
            api=f"http://localhost:{port}",
        )
        live = _live_api(api)
        recorder = Recorder(api)
        page = page_app(
            recorder=recorder,
            policy=documented_policy(),
            live=live,
            api=addresses.api,
            page_port=page_port,
        )
        for app in (api,) if live is None else live.apps:
            await opened.enter_async_context(lifespan(app))
        async with running(recorder, api_sockets), running(page, page_sockets):
            yield addresses


def _live_api(api: object) -> LiveApi | None:
    return api if isinstance(api, LiveApi) else None


class _Server(uvicorn.Server):
    """A uvicorn server that sets an event when it is ready and leaves signals to the command."""

    def __init__(self, app: App) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                # The caller configures logging; by default, warnings go to stderr.
                log_config=None,
                log_level="warning",
                # The lifespan of the API is that of each of its apps.
                lifespan="off",
                timeout_graceful_shutdown=2,
                ws="none",
            )
        )
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            # Uvicorn exits the process if the app fails to start, but this process also runs the other server.
            self.should_exit = True
        finally:
            self.ready.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def lifespan(app: App) -> AsyncGenerator[None]:
    """Run the lifespan of an app as uvicorn does. An app without one is served all the same.

    Raises:
        ServerDidNotStartError: The app did not start.
    """
    config = uvicorn.Config(app, log_config=None, log_level="warning")
    config.load()
    events = config.lifespan_class(config)
    await events.startup()
    if events.should_exit:
        raise ServerDidNotStartError
    try:
        yield
    finally:
        await events.shutdown()


@asynccontextmanager
async def running(app: App, sockets: list[socket.socket]) -> AsyncGenerator[None]:
    """Serve an app, without its lifespan, while the context is open.

    Raises:
        ServerDidNotStartError: The server did not start.
    """
    server = _Server(app)
    task = asyncio.create_task(server.serve(sockets))
    await server.ready.wait()
    if not server.started:
        await task
        raise ServerDidNotStartError
    try:
        yield
    finally:
        server.should_exit = True
        await task


@contextmanager
def listening(port: int) -> Generator[list[socket.socket]]:
    """Return sockets that listen on a port of both loopback addresses, while the context is open.

    Raises:
        PortUnavailableError: The port could not be opened.
    """
    sockets = _open(port)
    try:
        yield sockets
    finally:
        for opened in sockets:
            opened.close()


def _open(port: int) -> list[socket.socket]:
    first = _listen(socket.AF_INET, "127.0.0.1", port)
    try:
        return [first, _listen(socket.AF_INET6, "::1", first.getsockname()[1])]
    except PortUnavailableError as error:
        if error.errno in _NO_IPV6:
            return [first]
        first.close()
        if port == 0 and error.taken:
            # The system chose a port that is free on IPv4 only, so it has to choose again.
            return _open(port)
        raise


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    opened = None
    try:
        opened = socket.socket(family, socket.SOCK_STREAM)
        # Without this option, a port cannot be reused for a minute after its last connection.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((host, port))
        # With SO_REUSEADDR, Linux may report another listener here instead of in bind().
        opened.listen()
    except OSError as error:
        if opened is not None:
            opened.close()
        raise PortUnavailableError(port, error) from error
    return opened
