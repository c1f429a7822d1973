"""Live origins and policies under random changes, one after the other and in threads; a browser judges every answer.

The laws hold for every adapter.

The law: a request that begins after `remove` has returned is never allowed, and one that begins after `add` is, unless
another change of the same origin has begun. No answer mixes two policies.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossorigin import LiveOrigins, LivePolicy, Policy
from crossorigin.browser import BrowserRequest, HttpRequest, Verdict, run
from tests.cases.live_apps import ADAPTERS, Send
from tests.example_counts import ExampleCounts

API = "https://api.example/"
STATIC = "https://app.example.com"
ORIGINS = [f"https://shop-{number}.example" for number in range(6)]
# In a policy of the second kind, a page may send cookies and another header.
POLICIES = [
    Policy(allow_origins=[STATIC], allow_methods=["GET", "PUT"], allow_headers=["X-A"]),
    Policy(
        allow_origins=[STATIC],
        allow_methods=["PUT", "GET", "PATCH"],
        allow_headers=["X-A", "X-B"],
        allow_credentials=True,
        expose_headers=["ETag"],
    ),
]
METHODS = ["GET", "OPTIONS"]
READERS, EDITORS, VISITS = 3, 3, 400

# The ways of the adapters to serve a request: the fast path, the handler, and the plans of single paths.
WAYS: list[tuple[str, dict[str, Any]]] = [
    *(("ASGI", way) for way in ({}, {"debug": True}, {"served_methods_only": True})),
    *((name, {}) for name in ADAPTERS if name != "ASGI"),
    ("Django with routes", {"served_methods_only": True}),
    ("aiohttp with routes", {"served_methods_only": True, "on_refused": "block"}),
]
every_way = pytest.mark.parametrize(("adapter", "way"), WAYS)


def visit(app: Send, origin: str, method: str, header: str = "") -> Verdict:
    """Return what a browser makes of a page's request. With a header, it asks first."""
    headers = ((header, "1"),) if header else ()
    return run(BrowserRequest(url=API, origin=origin, method=method, headers=headers), app)


CHANGE = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(ORIGINS)),
    st.tuples(st.just("add"), st.sampled_from(ORIGINS)),
    st.tuples(st.just("remove"), st.sampled_from(ORIGINS)),
    st.tuples(st.just("replace"), st.lists(st.sampled_from(ORIGINS), min_size=3)),
    st.tuples(st.just("policy"), st.sampled_from(POLICIES)),
)
ASKED = st.lists(
    st.tuples(st.sampled_from([STATIC, *ORIGINS]), st.sampled_from(["GET", "PUT"]), st.sampled_from(["", "X-A"])),
    max_size=6,
)


