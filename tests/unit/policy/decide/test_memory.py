"""The memory of a plan is bounded in number and in bytes, whatever clients send."""

import tracemalloc

import pytest

from crossorigin import Policy, Reason
from crossorigin.fetch.origin import MAX_ORIGIN
from crossorigin.policy.decide.memory import MAX_ENTRIES, MAX_PREFLIGHT_BYTES, Recent
from crossorigin.policy.decide.plan import Plan

PATTERN = "https://*.example.com"


def plan(**options: object) -> Plan:
    """Return the plan of a policy with a pattern and any headers."""
    return Plan(Policy.from_dict({"allow_origins": [PATTERN], "allow_headers": ["*"], **options}))


def origin(number: int, ending: str = "example.com") -> bytes:
    """Return one of many origins."""
    return f"https://app-{number}.{ending}".encode()


def test_a_decision_is_remembered_for_two_generations() -> None:
    """A decision is found in the young generation, then in the old one, and then it is gone."""
    recent = Recent()
    recent.keep(b"first", 1)
    for number in range(MAX_ENTRIES):
        recent.keep(origin(number), number)
    assert b"first" not in recent.young
    assert recent.old[b"first"] == 1
    for number in range(MAX_ENTRIES, 2 * MAX_ENTRIES):
        recent.keep(origin(number), number)
    assert b"first" not in recent.old
    assert len(recent.young) <= MAX_ENTRIES
    assert len(recent.old) == MAX_ENTRIES


@pytest.mark.parametrize("ending", ["example.com", "example.net", "example.net/"])
def test_an_unlisted_origin_is_decided_once(ending: str) -> None:
    """The same decision serves an origin again, also from the old generation, and a new origin gets its own."""
    ready = plan()
    first = ready.decide_origin(origin(0, ending))
    assert ready.decide_origin(origin(0, ending)) is first
    for number in range(1, MAX_ENTRIES + 1):
        ready.decide_origin(origin(number, ending))
    assert ready._memory.origins.old[origin(0, ending)] is first
    assert ready.decide_origin(origin(0, ending)) is first
    assert ready._memory.origins.young[origin(0, ending)] is first


def test_a_preflight_with_an_unlisted_part_is_decided_once() -> None:
    """The same decision serves a preflight again, also from the old generation."""
    ready = plan()
    first = ready.decide_usual_preflight(origin(0), b"GET", b"x-a,x-b")
    assert ready.decide_usual_preflight(origin(0), b"GET", b"x-a,x-b") is first
    for number in range(1, MAX_ENTRIES + 1):
        ready.decide_usual_preflight(origin(number), b"GET", None)
    assert ready._memory.preflights.old[origin(0), b"GET", b"x-a,x-b"] is first
    assert ready.decide_usual_preflight(origin(0), b"GET", b"x-a,x-b") is first
    assert ready.decide_usual_preflight(origin(0), b"GET", b"x-b,x-a") != first


def test_any_origin_shares_the_preflights_of_all_origins() -> None:
    """With `*`, the origin of a preflight does not matter, so it is not part of the key."""
    ready = plan(allow_origins=["*"])
    first = ready.decide_usual_preflight(origin(0), b"GET", b"x-a")
    assert ready.decide_usual_preflight(origin(1), b"GET", b"x-a") is first


@pytest.mark.parametrize("length", [MAX_ORIGIN, MAX_ORIGIN + 1])
def test_long_origins_are_not_kept(length: int) -> None:
    """An origin that is longer than any origin is refused without being kept or hashed."""
    ready = plan()
    value = b"https://".ljust(length, b"a")
    assert not ready.decide_origin(value).allowed
    assert not ready.decide_preflight([value], [b"GET"], []).allowed
    assert (value in ready._memory.origins.young) == (length <= MAX_ORIGIN)


@pytest.mark.parametrize("size", [MAX_PREFLIGHT_BYTES, MAX_PREFLIGHT_BYTES + 1])
def test_long_preflights_are_not_kept(size: int) -> None:
    """A preflight is kept if its origin, method and header names together are within the limit."""
    ready = plan()
    names = b"x" * (size - len(origin(0)) - len(b"GET"))
    decision = ready.decide_usual_preflight(origin(0), b"GET", names)
    assert decision.allowed
    assert (ready.decide_usual_preflight(origin(0), b"GET", names) is decision) == (size <= MAX_PREFLIGHT_BYTES)


def test_an_attack_leaves_at_most_a_mebibyte() -> None:
    """However many origins and header names of whatever lengths are sent, the memory stays flat."""
    ready = plan()
    tracemalloc.start()
    try:
        for number in range(5 * MAX_ENTRIES):
            for ending in ("example.com", "example.net"):
                value = f"https://{number:05}{'.a' * (number % 150)}.{ending}".encode()
                ready.decide_origin(value)
                ready.decide_usual_preflight(value, b"GET", b"x-" + b"a" * (number % (4 * MAX_PREFLIGHT_BYTES)))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1 << 20


def test_a_narrowed_plan_has_its_own_memory() -> None:
    """A plan for fewer methods never uses what the whole plan remembers of preflights."""
    ready = plan(allow_methods=["GET", "PUT"])
    assert ready.decide_usual_preflight(origin(0), b"PUT", None).allowed
    narrowed = ready.narrowed({"GET"})
    assert narrowed.decide_usual_preflight(origin(0), b"PUT", None).method is Reason.METHOD_NOT_SERVED
    assert ready.decide_usual_preflight(origin(0), b"PUT", None).allowed
