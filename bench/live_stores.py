"""The command `python -m bench.live_stores`: how fast stored origins load, and how soon a change applies everywhere.

It starts four uvicorn workers on SQLite and on its own PostgreSQL server, with 100,000 origins. Each edit is
committed with the driver itself, at a random moment. It counts as applied when a request to each of the workers is
allowed. This needs no other network than loopback.
"""

from __future__ import annotations

import argparse
import http.client
import logging
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from crossorigin import CORSMiddleware, LiveOrigins
from crossorigin.live.stores.address import read_address
from crossorigin.live.stores.editor import initialize
from crossorigin.live.stores.session import Session
from tests.postgres import PostgreSQL, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from crossorigin.adapters.common.asgi_types import ASGIApp, Receive, Scope, Send

WORKERS = 4
# More than are stored, so that one can be added.
LIMIT = 1_000_000
_PATIENCE = 60.0
_URL, _LISTEN = "BENCH_STORE", "BENCH_LISTEN"
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A store to measure, with the function that commits a statement."""

    name: str
    url: str
    execute: Callable[[str, str], object]
    listen: bool = False


def create() -> ASGIApp:
    """Return the app of a worker, which answers with its process ID."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = str(os.getpid()).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    # Refused requests are part of each measurement.
    logging.getLogger("crossorigin").setLevel(logging.CRITICAL)
    origins = LiveOrigins.open(
        os.environ[_URL],
        listen=os.environ[_LISTEN] == "1",
        require=True,
        start_timeout=_PATIENCE,
        deadline=_PATIENCE,
        limit=LIMIT,
    )
    return CORSMiddleware(respond, origins=origins)


def measure_load(url: str) -> tuple[float, float, float]:
    """Return the seconds, the CPU seconds and the bytes that the first load takes in a new process."""
    code = (
        "import sys, time; from crossorigin import LiveOrigins; from bench.live_stores import LIMIT, resident\n"
        "origins = LiveOrigins.open(sys.argv[1], deadline=60, limit=LIMIT); before = resident()\n"
        "begun, cpu = time.perf_counter(), time.process_time(); origins.refresh_sync()\n"
        "print(time.perf_counter() - begun, time.process_time() - cpu, resident() - before)"
    )
    finished = subprocess.run([sys.executable, "-c", code, url], check=True, capture_output=True, text=True)
    seconds, cpu, grown = map(float, finished.stdout.split())
    return seconds, cpu, grown


def resident(pid: int | None = None) -> int:
    """Return the memory of a process that is in use, in bytes."""
    fields = Path(f"/proc/{pid or os.getpid()}/statm").read_text("ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serve(setup: Setup) -> Generator[dict[int, http.client.HTTPConnection]]:
    """Start the workers, and yield a connection to each of them by its process ID."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "bench.live_stores:create", "--log-level", "warning"]
    environment = {**os.environ, _URL: setup.url, _LISTEN: str(int(setup.listen))}
    process = subprocess.Popen([*command, "--port", str(port), "--workers", str(WORKERS)], env=environment)
    try:
        yield _connect_all(port)
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _connect_all(port: int) -> dict[int, http.client.HTTPConnection]:
    connections: dict[int, http.client.HTTPConnection] = {}
    deadline = time.monotonic() + _PATIENCE
    while len(connections) < WORKERS:
        if time.monotonic() > deadline:
            message = f"only {len(connections)} of {WORKERS} workers answer"
            raise TimeoutError(message)
        # A connection stays with the worker that has accepted it.
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        try:
            pid = int(_get(connection, "https://nobody.example")[1])
        except OSError:
            time.sleep(0.05)
            continue
        connections.setdefault(pid, connection)
    return connections


def _get(connection: http.client.HTTPConnection, origin: str) -> tuple[bool, bytes]:
    connection.request("GET", "/", headers={"Origin": origin})
    response = connection.getresponse()
    return response.headers.get("access-control-allow-origin") == origin, response.read()


def measure_edit(setup: Setup, connections: dict[int, http.client.HTTPConnection], origin: str, *, adds: bool) -> float:
    """Return the seconds from the commit of an edit until every worker has applied it."""
    statement = "INSERT INTO cors_origin (origin) VALUES (?)" if adds else "DELETE FROM cors_origin WHERE origin = ?"
    setup.execute(statement, origin)
    committed = time.perf_counter()
    waiting = list(connections.values())
    while waiting:
        waiting = [connection for connection in waiting if _get(connection, origin)[0] != adds]
        if time.perf_counter() - committed > _PATIENCE:
            message = f"{len(waiting)} workers have not applied an edit of {setup.name}"
            raise TimeoutError(message)
    return time.perf_counter() - committed


def measure(setup: Setup, *, edits: int, poll: float) -> None:
    """Measure one store, and print the results."""
    loads = [measure_load(setup.url) for _ in range(3)]
    seconds, cpu, grown = (statistics.median(values) for values in zip(*loads, strict=True))
    print(f"{setup.name}: load {seconds:.2f} s, {cpu:.2f} s of CPU, {grown / _MEGABYTE:.0f} MB more", flush=True)
    with serve(setup) as connections:
        times: list[float] = []
        for number in range(edits):
            time.sleep(random.uniform(0, poll))
            times.append(measure_edit(setup, connections, f"https://edit-{number // 2}.example", adds=number % 2 == 0))
        memory = [resident(pid) / _MEGABYTE for pid in connections]
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    print(
        f"{setup.name}: {edits} edits, commit to effect in all of {WORKERS} workers: p50 {cuts[9] * 1000:.0f} ms, "
        f"p95 {cuts[18] * 1000:.0f} ms, at most {max(times) * 1000:.0f} ms; {min(memory):.0f} to {max(memory):.0f} MB "
        "a worker",
        flush=True,
    )


def _initialize(url: str) -> None:
    with Session(read_address(url), timeout=_PATIENCE, create=True) as session:
        initialize(session)


def main() -> None:
    """Measure both stores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--origins", type=int, default=100_000)
    parser.add_argument("--edits", type=int, default=100)
    arguments = parser.parse_args()
    origins = [(f"https://shop-{number}.customer.example",) for number in range(arguments.origins)]
    with tempfile.TemporaryDirectory() as folder, PostgreSQL() as server:
        path = Path(folder) / "cors.db"
        _initialize(f"sqlite:///{path}")
        with closing(sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)) as file:
            file.execute("BEGIN")
            file.executemany("INSERT INTO cors_origin (origin) VALUES (?)", origins)
            file.execute("COMMIT")
            setup = Setup(
                name="SQLite", url=f"sqlite:///{path}", execute=lambda sql, origin: file.execute(sql, (origin,))
            )
            measure(setup, edits=arguments.edits, poll=0.1)
        url = server.url(server.create_database())
        _initialize(url)
        with psycopg.connect(url, autocommit=True) as database:
            rows = [origin for (origin,) in origins]
            database.execute("INSERT INTO cors_origin (origin) SELECT unnest(%s::text[])", (rows,))

            def execute(statement: str, origin: str) -> Any:
                return database.execute(statement.replace("?", "%s").encode("ascii"), (origin,))

            measure(Setup(name="PostgreSQL", url=url, execute=execute), edits=arguments.edits, poll=0.5)
            listening = Setup(name="PostgreSQL, listen=True", url=url, execute=execute, listen=True)
            measure(listening, edits=arguments.edits, poll=0.5)


if __name__ == "__main__":
    main()
