"""The user's `on_decision` is called with each decision, and nothing that it does reaches the request."""

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crossorigin import Policy
from crossorigin.policy.decide.decisions import Decision
from crossorigin.policy.decide.request_facts import RequestFacts
from crossorigin.telemetry.hook import MINUTE, DecisionHook, takes_request_facts
from tests.unit.telemetry.conftest import Clock, Written


def failing_with(error: BaseException, name: str) -> Callable[[Decision, Any], object]:
    """Return a callable that raises an exception when its name is read."""

    def fails(decision: Decision, scope: Any) -> None:
        raise error

    fails.__qualname__ = name
    return fails


APP = "https://app.example.com"
DECISION = Policy(allow_origins=[APP]).decide("GET", origin=[APP.encode()])
SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": [(b"origin", APP.encode())]}


def test_the_callable_is_given_the_decision_and_the_scope(written: Written) -> None:
    """Both are handed on as they are, and what it returns is ignored."""
    calls: list[Any] = []
    DecisionHook(lambda *given: calls.append(given)).call(DECISION, SCOPE)
    DecisionHook(lambda *given: len(given)).call(DECISION, SCOPE)
    assert calls == [(DECISION, SCOPE)]
    assert calls[0][1] is SCOPE
    assert written.lines == []


def test_an_exception_in_it_is_logged_and_harmless(written: Written, clock: Clock) -> None:
    """With its traceback, once a minute for each middleware's hook."""
    one, other = (
        DecisionHook(failing_with(ValueError("oops"), name), clock=clock)
        for name in ("test_harmless.one", "test_harmless.other")
    )
    for _ in range(3):
        one.call(DECISION, {})
    other.call(DECISION, {})
    clock.now += MINUTE - 0.001
    one.call(DECISION, {})
    assert written.lines == [
        f"ERROR on_decision '{__name__}.test_harmless.{name}' raised an exception. The request was not affected."
        for name in ("one", "other")
    ]
    information = written.records[0].exc_info
    assert information is not None
    assert traceback.format_exception(*information)[-1] == "ValueError: oops\n"
    clock.now += 0.001
    one.call(DECISION, {})
    assert len(written.lines) == 3


def test_what_ends_the_program_is_not_held_up(written: Written) -> None:
    """Only an Exception is caught."""
    with pytest.raises(KeyboardInterrupt):
        DecisionHook(failing_with(KeyboardInterrupt(), "test_interrupt")).call(DECISION, {})
    assert written.lines == []


def test_an_asynchronous_callable_is_reported_once(written: Written) -> None:
    """Its coroutine is closed, so that Python does not warn. Warnings are errors here."""

    async def waits(decision: Decision, scope: Any) -> None:
        raise AssertionError

    hook = DecisionHook(waits)
    for _ in range(3):
        hook.call(DECISION, {})
    assert written.lines == [
        f"ERROR on_decision '{__name__}.{waits.__qualname__}' is not awaited. Use a function defined with def."
    ]


def test_what_is_awaitable_and_no_coroutine_is_left_alone(written: Written) -> None:
    """A task runs by itself and is not closed. A callable object is named by its class."""

    class Task:
        def __await__(self) -> Iterator[None]:
            yield

    class Observer:
        def __call__(self, *given: object) -> Task:
            assert len(given) == 2
            return Task()

    DecisionHook(Observer()).call(DECISION, {})
    assert written.lines == [
        f"ERROR on_decision '{__name__}.{Observer.__qualname__}' is not awaited. Use a function defined with def."
    ]


def test_a_proxy_that_has_no_name_is_called_all_the_same(written: Written) -> None:
    """A hook without a readable name is called with decisions, and a failure names its class."""
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

    DecisionHook(Proxy(None)).call(DECISION, {})
    assert decisions == [DECISION]
    assert written.lines == []
    DecisionHook(Proxy(ValueError("oops"))).call(DECISION, {})
    assert len(decisions) == 2
    assert written.lines == [
        f"ERROR on_decision '{__name__}.{Proxy.__qualname__}' raised an exception. The request was not affected."
    ]


def test_a_hook_for_every_framework_gets_the_neutral_facts(written: Written) -> None:
    """This holds for a marked function and a marked wrapper, and not for the mark of a proxy."""

    @takes_request_facts
    def marked(decision: Decision, request: RequestFacts) -> None:
        raise AssertionError

    class AnyName:
        def __getattr__(self, name: str) -> str:
            return name

        def __call__(self, *given: object) -> None:
            raise AssertionError

    assert DecisionHook(marked).wants_facts
    assert not DecisionHook(print).wants_facts
    assert not DecisionHook(AnyName()).wants_facts


def test_a_log_that_fails_fails_no_request(written: Written) -> None:
    """A filter of the user may raise, for any message."""

    def fail(record: logging.LogRecord) -> bool:
        raise RuntimeError(record)

    async def waits(decision: Decision, scope: Any) -> None:
        raise AssertionError

    logger = logging.getLogger("crossorigin")
    logger.addFilter(fail)
    try:
        DecisionHook(failing_with(ValueError("oops"), "test_log.raising")).call(DECISION, {})
        DecisionHook(waits).call(DECISION, {})
    finally:
        logger.removeFilter(fail)
    assert written.lines == []
