"""The benchmark cases with listed origins and with hostile requests, and the table of all cases."""

from collections.abc import Callable
from functools import partial

from bench.case import PEERS, actual_case, always, listed, names, patterns, preflight_case
from bench.live_cases import LIVE
from bench.more_cases import EXTRAS, UNLISTED, UNLISTED_PREFLIGHTS, WEBSOCKETS
from bench.traffic import ORIGIN, OTHER_ORIGIN, api_app, from_origin, without_origin

KIB = 1024
MIB = 1024 * KIB

ACTUAL = [
    actual_case("no-origin-13", always(without_origin, 13), allowed=False),
    actual_case("no-origin-40", always(without_origin, 40), allowed=False),
    actual_case("actual-1", always(from_origin, ORIGIN), allowed=True),
    actual_case("actual-any", always(from_origin, ORIGIN), origins=lambda: ["*"], allowed=True),
    actual_case("actual-constant", always(from_origin, ORIGIN), allowed=True, ours={"constant_allow_origin": True}),
    actual_case(
        "actual-credentials",
        always(from_origin, ORIGIN),
        allowed=True,
        allow_credentials=True,
        expose_headers=["X-Request-Id", "X-Total-Count"],
    ),
    actual_case("actual-refused", always(from_origin, OTHER_ORIGIN), allowed=False),
    actual_case("actual-own-vary", always(from_origin, ORIGIN), allowed=True, app=api_app(vary="Accept-Encoding")),
    actual_case("stream-64", always(from_origin, ORIGIN), allowed=True, app=api_app(chunks=64), requests=50),
]

PREFLIGHT = [
    *(
        preflight_case(f"preflight-{n}", lambda n=n: ",".join(names(n)).encode(), allow_headers=names(n))  # type: ignore[misc]
        for n in (1, 5, 20)
    ),
    preflight_case("preflight-mirrored-5", lambda: ",".join(names(5)).encode(), allow_headers=["*"]),
    preflight_case(
        "preflight-refused-origin",
        lambda: ",".join(names(5)).encode(),
        origin=lambda _number: OTHER_ORIGIN,
        allowed=False,
        allow_headers=names(5),
    ),
    preflight_case("preflight-refused-header", lambda: ",".join(names(6)).encode(), allow_headers=names(5)),
]

ORIGINS = [
    actual_case(
        f"origins-{n}-{ending}",
        always(from_origin, origin),
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
    actual_case(
        f"patterns-{n}-{ending}",
        always(from_origin, origin),
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
        preflight_case(
            f"hostile-{label}-{kind}-{mode}",
            partial(make, size),
            allow_headers=allow,
            requests=requests,
        )
        for label, size, requests in (("64k", 64 * KIB, 20), ("1m", MIB, 3))
        for kind, make in HOSTILE_NAMES.items()
        for mode, allow in (("list", names(5)), ("mirrored", ["*"]))
    ),
    actual_case("hostile-64k-origin", always(from_origin, b"https://" + b"a" * 64 * KIB), allowed=False, requests=20),
]

CASES = {
    case.name: case
    for group in (
        ACTUAL,
        PREFLIGHT,
        UNLISTED,
        UNLISTED_PREFLIGHTS,
        EXTRAS,
        LIVE,
        WEBSOCKETS,
        ORIGINS,
        PATTERNS,
        HOSTILE,
    )
    for case in group
}
