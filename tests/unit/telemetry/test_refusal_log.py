"""Refused requests are reported to the people who run the server, and clients cannot flood their log."""

import functools
import logging
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import Policy
from crossorigin.adapters.asgi.headers import read_facts
from crossorigin.policy.decide.decisions import Decision
from crossorigin.policy.decide.request_facts import RequestFacts
from crossorigin.telemetry.refusal_log import MAX_LINES, MAX_REMEMBERED, MINUTE, RefusalLog, log_allowed
from tests.example_counts import ExampleCounts
from tests.properties.counting import Watched, steps_of
from tests.unit.telemetry.conftest import Clock, Written

APP = "https://app.example.com"
POLICY = Policy(allow_origins=[APP], allow_methods=["GET"])
ORIGIN, METHOD, HEADERS = b"origin", b"access-control-request-method", b"access-control-request-headers"
Line = tuple[bytes, bytes]
Scope = dict[str, Any]


def scope_of(*headers: Line, method: str = "GET", path: Any = "/items", kind: str = "http") -> Scope:
    """The scope of a request."""
    return {"type": kind, "method": method, "path": path, "headers": [(b"host", b"api.example.com"), *headers]}


def judged(scope: Scope, policy: Policy = POLICY) -> Decision:
    """Return the decision of a policy on a request."""

    def lines(field: bytes) -> list[bytes]:
        return [value for name, value in scope["headers"] if name == field]

    method = scope.get("method", "GET")
    return policy.decide(method, origin=lines(ORIGIN), request_method=lines(METHOD), request_headers=lines(HEADERS))


def note(log: RefusalLog, *headers: Line, **facts: Any) -> None:
    """Decide a request and log the result."""
    scope = scope_of(*headers, **facts)
    log.write(judged(scope), read_facts(scope))


def from_origin(origin: bytes | str) -> Line:
    """The line of `Origin`."""
    return (ORIGIN, origin if isinstance(origin, bytes) else origin.encode())


def test_a_refused_request_is_one_line_with_what_to_change(written: Written) -> None:
    """The line has the reason, the request, the origin, the nearest entry, and what to write."""
    note(RefusalLog(POLICY), from_origin("http://app.example.com"))
    assert written.lines == [
        (
            "WARNING refused (origin-not-listed): GET '/items' from 'http://app.example.com'. "
            "https://app.example.com is allowed, but the request came from http://app.example.com: the scheme differs. "
            'If you trust this origin, add "http://app.example.com" to allow_origins.'
        )
    ]


def test_a_refused_preflight_names_what_was_asked(written: Written) -> None:
    """The line names the requested method instead of OPTIONS, and every reason."""
    note(RefusalLog(POLICY), from_origin(APP), (METHOD, b"PUT"), (HEADERS, b"x-a"), method="OPTIONS")
    assert written.lines == [
        (
            "WARNING refused (method-not-listed, headers-not-listed): preflight for PUT '/items' from "
            "'https://app.example.com'. 'PUT' is not in allow_methods; add it if your API uses it. "
            "'x-a' is not in allow_headers; add it if your API uses it."
        )
    ]


def test_a_refused_handshake_is_called_one(written: Written) -> None:
    """The scope of a WebSocket has no method."""
    scope = scope_of(from_origin("null"), kind="websocket")
    del scope["method"]
    RefusalLog(POLICY).write(judged(scope), read_facts(scope))
    [line] = written.lines
    assert line.startswith(
        "WARNING refused (origin-null): WebSocket handshake '/items' from 'null'. Sandboxed frames, "
    )


def test_several_origins_are_shown(written: Written) -> None:
    """Up to three of them."""
    note(RefusalLog(POLICY), *map(from_origin, ["null", APP, "null", "https://fourth.example"]))
    (line,) = written.lines
    assert f"from 'null' and '{APP}' and 'null'. The request has several" in line


def test_a_page_of_the_server_is_neither_written_nor_counted(written: Written, clock: Clock) -> None:
    """This holds by Sec-Fetch-Site and by Host, and also if the same origin was logged for another server before."""
    log = RefusalLog(POLICY, clock=clock)
    note(log, from_origin("https://api.example.com"))
    note(log, from_origin("https://evil.example"), (b"sec-fetch-site", b"same-origin"))
    assert written.lines == []
    note(log, from_origin("https://evil.example"))
    note(log, from_origin("https://evil.example"), (b"sec-fetch-site", b"same-origin"))
    assert len(written.lines) == 1
    assert "more refused" not in written.lines[0]


