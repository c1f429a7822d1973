"""The benchmark cases with origins that no policy lists, with options beyond headers, and with WebSockets.

In a case whose name ends in `-new`, each request has another origin, so that nothing from an earlier request helps.
"""

from collections.abc import Callable

from bench.case import STARLETTE, Case, actual_case, always, names, preflight_case
from bench.traffic import (
    ORIGIN,
    OTHER_ORIGIN,
    OWN_ORIGIN,
    Headers,
    accept_handshake,
    api_app,
    from_origin,
    from_own_page,
)

_PATTERN = ["https://*.example.com"]
_ANY_PORT = ["http://localhost:*"]
_REGEX = r"https://(?:[a-z0-9-]+\.)?example\.com"
_LOCAL = b"http://localhost:5173"


def _new(ending: str) -> Callable[[int], bytes]:
    return lambda number: f"https://app-{number:04}.{ending}".encode()


def _new_port(number: int) -> bytes:
    return f"http://localhost:{3000 + number}".encode()


def _from_new(origin: Callable[[int], bytes]) -> Callable[[int], Headers]:
    return lambda number: from_origin(origin(number))


UNLISTED = [
    actual_case("refused-new", _from_new(_new("example.net")), allowed=False),
    actual_case("pattern-new-hit", _from_new(_new("example.com")), origins=lambda: _PATTERN, allowed=True),
    actual_case("pattern-new-miss", _from_new(_new("example.net")), origins=lambda: _PATTERN, allowed=False),
    actual_case("any-port-hit", always(from_origin, _LOCAL), origins=lambda: _ANY_PORT, allowed=True, peers=STARLETTE),
    actual_case(
        "any-port-miss", always(from_origin, OTHER_ORIGIN), origins=lambda: _ANY_PORT, allowed=False, peers=STARLETTE
    ),
    actual_case("any-port-new-hit", _from_new(_new_port), origins=lambda: _ANY_PORT, allowed=True, peers=STARLETTE),
    *(
        actual_case(
            f"regex-{ending}",
            headers,
            origins=list,
            allowed=allowed,
            peers=STARLETTE,
            allow_origin_regex=_REGEX,
        )
        for ending, headers, allowed in (
            ("hit", always(from_origin, ORIGIN), True),
            ("miss", always(from_origin, OTHER_ORIGIN), False),
            ("new-hit", _from_new(_new("example.com")), True),
            ("new-miss", _from_new(_new("example.net")), False),
        )
    ),
    actual_case(
        "same-origin-post", always(from_own_page, "fetch-metadata"), method="POST", allowed=False, peers=STARLETTE
    ),
    actual_case("same-origin-post-old", always(from_own_page, ""), method="POST", allowed=False, peers=STARLETTE),
]


def _names(count: int) -> Callable[[], bytes]:
    return lambda: ",".join(names(count)).encode()


UNLISTED_PREFLIGHTS = [
    preflight_case(
        "preflight-pattern",
        _names(5),
        origins=lambda: _PATTERN,
        allow_headers=names(5),
    ),
    preflight_case(
        "preflight-pattern-new",
        _names(5),
        origin=_new("example.com"),
        origins=lambda: _PATTERN,
        allow_headers=names(5),
    ),
    preflight_case(
        "preflight-mirrored-new",
        _names(5),
        origin=_new("example.com"),
        origins=lambda: _PATTERN,
        allow_headers=["*"],
    ),
    preflight_case(
        "preflight-refused-origin-new",
        _names(5),
        origin=_new("example.net"),
        allowed=False,
        allow_headers=names(5),
    ),
    preflight_case(
        "preflight-refused-header-new",
        _names(6),
        origin=_new("example.com"),
        origins=lambda: _PATTERN,
        allow_headers=names(5),
    ),
]

_OWN_HEADERS = {
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "X-Request-Id",
}


def _allowed(name: str, **options: object) -> Case:
    """Return a case of one listed origin with options that only our middleware has."""
    return actual_case(name, always(from_origin, ORIGIN), allowed=True, peers=STARLETTE, ours=options)


def _ignore(_decision: object, _request: object) -> None:
    pass


EXTRAS = [
    actual_case(
        "own-cors-headers",
        always(from_origin, ORIGIN),
        allowed=True,
        peers=STARLETTE,
        app=api_app(more=_OWN_HEADERS),
    ),
    actual_case(
        "expose-any-credentials",
        always(from_origin, ORIGIN),
        allowed=True,
        peers=STARLETTE,
        allow_credentials=True,
        expose_headers=["*"],
    ),
    _allowed("on-decision", on_decision=_ignore),
    _allowed("debug", debug=True),
    _allowed("block", on_refused="block"),
    actual_case("second-layer", always(from_origin, ORIGIN), allowed=True, peers=STARLETTE, is_nested=True),
]

WEBSOCKETS = [
    Case(
        name="websocket",
        options=lambda: {"allow_origins": [ORIGIN.decode()]},
        headers=always(from_origin, OWN_ORIGIN),
        kind="websocket",
        app=accept_handshake,
        allowed=False,
        peers=STARLETTE,
    ),
]
