"""The cost of a request, in steps, increases neither with the policy nor with what a client sends."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from crossorigin import Policy
from tests.properties.counting import Watched, peak_memory_of, steps_of
from tests.properties.serving import MiddlewareInstance, build
from tests.properties.strategies import DEFAULTS, AppResponse, GeneratedRequest, Line

SAID = AppResponse(200, ((b"content-type", b"text/plain"), (b"vary", b"Accept")), "list")
ORIGIN = (b"origin", b"https://app.example.com")
METHOD = (b"access-control-request-method", b"PUT")
HEADERS = b"access-control-request-headers"
# An ordinary request takes a few hundred steps. A host has at most 127 labels, each with two patterns.
FEW = 1_500
MANY_LABELS = 30_000


def steps(middleware: MiddlewareInstance, asked: GeneratedRequest) -> int:
    """Count the steps of a request to an instance that has already served it."""
    middleware.serve(asked, SAID)
    return steps_of(lambda: middleware.serve(asked, SAID))


def desk_of(**options: Any) -> MiddlewareInstance:
    """Return an instance with a policy."""
    return MiddlewareInstance(build(DEFAULTS | options), debug=False)


def asking(origin: bytes, *, preflight: bool) -> GeneratedRequest:
    """Return a request of an origin."""
    headers = ((b"origin", origin), METHOD)
    return GeneratedRequest("OPTIONS", headers, "list") if preflight else GeneratedRequest("GET", headers[:1], "list")


def test_the_counters_count() -> None:
    """A longer loop takes more steps. Reading and copying bytes is detected, and reading their length is not."""
    one, many = (steps_of(functools.partial(_loop, count), within=__file__) for count in (1, 1000))
    assert one + 1000 < many
    value = Watched(bytes(10**6))
    assert len(value) == 10**6
    assert value != b"x"
    assert value.done == []
    looks: list[Callable[[bytes], object]] = [
        lambda value: value.lower(),
        lambda value: value == bytes(10**6),
        hash,
        iter,
    ]
    for look in [*looks, lambda value: value[:9], lambda value: b"x" in value]:
        value = Watched(bytes(10**6))
        look(value)
        assert len(value.done) == 1
    assert peak_memory_of(lambda: len(value)) < 1_000
    assert peak_memory_of(value.lower) > 10**6


def _loop(count: int) -> None:
    for _ in range(count):
        pass


@pytest.fixture(scope="module")
def listed() -> dict[int, MiddlewareInstance]:
    """Instances with one to a hundred thousand origins."""
    counts = (1, 10, 1_000, 100_000)
    return {count: desk_of(allow_origins=[f"https://s{number}.example" for number in range(count)]) for count in counts}


@pytest.mark.parametrize("preflight", [False, True], ids=["actual", "preflight"])
@pytest.mark.parametrize("origin", [b"https://s0.example", b"https://s.example", b"https://s100001.example", b"null"])
def test_a_policy_of_many_origins_costs_what_one_costs(
    listed: dict[int, MiddlewareInstance], origin: bytes, *, preflight: bool
) -> None:
    """From ten to a hundred thousand origins, the number of steps is the same for allowed and refused origins."""
    counted = {count: steps(middleware, asking(origin, preflight=preflight)) for count, middleware in listed.items()}
    assert len({counted[count] for count in (10, 1_000, 100_000)}) == 1, counted
    assert 0 < max(counted.values()) < FEW


def test_the_last_of_many_origins_costs_what_the_first_costs(listed: dict[int, MiddlewareInstance]) -> None:
    """The position of an origin in the list does not matter."""
    for count, middleware in listed.items():
        first, last = (
            steps(middleware, asking(f"https://s{place}.example".encode(), preflight=False)) for place in (0, count - 1)
        )
        assert first == last


@pytest.fixture(scope="module")
def patterned() -> dict[int, MiddlewareInstance]:
    """Instances with one to ten thousand wildcard patterns."""
    counts = (1, 16, 17, 100, 10_000)
    return {
        count: desk_of(allow_origins=[f"https://*.s{number}.example" for number in range(count)]) for count in counts
    }


@pytest.mark.parametrize("preflight", [False, True], ids=["actual", "preflight"])
@pytest.mark.parametrize(
    ("origin", "most"),
    [
        (b"https://a.s0.example", FEW),
        (b"https://a.b.c.s0.example", FEW),
        (b"https://a.b.c.evil.example", FEW),
        (b"https://evil.example:8443", FEW),
        (b"https://" + b"a." * 120 + b"s0.example", MANY_LABELS),
        (b"https://" + b"a." * 120 + b"evil.example", MANY_LABELS),
    ],
)
def test_a_policy_of_many_patterns_costs_what_a_few_cost(
    patterned: dict[int, MiddlewareInstance], origin: bytes, most: int, *, preflight: bool
) -> None:
    """Above a short list, the number of steps is the same for ten thousand patterns.

    Only the labels of the origin matter.
    """
    counted = {count: steps(middleware, asking(origin, preflight=preflight)) for count, middleware in patterned.items()}
    assert len({counted[count] for count in (17, 100, 10_000)}) == 1, counted
    assert max(counted.values()) < most


SIZES = [64 * 1024, 1024 * 1024]
HOSTILE: dict[str, Callable[[int], bytes]] = {
    "commas": lambda size: b"," * size,
    "one name": lambda size: b"accept," * (size // 7),
    "names": lambda size: b",".join(b"x-%d" % number for number in range(size // 8)),
    "one token": lambda size: b"x" * size,
    "spaces": lambda size: b" " * size,
    "origin": lambda size: b"https://" + b"a." * (size // 2) + b"example.com",
}
MODES: dict[str, dict[str, Any]] = {
    "list": {
        "allow_origins": ["https://app.example.com", "https://*.example.com"],
        "allow_origin_regex": "https://x.*",
        "allow_methods": ["PUT"],
    },
    "any": {"allow_origins": ["*"], "allow_headers": ["*"], "allow_methods": ["*"]},
    "mirror": {
        "allow_origins": ["https://app.example.com"],
        "allow_headers": ["*"],
        "allow_methods": ["*"],
        "allow_credentials": True,
        "allow_private_network": True,
    },
}


def hostile_headers(value: bytes) -> dict[str, tuple[Line, ...]]:
    """Return the header lines of requests that contain a value in each place where a client may put it."""
    return {
        "origin": ((b"origin", value), METHOD),
        "method": (ORIGIN, (METHOD[0], value)),
        "headers": (ORIGIN, METHOD, (HEADERS, value)),
        "headers next to names": (ORIGIN, METHOD, (HEADERS, b"accept"), (HEADERS, value)),
        "private network": (
            ORIGIN,
            METHOD,
            (METHOD[0] + b"-x", b""),
            (b"access-control-request-private-network", value),
        ),
    }


FIELDS = list(hostile_headers(b""))


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("field", FIELDS)
def test_hostile_bytes_are_measured_and_not_read(field: str, mode: str, *, debug: bool) -> None:
    """From 64 KiB to 1 MiB, a value takes the same few steps, is not copied, and at most its beginning is read."""
    policy = build(DEFAULTS | MODES[mode])
    middleware = MiddlewareInstance(policy, debug=debug)
    # The memory of an ordinary preflight does not skip the length check of the next one.
    middleware.serve(GeneratedRequest("OPTIONS", (ORIGIN, METHOD), "list"), SAID)
    for method in ("OPTIONS", "GET"):
        for make in HOSTILE.values():
            counted = set()
            for size in SIZES:
                value = Watched(make(size))
                asked = GeneratedRequest(method, hostile_headers(value)[field], "list")
                # The first request of its kind is logged.
                middleware.serve(asked, SAID)
                counted.add(steps(middleware, asked))
                assert peak_memory_of(functools.partial(middleware.serve, asked, SAID)) < 16_000
                decide_anew(policy, value, field, debug=debug)
                assert value.done == []
            assert len(counted) == 1
            assert max(counted) < FEW


def decide_anew(policy: Policy, value: bytes, field: str, *, debug: bool) -> None:
    """Ask the policy itself, without an adapter."""
    fields: dict[str, Any] = {"origin": [ORIGIN[1]], "request_method": [b"PUT"], "request_headers": []}
    name = {"method": "request_method", "origin": "origin", "private network": "request_private_network"}
    assert policy.decide("OPTIONS", **fields | {name.get(field, "request_headers"): [value]}, debug=debug)


@pytest.mark.parametrize("mode", ["list", "mirror"])
@pytest.mark.parametrize("line", [b"", b"accept", b",", b"x-%d"])
@pytest.mark.parametrize("field", ["origin", "access-control-request-method", "access-control-request-headers"])
def test_each_of_many_lines_costs_no_more_than_a_look(field: str, line: bytes, mode: str) -> None:
    """Ten thousand lines take a bounded number of steps each. The server has read as many."""
    middleware = desk_of(**MODES[mode])
    counted = []
    for count in (1_000, 10_000):
        lines = [(field.encode(), line % number if b"%" in line else line) for number in range(count)]
        counted.append(steps(middleware, GeneratedRequest("OPTIONS", (ORIGIN, METHOD, *lines), "list")))
    few, many = counted
    assert many - few < 9_000 * 100
    assert few < FEW + 1_000 * 100


@pytest.mark.parametrize("mode", ["list", "mirror"])
def test_the_most_that_is_read_takes_bounded_steps(mode: str) -> None:
    """Within the limits, a preflight takes a bounded number of steps for each byte, whatever the names are."""
    middleware = desk_of(**MODES[mode])
    for make in HOSTILE.values():
        asked = GeneratedRequest("OPTIONS", (ORIGIN, METHOD, (HEADERS, make(4_096)[:4_096])), "list")
        assert steps(middleware, asked) < FEW + 4_096 * 30
