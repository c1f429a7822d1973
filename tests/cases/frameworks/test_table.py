"""The shared table with real frameworks, wrapped directly and with their own way to add a middleware."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from litestar.middleware import DefineMiddleware

from crossorigin import CORSMiddleware, Policy
from tests.cases.frameworks.apps import FRAMEWORKS, Framework, Told, fastapi, litestar_app, starlette
from tests.cases.frameworks.client import Answer, ask, started
from tests.cases.table import Case, Line, Response, cases
from tests.notes import NOTES

_EXPOSED = b"access-control-expose-headers"
Wrap = Callable[[Told, Policy, bool], Any]

# Headers that frameworks add themselves, and that CORS does not use.
_FRAMING = {b"content-length", b"content-type"}


def by_hand(framework: Framework) -> Wrap:
    """Wrap the whole app."""
    return lambda told, policy, debug: CORSMiddleware(framework.app(told), policy=policy, debug=debug)


def added(make: Callable[[Told], Any]) -> Wrap:
    """Use `add_middleware`."""

    def wrap(told: Told, policy: Policy, debug: bool) -> Any:  # Not every way to add the middleware uses all arguments.
        app = make(told)
        app.add_middleware(CORSMiddleware, policy=policy, debug=debug)
        return app

    return wrap


def defined(told: Told, policy: Policy, debug: bool) -> Any:  # Not every way to add the middleware uses all arguments.
    """Use Litestar's list of middlewares."""
    return litestar_app(told, DefineMiddleware(CORSMiddleware, policy=policy, debug=debug))


WAYS: dict[str, tuple[str, Wrap]] = {
    **{f"{name}, by hand": (name, by_hand(framework)) for name, framework in FRAMEWORKS.items()},
    "Starlette, add_middleware": ("Starlette", added(starlette)),
    "FastAPI, add_middleware": ("FastAPI", added(fastapi)),
    "Litestar, DefineMiddleware": ("Litestar", defined),
}
every_framework = pytest.mark.parametrize("name", FRAMEWORKS)


async def bare(name: str) -> dict[str, Answer | None]:
    """Let the framework send the responses of the cases without a middleware. Return None if it cannot."""
    told = Told()
    app = FRAMEWORKS[name].app(told)
    answers: dict[str, Answer | None] = {}
    async with started(app) as has_lifespan:
        assert has_lifespan == (name != "Django")
        for case in cases():
            if case.expected.by == "app":
                told.to(case)
                answers[case.name] = await _as_told(app, told, case)
    return answers


async def _as_told(app: Any, told: Told, case: Case) -> Answer | None:
    try:
        answer = await ask(app, case.request)
    except ValueError:
        # Quart's request does not accept a line break.
        return None
    said = told.ran and answer.status == case.response.status
    return answer if said and _lines(answer.headers) == _lines(case.response.headers) else None


def _lines(headers: tuple[Line, ...]) -> list[Line]:
    return sorted((name.lower(), value) for name, value in headers if name.lower() not in _FRAMING)


def left_out(name: str) -> set[str]:
    """Return the cases that the framework's rule excludes."""
    return {case.name for case in cases() if case.expected.by == "app" and FRAMEWORKS[name].cannot(case)}


@every_framework
async def test_no_more_is_left_out_than_the_framework_itself_cannot_do(name: str) -> None:
    """A framework's rule excludes exactly the cases that fail without any middleware."""
    assert {case for case, answer in (await bare(name)).items() if answer is None} == left_out(name)


def test_little_is_left_out(pytestconfig: pytest.Config) -> None:
    """No framework excludes more than one case in twenty-five. The numbers are printed."""
    counts = {name: len(left_out(name)) for name in FRAMEWORKS}
    pytestconfig.stash[NOTES].append(f"{len(cases())} cases in each framework, less {counts}")
    assert max(counts.values()) * 25 <= len(cases())


@pytest.mark.parametrize("way", WAYS)
async def test_the_table_holds(way: str) -> None:
    """Every case has the result of the table, and the framework's own headers are unchanged."""
    name, wrap = WAYS[way]
    own, told, apps, wrong = await bare(name), Told(), {}, {}
    async with AsyncExitStack() as stack:
        for case in cases():
            if case.name in left_out(name):
                continue
            policy = case.policy()
            key = repr(policy), case.debug
            if key not in apps:
                apps[key] = wrap(told, policy, case.debug)
                await stack.enter_async_context(started(apps[key]))
            told.to(case)
            answer = await ask(apps[key], case.request)
            if problems := _problems(case, told, answer, own.get(case.name)):
                wrong[case.name] = problems
    assert not wrong, "\n".join(f"{case}: {problems}" for case, problems in wrong.items())


def _problems(case: Case, told: Told, answer: Answer, own: Answer | None) -> list[str]:
    by = "app" if told.ran else "preflight"
    if own is None:
        return case.problems(by=by, status=answer.status, headers=answer.headers, body=answer.body)
    case = replace(case, response=Response(status=own.status, headers=own.headers))
    headers, cors = answer.headers, dict(case.expected.cors)
    if all(name == name.lower() for name, _ in own.headers):
        # If a framework sends names in lower case, they are exposed in lower case, because the original spelling is
        # unknown.
        headers = tuple((name, value.lower() if name.lower() == _EXPOSED else value) for name, value in headers)
        cors |= {_EXPOSED: cors[_EXPOSED].lower()} if _EXPOSED in cors else {}
        case = replace(case, expected=replace(case.expected, cors=cors))
    problems = case.problems(by=by, status=answer.status, headers=headers)
    return problems if own.body == answer.body else [*problems, f"body: {answer.body!r}"]
