"""What is refused is told to the people who run the server, and a stranger cannot make them read more."""

import functools
import logging
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossorigin import Policy
from crossorigin.policy.decide.decisions import Decision
from crossorigin.telemetry.refusal_log import MAX_LINES, MAX_REMEMBERED, MINUTE, Refusals, note_allowed, tell
from tests.properties.counting import Watched, steps_of
from tests.tally import Tally

APP = "https://app.example.com"
POLICY = Policy(allow_origins=[APP], allow_methods=["GET"])
ORIGIN, METHOD, HEADERS = b"origin", b"access-control-request-method", b"access-control-request-headers"
Line = tuple[bytes, bytes]
Scope = dict[str, Any]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Written(logging.Handler):
    """Keep what is written, with the time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.records: list[logging.LogRecord] = []
        self.times: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)
        self.times.append(self.clock.now)

    @property
    def lines(self) -> list[str]:
        """The messages, each with its level."""
        return [f"{record.levelname} {record.getMessage()}" for record in self.records]


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def written(clock: Clock) -> Iterator[Written]:
    """What the logger `crossorigin` writes, all of it."""
    logger = logging.getLogger("crossorigin")
    handler, level, propagate = Written(clock), logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.propagate = propagate


def scope_of(*headers: Line, method: str = "GET", path: Any = "/items", kind: str = "http") -> Scope:
    """The scope of a request."""
    return {"type": kind, "method": method, "path": path, "headers": [(b"host", b"api.example.com"), *headers]}


def judged(scope: Scope, policy: Policy = POLICY) -> Decision:
    """What a policy says to a request."""

    def lines(field: bytes) -> list[bytes]:
        return [value for name, value in scope["headers"] if name == field]

    method = scope.get("method", "GET")
    return policy.decide(method, origin=lines(ORIGIN), request_method=lines(METHOD), request_headers=lines(HEADERS))


def note(refusals: Refusals, *headers: Line, **facts: Any) -> None:
    """Judge a request, and note what came of it."""
    scope = scope_of(*headers, **facts)
    refusals.note(judged(scope), scope)


def from_origin(origin: bytes | str) -> Line:
    """The line of `Origin`."""
    return (ORIGIN, origin if isinstance(origin, bytes) else origin.encode())


def test_a_refused_request_is_one_line_with_what_to_change(written: Written) -> None:
    """It holds the reason, the request, the origin, what is near, and what to write."""
    note(Refusals(POLICY), from_origin("http://app.example.com"))
    assert written.lines == [
        (
            "WARNING refused (origin-not-listed): GET '/items' from 'http://app.example.com'. "
            "https://app.example.com is allowed; the request came from http://app.example.com: the scheme differs. "
            'If its pages are yours, add "http://app.example.com" to allow_origins.'
        )
    ]


def test_a_refused_preflight_names_what_was_asked(written: Written) -> None:
    """The method that the page wants stands where that of another request does, and every reason is told."""
    note(Refusals(POLICY), from_origin(APP), (METHOD, b"PUT"), (HEADERS, b"x-a"), method="OPTIONS")
    assert written.lines == [
        (
            "WARNING refused (method-not-listed, headers-not-listed): preflight for PUT '/items' from "
            "'https://app.example.com'. allow_methods lacks 'PUT': add it if the API takes it. "
            "allow_headers lacks 'x-a': add what the API reads."
        )
    ]


def test_a_refused_handshake_is_called_one(written: Written) -> None:
    """The scope of a WebSocket has no method."""
    scope = scope_of(from_origin("null"), kind="websocket")
    del scope["method"]
    Refusals(POLICY).note(judged(scope), scope)
    [line] = written.lines
    assert line.startswith(
        "WARNING refused (origin-null): WebSocket handshake '/items' from 'null'. Sandboxed frames, "
    )


def test_several_origins_are_shown(written: Written) -> None:
    """Up to three of them."""
    note(Refusals(POLICY), *map(from_origin, ["null", APP, "null", "https://fourth.example"]))
    (line,) = written.lines
    assert f"from 'null' and '{APP}' and 'null'. There are several" in line


def test_a_page_of_the_server_is_neither_written_nor_counted(written: Written, clock: Clock) -> None:
    """By the browser's word or by Host; nor is it written where its origin was, as another server's, before."""
    refusals = Refusals(POLICY, clock=clock)
    note(refusals, from_origin("https://api.example.com"))
    note(refusals, from_origin("https://evil.example"), (b"sec-fetch-site", b"same-origin"))
    assert written.lines == []
    note(refusals, from_origin("https://evil.example"))
    note(refusals, from_origin("https://evil.example"), (b"sec-fetch-site", b"same-origin"))
    assert len(written.lines) == 1
    assert "more refused" not in written.lines[0]


@pytest.mark.parametrize("headers", [[], [from_origin(APP)]], ids=["no Origin", "allowed"])
def test_what_is_no_refusal_is_ignored(written: Written, clock: Clock, headers: list[Line]) -> None:
    """A request without Origin, or one that is allowed, is neither written nor counted."""
    refusals = Refusals(POLICY, clock=clock)
    note(refusals, *headers)
    note(refusals, from_origin("null"))
    assert len(written.lines) == 1
    assert "more refused" not in written.lines[0]


def test_an_origin_that_was_not_judged_is_ignored(written: Written) -> None:
    """Where every answer is the same, the decision is that of no origin: nothing is refused by it."""
    Refusals(POLICY).note(POLICY.decide("GET"), scope_of(from_origin("null")))
    assert written.lines == []


def test_a_reason_and_an_origin_are_written_once(written: Written, clock: Clock) -> None:
    """Not again an hour later, nor for a preflight; another reason or origin is."""
    refusals = Refusals(POLICY, clock=clock)
    note(refusals, from_origin("null"))
    clock.now += 3600
    note(refusals, from_origin("null"), path="/other")
    note(refusals, from_origin("null"), (METHOD, b"PUT"), method="OPTIONS")
    assert len(written.lines) == 1
    note(refusals, from_origin(APP), (METHOD, b"PUT"), method="OPTIONS")
    note(refusals, from_origin(APP), (METHOD, b"GET"), (HEADERS, b"x-a"), method="OPTIONS")
    note(refusals, from_origin("https://evil.example"))
    assert len(written.lines) == 4
    assert written.lines[1].endswith(" And 2 more refused requests were not written since the line before.")
    assert all("more refused" not in line for line in written.lines[2:])


def test_what_was_left_out_is_told_with_the_next_line(written: Written, clock: Clock) -> None:
    """After ten lines there is none until the first of them is a minute old."""
    refusals = Refusals(POLICY, clock=clock)
    for number in range(MAX_LINES + 1):
        note(refusals, from_origin(f"https://t{number}.example"))
    assert len(written.lines) == MAX_LINES
    clock.now += MINUTE - 0.001
    note(refusals, from_origin("null"))
    assert len(written.lines) == MAX_LINES
    clock.now += 0.001
    note(refusals, from_origin("null"))
    assert written.lines[MAX_LINES].endswith(" And 2 more refused requests were not written since the line before.")
    note(refusals, from_origin("null"))
    note(refusals, from_origin("https://last.example"))
    assert written.lines[-1].endswith(" And 1 more refused request was not written since the line before.")


def test_the_limiter_holds_for_any_sequence() -> None:
    """Whatever comes when: ten lines in any minute, one for each reason and origin, and every request is counted."""
    tally = Tally()
    waits = st.sampled_from([0.0, 0.0, 0.5, 7.0, 59.0, 61.0])
    steps = st.lists(st.tuples(waits, st.integers(1, 12), st.integers(0, 40)), max_size=30)

    @given(steps)
    def holds(steps: Sequence[tuple[float, int, int]]) -> None:
        clock = Clock()
        handler = Written(clock)
        logger = logging.getLogger("crossorigin")
        logger.addHandler(handler)
        logger.propagate = False
        refusals, sent = Refusals(POLICY, clock=clock), 0
        for wait, count, first in steps:
            clock.now += wait
            for number in range(first, first + count):
                note(refusals, from_origin(f"https://t{number}.example"))
                sent += 1
        logger.removeHandler(handler)
        logger.propagate = True
        times = handler.times
        assert all(sum(start <= time < start + MINUTE for time in times) <= MAX_LINES for start in times)
        origins = [line.partition(" from ")[2].partition(".")[0] for line in handler.lines]
        assert len(set(origins)) == len(origins)
        told = sum(int(line.split(" And ")[1].split()[0]) for line in handler.lines if " And " in line)
        assert len(times) + told + refusals._unwritten == sent
        tally.count(full=len(times) >= MAX_LINES, silent=sent > len(times))

    holds()
    tally.demand(full=0.2, silent=0.2)


def test_a_flood_of_origins_is_kept_in_bounded_memory(written: Written, clock: Clock) -> None:
    """What is remembered has a greatest size; the oldest goes first, and is then written again."""
    refusals = Refusals(POLICY, clock=clock)
    for number in range(MAX_REMEMBERED + 1):
        clock.now += 0 if number % MAX_LINES else MINUTE
        note(refusals, from_origin(f"https://t{number}.example"))
        for flood in range(3 if number % MAX_LINES == MAX_LINES - 1 else 0):
            note(refusals, from_origin(f"https://flood{number}-{flood}.example"))
    assert len(refusals._written) == MAX_REMEMBERED
    assert len(written.lines) == MAX_REMEMBERED + 1
    clock.now += MINUTE
    for number in (1, 2, MAX_REMEMBERED, 0, 1):
        note(refusals, from_origin(f"https://t{number}.example"))
    again = [line.partition(" from ")[2].partition(".")[0] for line in written.lines[MAX_REMEMBERED + 1 :]]
    assert again == ["'https://t0", "'https://t1"]


def test_what_is_remembered_of_an_origin_is_short(written: Written) -> None:
    """A megabyte of Origin is not kept, nor compared; its beginning is."""
    refusals = Refusals(POLICY)
    endless = Watched(b"x" * 10**6)
    note(refusals, from_origin(endless))
    note(refusals, from_origin(endless))
    assert len(written.lines) == 1
    assert max(len(origin) for _, origin, _ in refusals._written) < 1000
    assert endless.done == []


def test_the_words_are_those_of_the_policy_that_refused(written: Written) -> None:
    """Two of one name, as functions made in a loop have, are told of each by what it allows."""
    refusals = Refusals(Policy())
    for name in ("one", "two"):
        policy = Policy(allow_origins=[f"https://{name}.example"])
        origin = f"http://{name}.example"
        decision = policy.decide("GET", origin=[origin.encode()])
        scope = {"method": "GET", "path": "/", "headers": [(b"origin", origin.encode())]}
        refusals.note(decision, scope, policy=policy, place="main.made.<locals>.view")
    assert [
        f"https://{name}.example is allowed" in line for name, line in zip(("one", "two"), written.lines, strict=True)
    ] == [True, True]
    assert all(", by the policy of main.made.<locals>.view. " in line for line in written.lines)


def test_a_logger_that_is_switched_off_costs_no_line(written: Written) -> None:
    """What nobody reads is not made; switched on again, it is, with the count."""
    refusals = Refusals(POLICY)
    logging.getLogger("crossorigin").setLevel(logging.ERROR)
    note(refusals, from_origin("null"))
    logging.getLogger("crossorigin").setLevel(logging.WARNING)
    note(refusals, from_origin("null"))
    (line,) = written.lines
    assert line.endswith(" And 1 more refused request was not written since the line before.")


@pytest.mark.parametrize("count", [1, 1000])
def test_a_request_that_comes_again_is_cheap(written: Written, count: int) -> None:
    """Some hundred steps, whatever the policy lists; and no more for one beyond the limit."""
    policy = Policy(allow_origins=[f"https://t{number}.example" for number in range(count)])
    refusals = Refusals(policy)
    for number in range(MAX_LINES):
        note(refusals, from_origin(f"https://a{number}.example"))
    for origin in ("https://a0.example", "https://beyond.example"):
        scope = scope_of(from_origin(origin), *[(b"accept", b"*/*")] * 12)
        decision = judged(scope, policy)
        assert steps_of(functools.partial(refusals.note, decision, scope)) < 700
    assert len(written.lines) == MAX_LINES


def test_threads_write_no_more_lines(written: Written) -> None:
    """The limit holds for a server that serves from several threads."""
    refusals = Refusals(POLICY)

    def flood(name: str) -> None:
        for number in range(50):
            note(refusals, from_origin(f"https://{name}{number}.example"))

    threads = [threading.Thread(target=flood, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written.lines) == MAX_LINES


_bytes = st.binary(max_size=60) | st.sampled_from(
    [b"\r\nERROR forged", b"\x1b[2J", b"\xff", b"null", APP.encode(), b"PUT", b"x-a,\x00", b"a" * 400, b"%s%d"]
)
_names = st.sampled_from([ORIGIN, METHOD, HEADERS, b"host", b"sec-fetch-site"]) | st.binary(max_size=14)
_paths = st.text(max_size=300) | st.sampled_from([None, b"/bytes", 7, "/\ud800", "/\r\nforged", "\u202e"])
_scopes = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["http", "websocket"]),
        "method": st.sampled_from(["GET", "OPTIONS", "G\nT", "M" * 100, None]) | st.text(),
        "path": _paths,
        "headers": st.lists(st.tuples(_names, _bytes), max_size=5).map(lambda rest: [from_origin("null"), *rest]),
    },
)
_DECISIONS = [
    judged(scope_of(from_origin(origin), (METHOD, method), (HEADERS, headers), method=kind))
    for kind in ("GET", "OPTIONS")
    for origin in ("null", "https://evil.example", APP, "*", "x" * 400)
    for method in (b"GET", b"PUT", b"a b")
    for headers in (b"", b"x-a", b"x a")
]


def test_nothing_that_a_request_brings_reaches_the_log_as_it_is() -> None:
    """Any scope, also with a decision on another: nothing is raised, and every line is short printable ASCII."""
    tally = Tally()

    @given(_scopes, st.sampled_from(_DECISIONS))
    def holds(scope: Scope, decision: Decision) -> None:
        handler = Written(Clock())
        logger = logging.getLogger("crossorigin")
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
        Refusals(POLICY).note(decision, scope)
        refused = len(handler.records)
        note_allowed(decision, scope)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
        logger.removeHandler(handler)
        for line in handler.lines:
            assert line.isascii()
            assert line.isprintable()
            assert len(line) < 3000
        assert len(handler.records) == refused + 1
        tally.count(refused=bool(refused))

    holds()
    tally.demand(refused=0.2)


def test_an_allowed_request_is_a_line_for_debugging(written: Written) -> None:
    """It names the reasons and the request, preflight or not, with Origin or without."""
    for headers, method in (
        ([from_origin(APP)], "GET"),
        ([from_origin(APP), (METHOD, b"GET")], "OPTIONS"),
        ([], "a b"),
    ):
        scope = scope_of(*headers, method=method)
        note_allowed(judged(scope), scope)
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
    note(Refusals(POLICY), from_origin("null"), method="M" * length)
    assert f": {shown} '/items'" in written.lines[0]


def failing_with(error: BaseException, name: str) -> Callable[[Decision, Any], object]:
    """A callable that raises, of a name of its own."""

    def fails(decision: Decision, scope: Any) -> None:
        raise error

    fails.__qualname__ = name
    return fails


DECISION = judged(scope_of(from_origin(APP)))


def test_the_callable_is_given_the_decision_and_the_scope(written: Written) -> None:
    """Both are handed on as they are, and what it returns is ignored."""
    calls: list[Any] = []
    scope = scope_of()
    tell(lambda *given: calls.append(given), DECISION, scope)
    tell(lambda *given: len(given), DECISION, scope)
    assert calls == [(DECISION, scope)]
    assert calls[0][1] is scope
    assert written.lines == []


def test_an_exception_in_it_is_logged_and_harmless(written: Written, clock: Clock) -> None:
    """With its traceback, once a minute for each callable."""
    one, other = (failing_with(ValueError("oops"), name) for name in ("test_harmless.one", "test_harmless.other"))
    for _ in range(3):
        tell(one, DECISION, {}, clock=clock)
    tell(other, DECISION, {}, clock=clock)
    clock.now += MINUTE - 0.001
    tell(one, DECISION, {}, clock=clock)
    assert written.lines == [
        f"ERROR on_decision '{__name__}.test_harmless.{name}' raised; the request goes on" for name in ("one", "other")
    ]
    information = written.records[0].exc_info
    assert information is not None
    assert traceback.format_exception(*information)[-1] == "ValueError: oops\n"
    clock.now += 0.001
    tell(one, DECISION, {}, clock=clock)
    assert len(written.lines) == 3


def test_what_ends_the_program_is_not_held_up(written: Written) -> None:
    """Only an Exception is caught."""
    with pytest.raises(KeyboardInterrupt):
        tell(failing_with(KeyboardInterrupt(), "test_interrupt"), DECISION, {})
    assert written.lines == []


def test_an_asynchronous_callable_is_told_of_once(written: Written) -> None:
    """Its coroutine is closed, so Python has nothing to warn of; warnings are errors here."""

    async def waits(decision: Decision, scope: Any) -> None:
        raise AssertionError

    for _ in range(3):
        tell(waits, DECISION, {})
    assert written.lines == [
        f"ERROR on_decision '{__name__}.{waits.__qualname__}' is never awaited: give a plain function (def)"
    ]


def test_what_is_awaitable_and_no_coroutine_is_left_alone(written: Written) -> None:
    """A task, which runs by itself, is not closed; an object that is called is named by its class."""

    class Task:
        def __await__(self) -> Iterator[None]:
            yield

    class Observer:
        def __call__(self, *given: object) -> Task:
            assert len(given) == 2
            return Task()

    tell(Observer(), DECISION, {})
    assert written.lines == [
        f"ERROR on_decision '{__name__}.{Observer.__qualname__}' is never awaited: give a plain function (def)"
    ]


def test_a_proxy_that_has_no_name_is_called_all_the_same(written: Written) -> None:
    """Whatever it raises when it is asked for its name, it is told of decisions, and named by its class if it fails."""
    decisions: list[Decision] = []

    class Proxy:
        def __init__(self, error: Exception | None) -> None:
            self.error = error

        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __call__(self, decision: Decision, _: Any) -> None:
            decisions.append(decision)
            if self.error is not None:
                raise self.error

    tell(Proxy(None), DECISION, {})
    assert decisions == [DECISION]
    assert written.lines == []
    tell(Proxy(ValueError("oops")), DECISION, {})
    assert len(decisions) == 2
    assert written.lines == [f"ERROR on_decision '{__name__}.{Proxy.__qualname__}' raised; the request goes on"]


def test_a_log_that_fails_fails_nothing(written: Written) -> None:
    """A filter of the user's own may raise, whatever there is to write."""

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record)

    async def waits(decision: Decision, scope: Any) -> None:
        raise AssertionError

    logger = logging.getLogger("crossorigin")
    logger.addFilter(fail)
    try:
        note(Refusals(POLICY), from_origin("http://app.example.com"))
        note_allowed(DECISION, scope_of())
        tell(failing_with(ValueError("oops"), "test_log.raising"), DECISION, {})
        tell(waits, DECISION, {})
    finally:
        logger.removeFilter(fail)
    assert written.lines == []
