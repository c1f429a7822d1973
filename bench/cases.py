"""Hold the cases: a policy, a request, an app, and whether the request is allowed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.contenders import Options
from bench.traffic import (
    ORIGIN,
    STRANGER,
    App,
    Headers,
    answering,
    from_origin,
    preflight,
    silent,
    without_origin,
)

PEERS = frozenset({"starlette", "asgi-cors", "litestar"})
KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is measured: `allowed` says whether the answer holds Access-Control-Allow-Origin.

    `ours` are options that no peer has; `requests` is how many are counted.
    """

    name: str
    options: Callable[[], Options]
    ours: Options = field(default_factory=dict[str, Any])
    headers: Callable[[], Headers]
    method: str = "GET"
    app: App = field(default_factory=answering)
    allowed: bool
    requests: int = 200
    peers: frozenset[str] = PEERS

    def takes(self, contender: str) -> bool:
        """Tell whether the contender is measured in this case."""
        return contender not in PEERS or contender in self.peers

    def options_of(self, contender: str) -> Options:
        """Return what the contender is built with."""
        return {**self.options(), **(self.ours if contender == "ours" else {})}


def listed(count: int) -> list[str]:
    """Return as many origins; the one that asks stands last."""
    return [f"https://app-{i:06}.example.com" for i in range(count - 1)] + [ORIGIN.decode()]


def patterns(count: int) -> list[str]:
    """Return as many wildcard patterns; the one that matches stands last."""
    return [f"https://*.tenant-{i:05}.example.org" for i in range(count - 1)] + ["https://*.example.com"]


def names(count: int) -> list[str]:
    """Return as many request-header names, sorted as a browser sends them."""
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
        app=app or answering(),
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
        app=silent,
        allowed=allowed,
        requests=requests,
        # asgi-cors lets the app answer; Litestar's answer is made by the framework around it.
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
    _case("actual-refused", partial(from_origin, STRANGER), allowed=False),
    _case("actual-own-vary", partial(from_origin, ORIGIN), allowed=True, app=answering(vary="Accept-Encoding")),
    _case("stream-64", partial(from_origin, ORIGIN), allowed=True, app=answering(chunks=64), requests=50),
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
        origin=STRANGER,
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
        # Its one regular expression of all origins takes Litestar minutes to compile.
        peers=PEERS if n <= 1000 else PEERS - {"litestar"},
    )
    for n in (10, 1000, 100_000)
    for ending, origin in (("hit", ORIGIN), ("miss", STRANGER))
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
    for ending, origin in (("hit", ORIGIN), ("miss", STRANGER))
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
