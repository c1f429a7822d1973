"""Requests are not kept: thousands of different requests do not increase the memory of a server."""

import pytest

from tests.real.servers.conftest import Start
from tests.real.servers.process import SERVERS, Line, Server, assert_log_is_safe
from tests.unit.adapters.asgi.scopes import ORIGIN

_LONG = 8 * 1024
_REQUESTS = 2_000
_ON_ONE_CONNECTION = 50
# If they were kept, the requests of each round would take at least 12 MiB. Without that, a server takes as much only in
# its first rounds: Daphne drops finished requests once a second, whatever its app is.
_BOUND = 6 * 1024 * 1024
_ROUNDS = 4


def hostile(number: int) -> tuple[str, list[Line]]:
    """Return a unique request, of one of the kinds that the middleware reads."""
    asks = ("access-control-request-method", "PUT")
    long = f"{number:08}" * (_LONG // 8)
    kinds: list[tuple[str, list[Line]]] = [
        ("GET", [("origin", f"https://{number}.{'a' * 60}.{'b' * 60}.example.org")]),
        ("GET", [("origin", f"https://canary{long}")]),
        ("OPTIONS", [("origin", ORIGIN), ("access-control-request-method", f"canary{long}")]),
        ("OPTIONS", [("origin", ORIGIN), asks, ("access-control-request-headers", f"x-canary-{long}")]),
    ]
    return kinds[number % len(kinds)]


def flood(server: Server, numbers: range) -> None:
    """Send these requests, and check the status of each."""
    for first in numbers[::_ON_ONE_CONNECTION]:
        asks = [hostile(number) for number in range(first, first + _ON_ONE_CONNECTION)]
        assert server.ask_all(asks) == [200 if method == "GET" else 400 for method, _ in asks], server.output


def grows(server: Server) -> bool:
    """Return whether every round of requests leaves more memory in use than the one before."""
    for number in range(_ROUNDS):
        before = server.memory()
        flood(server, range(number * _REQUESTS, (number + 1) * _REQUESTS))
        if server.memory() - before < _BOUND:
            return False
    return True


@pytest.mark.parametrize("running", [(name, "wrapped") for name in SERVERS], ids="-".join, indirect=True)
def test_nothing_of_a_request_is_kept(server: Server) -> None:
    """Two thousand long requests need no more memory than the server's own variation."""
    assert not grows(server)
    assert_log_is_safe(server.output)


def test_what_keeps_requests_is_found(start: Start) -> None:
    """The memory of an app that keeps all requests increases with every round."""
    assert grows(start("uvicorn-httptools", "tests.real.servers.leaking:app").wait_until_ready())