@pytest.mark.parametrize("headers", [[], [from_origin(APP)]], ids=["no Origin", "allowed"])
def test_what_is_no_refusal_is_ignored(written: Written, clock: Clock, headers: list[Line]) -> None:
    """A request without Origin, or one that is allowed, is neither written nor counted."""
    log = RefusalLog(POLICY, clock=clock)
    note(log, *headers)
    note(log, from_origin("null"))
    assert len(written.lines) == 1
    assert "more refused" not in written.lines[0]


def test_an_origin_that_was_not_judged_is_ignored(written: Written) -> None:
    """If the response is the same for every origin, the decision does not depend on the origin and refuses nothing."""
    RefusalLog(POLICY).write(POLICY.decide("GET"), RequestFacts(origin=[b"null"]))
    assert written.lines == []


def test_a_reason_and_an_origin_are_written_once(written: Written, clock: Clock) -> None:
    """Not again an hour later, nor for a preflight; another reason or origin is."""
    log = RefusalLog(POLICY, clock=clock)
    note(log, from_origin("null"))
    clock.now += 3600
    note(log, from_origin("null"), path="/other")
    note(log, from_origin("null"), (METHOD, b"PUT"), method="OPTIONS")
    assert len(written.lines) == 1
    note(log, from_origin(APP), (METHOD, b"PUT"), method="OPTIONS")
    note(log, from_origin(APP), (METHOD, b"GET"), (HEADERS, b"x-a"), method="OPTIONS")
    note(log, from_origin("https://evil.example"))
    assert len(written.lines) == 4
    assert written.lines[1].endswith(" 2 more refused requests were not logged since the previous line.")
    assert all("more refused" not in line for line in written.lines[2:])


def test_what_was_left_out_is_reported_with_the_next_line(written: Written, clock: Clock) -> None:
    """After ten lines there is none until the first of them is a minute old."""
    log = RefusalLog(POLICY, clock=clock)
    for number in range(MAX_LINES + 1):
        note(log, from_origin(f"https://t{number}.example"))
    assert len(written.lines) == MAX_LINES
    clock.now += MINUTE - 0.001
    note(log, from_origin("null"))
    assert len(written.lines) == MAX_LINES
    clock.now += 0.001
    note(log, from_origin("null"))
    assert written.lines[MAX_LINES].endswith(" 2 more refused requests were not logged since the previous line.")
    note(log, from_origin("null"))
    note(log, from_origin("https://last.example"))
    assert written.lines[-1].endswith(" 1 more refused request was not logged since the previous line.")


def test_the_limiter_holds_for_any_sequence() -> None:
    """In any minute there are at most ten lines, one for each reason and origin, and every request is counted."""
    counts = ExampleCounts()
    waits = st.sampled_from([0.0, 0.0, 0.5, 7.0, 59.0, 61.0])
    steps = st.lists(st.tuples(waits, st.integers(1, 12), st.integers(0, 40)), max_size=30)

    @given(steps)
    def holds(steps: Sequence[tuple[float, int, int]]) -> None:
        clock = Clock()
        handler = Written(clock)
        logger = logging.getLogger("crossorigin")
        logger.addHandler(handler)
        logger.propagate = False
        log, sent = RefusalLog(POLICY, clock=clock), 0
        for wait, count, first in steps:
            clock.now += wait
            for number in range(first, first + count):
                note(log, from_origin(f"https://t{number}.example"))
                sent += 1
        logger.removeHandler(handler)
        logger.propagate = True
        times = handler.times
        assert all(sum(start <= time < start + MINUTE for time in times) <= MAX_LINES for start in times)
        origins = [line.partition(" from ")[2].partition(".")[0] for line in handler.lines]
        assert len(set(origins)) == len(origins)
        told = sum(
            int(line.partition(" more refused ")[0].split()[-1]) for line in handler.lines if " more refused " in line
        )
        assert len(times) + told + log._unlogged == sent
        counts.count(full=len(times) >= MAX_LINES, silent=sent > len(times))

    holds()
    counts.require(full=0.2, silent=0.2)


