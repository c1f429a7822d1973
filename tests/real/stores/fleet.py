"""A server with several workers, and clients that address each of them."""

import json
import math
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from types import SimpleNamespace
from typing import Self

from tests.real.servers.process import Server
from tests.real.stores.configuration import STATIC, STATUS_HEADER
from tests.real.stores.databases import Store, epoch, revision
from tests.real.stores.history import Answer, History

# Long enough for any machine: it ends a hang, and measures nothing.
PATIENCE = 40
_PAUSE = 0.01
_MAX_SPARE = 10


class Status(SimpleNamespace):
    """The `LiveStatus` of one worker, with its process and the moment before it was read."""

    pid: int
    now: float
    source: str
    count: int
    revision: int
    ready: bool
    connected: bool | None
    epoch: str | None
    staleness: float | None
    rejected: int
    error: str | None

    @property
    def compared(self) -> float:
        """When the last successful comparison began; -inf if there was none."""
        return -math.inf if self.staleness is None else self.now - self.staleness


def is_cut_off(status: Status) -> bool:
    """Return whether a worker reports that it cannot read its store, and goes on with what it knew."""
    assert status.ready
    assert status.count > 0
    return status.connected is False and status.error is not None


def is_current(store: Store) -> Callable[[Status], bool]:
    """Return a condition: a worker has the newest revision of a store, and no error."""
    expected = (epoch(store), revision(store))

    def has_newest(status: Status) -> bool:
        return (status.epoch, status.revision) == expected and status.connected is True and status.error is None

    return has_newest


def request(
    connection: HTTPConnection, origin: str, *, method: str = "GET", path: str = "/", max_stale: float = math.inf
) -> tuple[Answer, Status]:
    """Send one request, and read what the worker answers and reports.

    Raises:
        OSError, HTTPException: The server did not answer.
    """
    headers = {"Origin": origin}
    if method == "OPTIONS":
        headers["Access-Control-Request-Method"] = "PUT"
    sent = time.monotonic()
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    response.read()
    received = time.monotonic()
    status = Status(**json.loads(response.headers[STATUS_HEADER]))
    allowed = response.headers.get("access-control-allow-origin")
    assert allowed in {None, origin}, allowed
    answer = Answer(
        origin=origin,
        is_allowed=allowed is not None,
        sent=sent,
        received=received,
        compared=status.compared,
        is_off=received - status.compared > max_stale,
    )
    return answer, status


class Fleet:
    """The workers of one server."""

    def __init__(self, server: Server, workers: int, *, path: str = "/") -> None:
        """Store the arguments. Connections are opened when they are needed."""
        self.server = server
        self.path = path
        self._workers = workers
        self._connections: dict[int, HTTPConnection] = {}

    def __enter__(self) -> Self:
        """Return the fleet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections. The server goes on."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def copy(self) -> "Fleet":
        """Return other connections to the same workers."""
        return Fleet(self.server, self._workers, path=self.path)

    def log(self) -> str:
        """Return the last lines of the server's log, without those about requests."""
        return "\n".join([line for line in self.server.output.splitlines() if " HTTP/1.1" not in line][-30:])

    def connect(self) -> HTTPConnection:
        """Open a connection to some worker."""
        return HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)

    def connections(self) -> dict[int, HTTPConnection]:
        """Return one open connection to each worker, by process."""
        spare: list[HTTPConnection] = []
        deadline = time.monotonic() + PATIENCE
        while len(self._connections) < self._workers:
            assert time.monotonic() < deadline, f"only {[*self._connections]} answer:\n{self.log()}"
            connection = self.connect()
            _, status = request(connection, STATIC, path=self.path)
            if status.pid not in self._connections:
                self._connections[status.pid] = connection
                continue
            # Some stay open, so that their worker is busy and another one accepts.
            spare.append(connection)
            if len(spare) > _MAX_SPARE:
                spare.pop(0).close()
        for connection in spare:
            connection.close()
        return self._connections

    def statuses(self) -> list[Status]:
        """Return the status of each worker."""
        found = []
        for connection in self.connections().values():
            answer, status = request(connection, STATIC, path=self.path)
            assert answer.is_allowed
            found.append(status)
        return found

    def wait(self, condition: Callable[[Status], object], what: str) -> list[Status]:
        """Wait until a condition is true for the status of every worker, and return these."""
        deadline = time.monotonic() + PATIENCE
        while True:
            statuses = self.statuses()
            if all(map(condition, statuses)):
                return statuses
            assert time.monotonic() < deadline, f"not every worker {what}: {statuses}\n{self.log()}"
            time.sleep(_PAUSE)

    def wait_for_comparison(self) -> None:
        """Wait until every worker has compared once more, from now on, and reports no error."""
        now = time.monotonic()
        self.wait(lambda status: status.compared > now and status.error is None, "compares")

    def allowed(self, origins: Iterable[str]) -> set[str]:
        """Return which origins are allowed. Every worker must agree, for requests and preflights."""
        found = set()
        for origin in origins:
            answers = {
                request(connection, origin, method=method, path=self.path)[0].is_allowed
                for connection in self.connections().values()
                for method in ("GET", "OPTIONS")
            }
            assert len(answers) == 1, f"the workers do not agree on {origin}"
            if answers.pop():
                found.add(origin)
        return found


class Load:
    """Requests to every worker, for as long as the block runs: `with Load(fleet, origins) as load:`."""

    def __init__(
        self,
        fleet: Fleet,
        origins: Collection[str],
        *,
        pause: float = 0.008,
        seed: int = 0,
        max_stale: float = math.inf,
    ) -> None:
        """Store the arguments. `pause` is the time between two requests to the same worker."""
        self._fleet = fleet
        self._origins = list(origins)
        self._pause = pause
        self._seed = seed
        self._max_stale = max_stale
        self._stopped = threading.Event()
        self.answers: list[Answer] = []
        self.errors: list[str] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Start a client for each worker."""
        # The fleet's own connections stay free for `wait`.
        clients = self._fleet.copy()
        for number, connection in enumerate(clients.connections().values()):
            thread = threading.Thread(target=self._run, args=(connection, random.Random(self._seed + number)))
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the clients."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self, connection: HTTPConnection, choices: random.Random) -> None:
        with closing(connection):
            while not self._stopped.wait(self._pause):
                origin, method = choices.choice(self._origins), choices.choice(("GET", "OPTIONS"))
                try:
                    answer, _ = request(
                        connection, origin, method=method, path=self._fleet.path, max_stale=self._max_stale
                    )
                except (OSError, HTTPException) as error:
                    self.errors.append(repr(error))
                    connection.close()
                else:
                    self.answers.append(answer)

    def check(self, history: History) -> int:
        """Check that no answer is wrong, and that every request was answered. Return the number of requests."""
        assert not self.errors, self.errors[:3]
        assert self.answers
        wrong = [answer for answer in self.answers if history.is_wrong(answer)]
        assert not wrong, f"{len(wrong)} of {len(self.answers)} answers are wrong, such as {wrong[0]}"
        return len(self.answers)

    def count_since(self, begun: float) -> int:
        """Return the number of requests that were sent after a moment."""
        return sum(answer.sent >= begun for answer in self.answers)
