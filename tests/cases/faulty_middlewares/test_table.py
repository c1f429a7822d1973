"""The shared table catches every faulty middleware."""

from functools import cache
from typing import Any

import pytest

from crossorigin import CORSMiddleware, Policy
from tests.cases.asgi import exchange
from tests.cases.faulty_middlewares.middlewares import FAULTY_MIDDLEWARES, FaultyMiddleware
from tests.cases.table import Case, cases


@cache
def judged() -> tuple[tuple[Case, Policy], ...]:
    """Return the cases, each with its policy, forwards and backwards."""
    forwards = tuple((case, case.policy()) for case in cases())
    return (*forwards, *reversed(forwards))


class Inside:
    """Stand inside a middleware for the app of whatever case is run."""

    app: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand the request to it."""
        await self.app(scope, receive, send)


def complaints(middleware: type) -> dict[str, list[str]]:
    """Run all cases, those of one policy through one instance; return those that are answered incorrectly."""
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
        except AssertionError as error:  # the app's own list was changed
            problems = [str(error)]
        if problems:
            found[case.name] = problems
    return found


@pytest.mark.parametrize("correct", [CORSMiddleware, FaultyMiddleware])
def test_the_table_has_nothing_against_the_correct_middleware(correct: type) -> None:
    """The correct middleware, and what the faulty ones are made of, answer every case."""
    assert complaints(correct) == {}


@pytest.mark.parametrize("faulty", FAULTY_MIDDLEWARES)
def test_the_table_catches_a_faulty_middleware(faulty: type[FaultyMiddleware]) -> None:
    """At least one case is answered incorrectly, and never all of them: it is wrong in one respect."""
    assert 0 < len(complaints(faulty)) < len(cases())


def test_each_faulty_middleware_says_what_it_does() -> None:
    """There are many, each with its sentence, and with a row that a browser judges otherwise or why there is none."""
    assert len(FAULTY_MIDDLEWARES) >= 18
    for faulty in FAULTY_MIDDLEWARES:
        assert faulty.__doc__
        assert bool(faulty.rows) != bool(faulty.unseen), faulty