def test_a_flood_of_origins_is_kept_in_bounded_memory(written: Written, clock: Clock) -> None:
    """The memory has a maximum size. The oldest entry is removed first, and is then logged again."""
    log = RefusalLog(POLICY, clock=clock)
    for number in range(MAX_REMEMBERED + 1):
        clock.now += 0 if number % MAX_LINES else MINUTE
        note(log, from_origin(f"https://t{number}.example"))
        for flood in range(3 if number % MAX_LINES == MAX_LINES - 1 else 0):
            note(log, from_origin(f"https://flood{number}-{flood}.example"))
    assert len(log._logged) == MAX_REMEMBERED
    assert len(written.lines) == MAX_REMEMBERED + 1
    clock.now += MINUTE
    for number in (1, 2, MAX_REMEMBERED, 0, 1):
        note(log, from_origin(f"https://t{number}.example"))
    again = [line.partition(" from ")[2].partition(".")[0] for line in written.lines[MAX_REMEMBERED + 1 :]]
    assert again == ["'https://t0", "'https://t1"]


def test_what_is_remembered_of_an_origin_is_short(written: Written) -> None:
    """A megabyte of Origin is not kept, nor compared; its beginning is."""
    log = RefusalLog(POLICY)
    endless = Watched(b"x" * 10**6)
    note(log, from_origin(endless))
    note(log, from_origin(endless))
    assert len(written.lines) == 1
    assert max(len(origin) for _, origin, _ in log._logged) < 1000
    assert endless.done == []


def test_the_words_are_those_of_the_policy_that_refused(written: Written) -> None:
    """Two policies can have one name, such as those of functions from a loop, and each line is about its own policy."""
    log = RefusalLog(Policy())
    for name in ("one", "two"):
        policy = Policy(allow_origins=[f"https://{name}.example"])
        origin = f"http://{name}.example"
        decision = policy.decide("GET", origin=[origin.encode()])
        request = RequestFacts(method="GET", path="/", origin=[origin.encode()])
        log.write(decision, request, policy=policy, owner="main.made.<locals>.view")
    assert [
        f"https://{name}.example is allowed" in line for name, line in zip(("one", "two"), written.lines, strict=True)
    ] == [True, True]
    assert all(", by the policy of main.made.<locals>.view. " in line for line in written.lines)


def test_a_logger_that_is_switched_off_costs_no_line(written: Written) -> None:
    """A line without a reader is not created. After the logger is enabled, it is, with the number of requests."""
    log = RefusalLog(POLICY)
    logging.getLogger("crossorigin").setLevel(logging.ERROR)
    note(log, from_origin("null"))
    logging.getLogger("crossorigin").setLevel(logging.WARNING)
    note(log, from_origin("null"))
    (line,) = written.lines
    assert line.endswith(" 1 more refused request was not logged since the previous line.")


@pytest.mark.parametrize("count", [1, 1000])
def test_a_request_that_comes_again_is_cheap(written: Written, count: int) -> None:
    """It takes some hundred steps, whatever the policy lists, and no more beyond the limit."""
    policy = Policy(allow_origins=[f"https://t{number}.example" for number in range(count)])
    log = RefusalLog(policy)
    for number in range(MAX_LINES):
        note(log, from_origin(f"https://a{number}.example"))
    for origin in ("https://a0.example", "https://beyond.example"):
        scope = scope_of(from_origin(origin), *[(b"accept", b"*/*")] * 12)
        decision = judged(scope, policy)
        assert steps_of(functools.partial(log.write, decision, read_facts(scope))) < 700
    assert len(written.lines) == MAX_LINES


