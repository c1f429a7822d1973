"""The parts of a benchmark case: a policy, the requests, an app, and whether the policy allows the requests."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.contenders import CONTENDERS, Options
from bench.traffic import ORIGIN, App, Headers, Scope, api_app, new_scope, preflight, unused_app

PEERS = frozenset({"starlette", "asgi-cors", "litestar"})
STARLETTE = frozenset({"starlette"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One benchmark case.

    `headers` returns the headers of one request from its number, so that each request can have another origin.
    `allowed` means that the response contains Access-Control-Allow-Origin. `ours` contains options that only our
    middleware has. With `is_nested`, there is a second middleware of the contender inside the first one. `requests` is
    the number of requests that are counted.
    """

    name: str
    options: Callable[[], Options]
    ours: Options = field(default_factory=dict[str, Any])
    headers: Callable[[int], Headers]
    method: str = "GET"
    kind: str = "http"
    app: App = field(default_factory=api_app)
    allowed: bool
    requests: int = 200
    peers: frozenset[str] = PEERS
    is_nested: bool = False

    def takes(self, contender: str) -> bool:
        """Return whether the contender is measured in this case."""
        return contender not in PEERS or contender in self.peers

    def options_of(self, contender: str) -> Options:
        """Return the options of the contender."""
        return {**self.options(), **(self.ours if contender == "ours" else {})}

    def build(self, contender: str) -> App | None:
        """Return the app with the middleware of the contender, or None if the contender has no such middleware."""
        options = self.options_of(contender)
        inner = CONTENDERS[contender](self.app, options) if self.is_nested and contender == "ours" else self.app
        return inner and CONTENDERS[contender](inner, options)

    def scopes(self, count: int, first: int = 0) -> Iterator[Scope]:
        """Yield the scopes of `count` requests; `first` is the number of the first one."""
        return (new_scope(self.method, self.headers(number), self.kind) for number in range(first, first + count))


def always(headers: Callable[..., Headers], *arguments: Any) -> Callable[[int], Headers]:
    """Return a function that returns the same headers for every request."""
    return lambda _number: headers(*arguments)


def listed(count: int) -> list[str]:
    """Return `count` origins; the origin of the requests is the last one."""
    return [f"https://app-{i:06}.example.com" for i in range(count - 1)] + [ORIGIN.decode()]


def patterns(count: int) -> list[str]:
    """Return `count` wildcard patterns; the one that matches the requests is the last one."""
    return [f"https://*.tenant-{i:05}.example.org" for i in range(count - 1)] + ["https://*.example.com"]


def names(count: int) -> list[str]:
    """Return `count` request-header names, sorted as a browser sends them."""
    return ["authorization", "content-type", *(f"x-header-{i:02}" for i in range(count))][:count]


ONE_ORIGIN = partial(listed, 1)


def actual_case(
    name: str,
    headers: Callable[[int], Headers],
    *,
    allowed: bool,
    origins: Callable[[], Sequence[str]] = ONE_ORIGIN,
    app: App | None = None,
    method: str = "GET",
    requests: int = 200,
    peers: frozenset[str] = PEERS,
    ours: Options | None = None,
    is_nested: bool = False,
    **options: object,
) -> Case:
    """Return a case of actual requests."""
    return Case(
        name=name,
        ours=ours or {},
        options=lambda: {"allow_origins": list(origins()), **options},
        headers=headers,
        method=method,
        app=app or api_app(),
        allowed=allowed,
        requests=requests,
        peers=peers,
        is_nested=is_nested,
    )


def preflight_case(
    name: str,
    names: Callable[[], bytes],
    *,
    allowed: bool = True,
    origin: Callable[[int], bytes] = lambda _number: ORIGIN,
    origins: Callable[[], Sequence[str]] = ONE_ORIGIN,
    allow_headers: Sequence[str],
    requests: int = 200,
) -> Case:
    """Return a case of preflights for the method PUT; `origin` returns the origin of a request from its number."""
    return Case(
        name=name,
        options=lambda: {
            "allow_origins": list(origins()),
            "allow_methods": ["GET", "PUT", "DELETE"],
            "allow_headers": list(allow_headers),
        },
        headers=lambda number: preflight(origin(number), names()),
        method="OPTIONS",
        app=unused_app,
        allowed=allowed,
        requests=requests,
        # asgi-cors passes preflights to the app, and Litestar's response is created by its framework.
        peers=STARLETTE,
    )