@every_way
def test_each_change_applies_to_the_next_request(adapter: str, way: dict[str, Any]) -> None:
    """The browser lets a page read an answer exactly if its origin is in the set or in the policy at that moment."""
    counts = ExampleCounts()
    # All adapters share the set and the plans, so that the slower ones need fewer examples.
    examples = settings().max_examples if adapter == "ASGI" else max(60, settings().max_examples // 2)

    @settings(max_examples=examples)
    @given(steps=st.lists(st.tuples(CHANGE, ASKED), max_size=12))
    def law(steps: list[tuple[tuple[str, Any], list[tuple[str, str, str]]]]) -> None:
        origins, live, expected = LiveOrigins(), LivePolicy(POLICIES[0]), set[str]()
        with ADAPTERS[adapter](policy=live, origins=origins, **way) as app:
            for (change, value), asked in steps:
                match change:
                    case "add":
                        assert origins.add(value) == (value not in expected)
                        expected.add(value)
                    case "remove":
                        assert origins.remove(value) == (value in expected)
                        expected.discard(value)
                    case "replace":
                        origins.replace(value)
                        expected = {*value}
                    case _:
                        live.replace(value)
                assert list(origins) == sorted(expected)
                for origin, method, header in asked:
                    allowed = visit(app, origin, method, header).allowed
                    counts.count(live=origin in expected, refused=not allowed)
                    assert allowed == (origin in expected or origin == STATIC)

    law()
    counts.require(live=0.2, refused=0.2)


@dataclass
class Timeline:
    """The changes of one origin, which one thread makes: what each does, when it began and when it ended."""

    changes: list[list[Any]] = field(default_factory=lambda: [[False, -2, -1]])

    def expected(self, begin: int, end: int) -> bool | None:
        """Return whether a request between two moments is allowed, or None if a change was under way."""
        # A copy, because the thread that changes the origin goes on.
        changes = [change.copy() for change in self.changes]
        done = [change for change in changes if change[2] is not None and change[2] < begin]
        under_way = [change for change in changes if change[1] < end and change not in done]
        return None if under_way else bool(done[-1][0])


@contextmanager
def frequent_switches() -> Iterator[None]:
    """Let threads interrupt each other after a few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def in_threads(*functions: Callable[[], None]) -> None:
    """Run functions at the same time, and raise what they raise."""
    errors: list[BaseException] = []
    begin = threading.Barrier(len(functions))

    def work(function: Callable[[], None]) -> None:
        begin.wait()
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@every_way
def test_threads_never_see_a_removed_origin_and_never_miss_an_added_one(adapter: str, way: dict[str, Any]) -> None:
    """Three threads change origins of their own, one replaces the policy, and three browsers visit."""
    origins, live = LiveOrigins(), LivePolicy(POLICIES[0])
    moment, timelines = count(), {origin: Timeline() for origin in ORIGINS}
    results: Counter[bool | None] = Counter()
    # Each visit permits one change, so that many visits fall between two changes of their origin.
    permits, reading = threading.Semaphore(0), [True] * READERS

    def edit(number: int) -> None:
        random = Random(number)
        while permits.acquire() and any(reading):
            origin = random.choice(ORIGINS[number::EDITORS])
            is_added = random.random() < 0.5
            change: list[Any] = [is_added, next(moment), None]
            timelines[origin].changes.append(change)
            (origins.add if is_added else origins.remove)(origin)
            change[2] = next(moment)

    def replace() -> None:
        for turn in count():
            live.replace(POLICIES[turn % 2])
            if not any(reading):
                break

    def read(number: int) -> None:
        random = Random(100 + number)
        try:
            for _ in range(VISITS):
                origin = random.choice(ORIGINS)
                begin = next(moment)
                allowed = visit(app, origin, random.choice(["GET", "PUT"]), random.choice(["", "X-A"])).allowed
                expected = timelines[origin].expected(begin, next(moment))
                results[expected] += 1
                assert expected in {None, allowed}, (origin, allowed)
                permits.release()
        finally:
            reading[number] = False
            permits.release(EDITORS)

    with ADAPTERS[adapter](policy=live, origins=origins, **way) as app:
        with frequent_switches():
            editors = [partial(edit, number) for number in range(EDITORS)]
            in_threads(*editors, replace, *(partial(read, number) for number in range(READERS)))
        for origin in ORIGINS:
            allowed = timelines[origin].changes[-1][0]
            assert visit(app, origin, "PUT").allowed == allowed == (origin in origins)
    assert min(results[True], results[False]) > 10, results


@every_way
def test_no_answer_mixes_two_policies(adapter: str, way: dict[str, Any]) -> None:
    """Each answer is one that the old or the new policy gives, whenever it is replaced."""
    live = LivePolicy(POLICIES[0])

    def answer(app: Send, method: str) -> tuple[Any, ...]:
        fields = [(b"Origin", STATIC.encode())]
        if method == "OPTIONS":
            fields += [(b"Access-Control-Request-Method", b"PUT"), (b"Access-Control-Request-Headers", b"x-a")]
        response = app(HttpRequest(method=method, url=API, headers=tuple(fields), credentials=False))
        lines = [(name.lower(), value) for name, value in response.headers]
        return response.status, *(line for line in lines if line[0].startswith((b"access-control", b"vary")))

    expected = {method: set[tuple[Any, ...]]() for method in METHODS}
    for policy in POLICIES:
        with ADAPTERS[adapter](policy=policy, **way) as app:
            for method in METHODS:
                expected[method].add(answer(app, method))
    seen: dict[str, set[tuple[Any, ...]]] = {method: set() for method in METHODS}

    def replace() -> None:
        for turn in count():
            live.replace(POLICIES[turn % 2])
            if seen == expected:
                break

    def read(method: str) -> None:
        # Both answers are seen in the end, because the policy is replaced until they are.
        while seen[method] != expected[method] or seen != expected:
            seen[method].add(answer(app, method))
            assert seen[method] <= expected[method]
        for _ in range(VISITS):
            assert answer(app, method) in expected[method]

    with ADAPTERS[adapter](policy=live, **way) as app, frequent_switches():
        in_threads(replace, *(partial(read, method) for method in METHODS))
    assert all(len(answers) == 2 for answers in expected.values())