def test_threads_write_no_more_lines(written: Written) -> None:
    """The limit holds for a server that serves from several threads."""
    log = RefusalLog(POLICY)

    def flood(name: str) -> None:
        for number in range(50):
            note(log, from_origin(f"https://{name}{number}.example"))

    threads = [threading.Thread(target=flood, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written.lines) == MAX_LINES


_lines = st.lists(
    st.binary(max_size=60)
    | st.sampled_from(
        [b"\r\nERROR forged", b"\x1b[2J", b"\xff", b"null", APP.encode(), b"PUT", b"x-a,\x00", b"a" * 400, b"%s%d"]
    ),
    max_size=3,
)
_requests = st.builds(
    RequestFacts,
    kind=st.sampled_from(["http", "websocket"]),
    method=st.sampled_from(["GET", "OPTIONS", "G\nT", "M" * 100]) | st.text(),
    path=st.text(max_size=300) | st.sampled_from(["/\ud800", "/\r\nforged", "\u202e"]),
    origin=_lines.map(lambda lines: [b"null", *lines]),
    request_method=_lines,
    request_headers=_lines,
    host=_lines,
    sec_fetch_site=_lines,
)
_DECISIONS = [
    judged(scope_of(from_origin(origin), (METHOD, method), (HEADERS, headers), method=kind))
    for kind in ("GET", "OPTIONS")
    for origin in ("null", "https://evil.example", APP, "*", "x" * 400)
    for method in (b"GET", b"PUT", b"a b")
    for headers in (b"", b"x-a", b"x a")
]


def test_nothing_that_a_request_brings_reaches_the_log_as_it_is() -> None:
    """Any request, also with a decision on another: nothing is raised, and every line is short printable ASCII."""
    counts = ExampleCounts()

    @given(_requests, st.sampled_from(_DECISIONS))
    def holds(request: RequestFacts, decision: Decision) -> None:
        handler = Written(Clock())
        logger = logging.getLogger("crossorigin")
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        RefusalLog(POLICY).write(decision, request)
        refused = len(handler.records)
        log_allowed(decision, request)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
        logger.removeHandler(handler)
        for line in handler.lines:
            assert line.isascii()
            assert line.isprintable()
            assert len(line) < 3000
        assert len(handler.records) == refused + 1
        counts.count(refused=bool(refused))

    holds()
    counts.require(refused=0.2)


def test_an_allowed_request_is_a_line_for_debugging(written: Written) -> None:
    """It names the reasons and the request, preflight or not, with Origin or without."""
    for headers, method in (
        ([from_origin(APP)], "GET"),
        ([from_origin(APP), (METHOD, b"GET")], "OPTIONS"),
        ([], "a b"),
    ):
        scope = scope_of(*headers, method=method)
        log_allowed(judged(scope), read_facts(scope))
    assert written.lines == [
        "DEBUG allowed (origin-listed): GET '/items' from 'https://app.example.com'",
        (
            "DEBUG allowed (origin-listed, method-listed, headers-listed): preflight for GET '/items' from "
            "'https://app.example.com'"
        ),
        "DEBUG allowed (origin-absent): 'a b' '/items' from no origin",
    ]


@pytest.mark.parametrize(("length", "shown"), [(32, "M" * 32), (33, f"'{'M' * 33}'")])
def test_a_method_of_a_usual_length_is_not_quoted(written: Written, length: int, shown: str) -> None:
    """A longer one is, as it may be cut."""
    note(RefusalLog(POLICY), from_origin("null"), method="M" * length)
    assert f": {shown} '/items'" in written.lines[0]


def test_a_log_that_fails_fails_nothing(written: Written) -> None:
    """A filter of the user may raise, for any message."""

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record)

    logger = logging.getLogger("crossorigin")
    logger.addFilter(fail)
    try:
        note(RefusalLog(POLICY), from_origin("http://app.example.com"))
        log_allowed(POLICY.decide("GET"), RequestFacts(method="GET", path="/"))
    finally:
        logger.removeFilter(fail)
    assert written.lines == []


def test_a_line_that_is_written_in_the_middle_of_another_one_is_not_repeated(written: Written) -> None:
    """A signal handler or a finalizer can log at any time: nothing waits for a lock, and no line is logged twice."""
    moments = iter(range(1))

    def clock() -> float:
        # Runs in the middle of `write`, as a signal handler would.
        for _ in moments:
            note(log, from_origin("null"))
        return 1000.0

    log = RefusalLog(POLICY, clock=clock)
    note(log, from_origin("null"))
    assert len(written.lines) == 1
    note(log, from_origin("https://evil.example"))
    assert "1 more refused request was not logged" in written.lines[1]


def test_without_a_free_line_nothing_is_written(written: Written) -> None:
    """While other threads hold every line of this minute, a request is counted."""
    log = RefusalLog(POLICY)
    held = [*log._line_times]
    log._line_times.clear()
    note(log, from_origin("null"))
    assert written.lines == []
    log._line_times.extend(held)
    note(log, from_origin("null"))
    assert "1 more refused request was not logged" in written.lines[0]


def test_without_a_free_line_a_request_is_not_counted_ahead() -> None:
    """Another thread is about to give its line back, so `write` decides."""
    log = RefusalLog(POLICY)
    log._line_times.clear()
    assert not log.counts_without_line()


def test_an_allowed_preflight_is_not_a_refusal(written: Written) -> None:
    """Nothing is written if a caller passes one."""
    policy = Policy(allow_origins=["https://app.example.com"])
    scope = scope_of(
        from_origin("https://app.example.com"), (b"access-control-request-method", b"GET"), method="OPTIONS"
    )
    RefusalLog(policy).write(judged(scope, policy), read_facts(scope))
    assert written.lines == []
