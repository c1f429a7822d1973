"""The shared table detects every faulty middleware."""

from functools import cache
from typing import Any

import pytest

from crossorigin import CORSMiddleware, Policy
from tests.cases.asgi import exchange
from tests.cases.faulty_middlewares.middlewares import FAULTY_MIDDLEWARES, FaultyMiddleware
from tests.cases.table import Case, cases


@cache
def judged() -> tuple[tuple[Case, Policy], ...]:
    """Return the cases with their policies, forward and backward."""
    forwards = tuple((case, case.policy()) for case in cases())
    return (*forwards, *reversed(forwards))


class Inside:
    """An app inside a middleware that calls the app of the current case."""

    app: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request to it."""
        await self.app(scope, receive, send)


def complaints(middleware: type) -> dict[str, list[str]]:
    """Run all cases, those of one policy with one instance. Return those with an incorrect response."""
    made: dict[tuple[str, bool], Any] = {}
    inside = Inside()
    found: dict[str, list[str]] = {}
    for case, policy in judged():
        key = repr(policy), case.debug
        if key not in made:
            made[key] = middleware(inside, policy=policy, debug=case.debug)

        def wrap(app: Any, wrapped: Any = made[key]) -> Any:
            inside.app = app
            return wrapped

        try:
            done = exchange(wrap, case.request, case.response)
            problems = case.problems(by=done.by, status=done.status, headers=done.headers, body=done.body)
        except AssertionError as error:  # The app's own list was changed.
            problems = [str(error)]
        if problems:
            found[case.name] = problems
    return found


@pytest.mark.parametrize("correct", [CORSMiddleware, FaultyMiddleware])
def test_the_table_has_nothing_against_the_correct_middleware(correct: type) -> None:
    """The correct middleware, and the base of the faulty ones, pass every case."""
    assert complaints(correct) == {}


@pytest.mark.parametrize("faulty", FAULTY_MIDDLEWARES)
def test_the_table_catches_a_faulty_middleware(faulty: type[FaultyMiddleware]) -> None:
    """At least one case fails, and never all of them, because a faulty middleware has one error."""
    assert 0 < len(complaints(faulty)) < len(cases())


def test_each_faulty_middleware_says_what_it_does() -> None:
    """There are many. Each is described, and has a row for a browser or the reason why there is none."""
    assert len(FAULTY_MIDDLEWARES) >= 18
    for faulty in FAULTY_MIDDLEWARES:
        assert faulty.__doc__
        assert bool(faulty.rows) != bool(faulty.unseen), faulty
