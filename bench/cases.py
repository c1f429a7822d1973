"""The benchmark cases: a policy, a request, an app, and whether the policy allows the request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.contenders import Options
from bench.traffic import (
    ORIGIN,
    OTHER_ORIGIN,
    App,
    Headers,
    api_app,
    from_origin,
    preflight,
    unused_app,
    without_origin,
)

PEERS = frozenset({"starlette", "asgi-cors", "litestar"})
KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One benchmark case.

    `allowed` means that the response contains Access-Control-Allow-Origin. `ours` contains options that only our
    middleware has. `requests` is the number of requests that are counted.
    """

    name: str
    options: Callable[[], Options]
    ours: Options = field(default_factory=dict[str, Any])
    headers: Callable[[], Headers]
    method: str = "GET"
    app: App = field(default_factory=api_app)
    allowed: bool
    requests: int = 200
    peers: frozenset[str] = PEERS

    def takes(self, contender: str) -> bool:
        """Return whether the contender is measured in this case."""
        return contender not in PEERS or contender in self.peers

    def options_of(self, contender: str) -> Options:
        """Return the options of the contender."""
        return {**self.options(), **(self.ours if contender == "ours" else {})}


def listed(count: int) -> list[str]:
    """Return `count` origins; the origin of the requests is the last one."""
    return [f"https://app-{i:06}.example.com" for i in range(count - 1)] + [ORIGIN.decode()]


def patterns(count: int) -> list[str]:
    """Return `count` wildcard patterns; the one that matches the requests is the last one."""
    return [f"https://*.tenant-{i:05}.example.org" for i in range(count - 1)] + ["https://*.example.com"]


def names(count: int) -> list[str]:
    """Return `count` request-header names, sorted as a browser sends them."""
    return ["authorization", "content-type", *(f"x-header-{i:02}" for i in range(count))][:count]


_ONE_ORIGIN = partial(listed, 1)


def _case(
    name: str,
    headers: Callable[[], Headers],
    *,
    allowed: bool,
    origins: Callable[[], Sequence[str]] = _ONE_ORIGIN,
    app: App | None = None,
    requests: int = 200,
    peers: frozenset[str] = PEERS,
    ours: Options | None = None,
    **options: object,
) -> Case:
    return Case(
        name=name,
        ours=ours or {},
        options=lambda: {"allow_origins": list(origins()), **options},
        headers=headers,
        app=app or api_app(),
        allowed=allowed,
        requests=requests,
        peers=peers,
    )


def _preflight(
    name: str,
    names: Callable[[], bytes],
    *,
    allowed: bool = True,
    origin: bytes = ORIGIN,
    allow_headers: Sequence[str],
    requests: int = 200,
) -> Case:
    return Case(
        name=name,
        options=lambda: {
            "allow_origins": listed(1),
            "allow_methods": ["GET", "PUT", "DELETE"],
            "allow_headers": list(allow_headers),
        },
        headers=lambda: preflight(origin, names()),
        method="OPTIONS",
        app=unused_app,
        allowed=allowed,
        requests=requests,
        # asgi-cors passes preflights to the app, and Litestar's response is created by its framework.
        peers=frozenset({"starlette"}),
    )


ACTUAL = [
    _case("no-origin-13", partial(without_origin, 13), allowed=False),
    _case("no-origin-40", partial(without_origin, 40), allowed=False),
    _case("actual-1", partial(from_origin, ORIGIN), allowed=True),
    _case("actual-any", partial(from_origin, ORIGIN), origins=lambda: ["*"], allowed=True),
    _case("actual-constant", partial(from_origin, ORIGIN), allowed=True, ours={"constant_allow_origin": True}),
    _case(
        "actual-credentials",
        partial(from_origin, ORIGIN),
        allowed=True,
        allow_credentials=True,
        expose_headers=["X-Request-Id", "X-Total-Count"],
    ),
    _case("actual-refused", partial(from_origin, OTHER_ORIGIN), allowed=False),
    _case("actual-own-vary", partial(from_origin, ORIGIN), allowed=True, app=api_app(vary="Accept-Encoding")),
    _case("stream-64", partial(from_origin, ORIGIN), allowed=True, app=api_app(chunks=64), requests=50),
]

PREFLIGHT = [
    *(
        _preflight(f"preflight-{n}", lambda n=n: ",".join(names(n)).encode(), allow_headers=names(n))  # type: ignore[misc]
        for n in (1, 5, 20)
    ),
    _preflight("preflight-mirrored-5", lambda: ",".join(names(5)).encode(), allow_headers=["*"]),
    _preflight(
        "preflight-refused-origin",
        lambda: ",".join(names(5)).encode(),
        origin=OTHER_ORIGIN,
        allowed=False,
        allow_headers=names(5),
    ),
    _preflight("preflight-refused-header", lambda: ",".join(names(6)).encode(), allow_headers=names(5)),
]

ORIGINS = [
    _case(
        f"origins-{n}-{ending}",
        partial(from_origin, origin),
        origins=partial(listed, n),
        allowed=origin == ORIGIN,
        requests=50,
        # Litestar joins all origins into one regular expression, which takes minutes to compile.
        peers=PEERS if n <= 1000 else PEERS - {"litestar"},
    )
    for n in (10, 1000, 100_000)
    for ending, origin in (("hit", ORIGIN), ("miss", OTHER_ORIGIN))
]

PATTERNS = [
    _case(
        f"patterns-{n}-{ending}",
        partial(from_origin, origin),
        origins=partial(patterns, n),
        allowed=origin == ORIGIN,
        requests=50,
        peers=PEERS if n <= 100 else frozenset({"asgi-cors"}),
    )
    for n in (1, 16, 100, 10_000)
    for ending, origin in (("hit", ORIGIN), ("miss", OTHER_ORIGIN))
]

HOSTILE_NAMES: dict[str, Callable[[int], bytes]] = {
    "commas": lambda size: b"," * size,
    "repeated": lambda size: (b"x-header-00," * (size // 12 + 1))[:size].removesuffix(b","),
    "token": lambda size: b"x" * size,
}
HOSTILE = [
    *(
        _preflight(
            f"hostile-{label}-{kind}-{mode}",
            partial(make, size),
            allow_headers=allow,
            requests=requests,
        )
        for label, size, requests in (("64k", 64 * KIB, 20), ("1m", MIB, 3))
        for kind, make in HOSTILE_NAMES.items()
        for mode, allow in (("list", names(5)), ("mirrored", ["*"]))
    ),
    _case("hostile-64k-origin", lambda: from_origin(b"https://" + b"a" * 64 * KIB), allowed=False, requests=20),
]

CASES = {case.name: case for group in (ACTUAL, PREFLIGHT, ORIGINS, PATTERNS, HOSTILE) for case in group}
