"""The API of the demo in two processes, whose live origins are in one SQLite database: `--live`.

The database is edited with the command `crossorigin origins` only. Both processes follow it without a restart.
"""

import asyncio
import json
import shlex
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.editable import Json
from demo.proxy import get_json, pass_on
from demo.recorder import App, Message, Receive, Send
from demo.scenario import REFUSED_ORIGIN
from demo.serving import ServerDidNotStartError

_WORKERS = 2


@dataclass(frozen=True, slots=True)
class _Worker:
    """The addresses of the two servers of a process that serves the API."""

    name: str
    api: str
    inside: str


class StoredApi:
    """An ASGI app that passes each request to the next worker."""

    apps: tuple[App, ...] = ()
    """The workers run the lifespan of their apps."""

    def __init__(self, store: str, workers: Sequence[_Worker]) -> None:
        """Keep the URL of the database and the workers."""
        self._store = store
        self._workers = workers
        self._next = cycle(workers)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        worker = next(self._next)
        await pass_on(worker.api, scope, receive, send, name=worker.name)

    async def show_explanation(self, method: str, origin: str, request_headers: Iterable[str]) -> Json:
        """Let a worker explain the decision on a page's request."""
        question = {"method": method, "origin": origin, "headers": ",".join(request_headers)}
        explanation: Json = await get_json(f"{self._workers[0].inside}/explain", question)
        return explanation

    async def show_state(self) -> Json:
        """Return what all workers have applied, as JSON."""
        states: list[Json] = await asyncio.gather(*(get_json(f"{w.inside}/state", {}) for w in self._workers))
        # The page sends its requests again when the revision rises: not before the slowest worker has applied it.
        slowest = min(states, key=lambda state: state["revision"])
        return {
            "revision": slowest["revision"],
            "edited": len(slowest["origins"]) > 0,
            "origins": slowest["origins"],
            "commands": [shlex.join(self.command(action, REFUSED_ORIGIN)) for action in ("add", "remove")],
            "workers": [
                {"name": worker.name, "process": state["process"], "revision": state["revision"]}
                for worker, state in zip(self._workers, states, strict=True)
            ],
        }

    def command(self, action: str, *arguments: str) -> list[str]:
        """Return a command that edits the store, in the environment of the demo."""
        return [*_program(), "origins", "--store", self._store, action, *arguments]


@asynccontextmanager
async def stored_api(module: str) -> AsyncGenerator[StoredApi]:
    """Create a database, and run the workers while the context is open.

    Raises:
        ServerDidNotStartError: A worker did not start, or the database could not be created.
    """
    async with AsyncExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory(prefix="crossorigin-demo-")))
        store = f"sqlite:///{folder / 'cors.db'}"
        await _create(store)
        names = [str(number + 1) for number in range(_WORKERS)]
        workers = [await opened.enter_async_context(_worker(name, module, store)) for name in names]
        yield StoredApi(store, workers)


async def _create(store: str) -> None:
    process = await asyncio.create_subprocess_exec(*_program(), "origins", "--store", store, "init", stdout=PIPE)
    await process.communicate()
    if process.returncode != 0:
        raise ServerDidNotStartError


@asynccontextmanager
async def _worker(name: str, module: str, store: str) -> AsyncGenerator[_Worker]:
    program = (sys.executable, "-m", "demo.worker", module, store)
    process = await asyncio.create_subprocess_exec(*program, stdin=PIPE, stdout=PIPE)
    try:
        line = await process.stdout.readline() if process.stdout else b""
        if not line:
            raise ServerDidNotStartError
        api, inside = (f"http://127.0.0.1:{port}" for port in json.loads(line))
        yield _Worker(name, api, inside)
    finally:
        # The worker ends with its standard input.
        await process.communicate(b"")


def _program() -> list[str]:
    """Return the command `crossorigin` of this environment, as short as it can be typed here."""
    installed = Path(sys.executable).with_name("crossorigin")
    if not installed.exists():
        return [sys.executable, "-m", "crossorigin"]
    folder = Path.cwd()
    return [str(installed.relative_to(folder) if installed.is_relative_to(folder) else installed)]
