"""The middleware and the decision pass the shared table, and the table is complete."""

import functools
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from crossorigin import (
    ActualDecision,
    CORSMiddleware,
    CrossOriginWarning,
    Decision,
    InvalidPolicyError,
    IssueCode,
    LiveOrigins,
    Policy,
    Reason,
)
from tests.cases.asgi import BODY, exchange
from tests.cases.table import Case, Faulty, cases, live_cases, policies_that_do_not_start, policies_that_warn


def sentence(case: Case) -> str:
    """Return the name of a case for the report."""
    return f"{case.theme}: {case.name}"


every_case = pytest.mark.parametrize("case", cases(), ids=sentence)


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """Do nothing; used where an app is required."""


def decide(case: Case) -> Decision:
    """Decide a case without an adapter."""
    lines = case.request.lines
    return case.policy().decide(
        case.request.method,
        origin=lines("Origin"),
        request_method=lines("Access-Control-Request-Method"),
        request_headers=lines("Access-Control-Request-Headers"),
        request_private_network=lines("Access-Control-Request-Private-Network"),
        debug=case.debug,
    )


@every_case
@pytest.mark.parametrize("when", ["at its first request", "at its place"])
def test_the_middleware_answers_as_the_table_says(case: Case, when: str) -> None:
    """The middleware sends the headers of the table."""
    wrap = functools.partial(
        CORSMiddleware, policy=case.policy(), debug=case.debug, outermost=when == "at its first request"
    )
    done = exchange(wrap, case.request, case.response)
    problems = case.problems(by=done.by, status=done.status, headers=done.headers, body=done.body)
    assert problems == []
    assert (done.body == BODY) == done.app_ran


@pytest.mark.parametrize("case", live_cases(), ids=sentence)
@pytest.mark.parametrize("when", ["at its first request", "at its place"])
def test_the_middleware_answers_by_live_origins_as_the_table_says(case: Case, when: str) -> None:
    """Each origin was served before its removal.

    Afterward, and in the next request, the result is that of the table.
    """
    origins = case.origins()
    reasons: list[list[str]] = []
    middleware = CORSMiddleware(
        nothing,
        policy=case.policy(),
        outermost=when == "at its first request",
        origins=origins,
        on_decision=lambda decision, _: reasons.append(list(map(str, decision.reasons))),
    )

    def wrap(app: Any) -> CORSMiddleware:
        middleware.app = app
        return middleware

    before = exchange(wrap, case.request, case.response)
    assert (case.problems(by=before.by, status=before.status, headers=before.headers, body=before.body) == []) == (
        not case.removed
    )
    for origin in case.removed:
        assert origins.remove(origin)
    for _ in range(2):
        done = exchange(wrap, case.request, case.response)
        assert case.problems(by=done.by, status=done.status, headers=done.headers, body=done.body) == []
        assert reasons[-1] == list(case.expected.reasons)


def test_one_middleware_answers_all_cases_of_its_policy_in_any_order() -> None:
    """Earlier requests change no response: each case passes after all others, forward and backward."""
    made: dict[tuple[str, bool], CORSMiddleware] = {}
    for case in (*cases(), *reversed(cases())):
        policy = case.policy()
        fresh = CORSMiddleware(nothing, policy=policy, debug=case.debug)
        middleware = made.setdefault((repr(policy), case.debug), fresh)

        def wrap(app: Any, middleware: CORSMiddleware = middleware) -> CORSMiddleware:
            middleware.app = app
            return middleware

        done = exchange(wrap, case.request, case.response)
        assert case.problems(by=done.by, status=done.status, headers=done.headers, body=done.body) == [], case.name


@every_case
def test_the_middleware_takes_the_options_as_it_takes_the_policy(case: Case) -> None:
    """With options instead of a policy, the middleware passes the table too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrossOriginWarning)
        middleware = CORSMiddleware(nothing, **case.options, debug=case.debug)
    assert middleware.policy == case.policy()


@every_case
def test_deciding_answers_as_the_table_says(case: Case) -> None:
    """The decision without an adapter has the reasons and headers of the table."""
    decision = decide(case)
    assert [str(reason) for reason in decision.reasons] == list(case.expected.reasons)
    assert decision.allowed == all(Reason(reason).allows for reason in case.expected.reasons)
    if isinstance(decision, ActualDecision):
        by, status, body = "app", case.response.status, b""
        headers = decision.response.apply(case.response.headers)
    else:
        answer = decision.response
        by, status, body, headers = "preflight", answer.status, answer.body, [*answer.headers]
    assert case.problems(by=by, status=status, headers=headers, body=body) == []


@pytest.mark.parametrize("case", [case for case in cases() if case.expected.by == "app"], ids=sentence)
def test_an_edit_gives_what_the_table_says(case: Case) -> None:
    """An adapter that sets and removes headers by name sends the headers of the table too."""
    decision = decide(case)
    assert isinstance(decision, ActualDecision)
    edit = decision.response.edit(case.response.headers)
    gone = {name for name, _ in edit.set} | set(edit.remove)
    headers = [*((name, value) for name, value in case.response.headers if name.lower() not in gone), *edit.set]
    assert case.problems(by="app", status=case.response.status, headers=headers) == []


def build(faulty: Faulty) -> object:
    """Build the object that the options are for."""
    if faulty.through == "policy":
        return Policy.from_dict(faulty.options)
    options: dict[str, Any] = dict(faulty.options)
    if faulty.through == "origins":
        return LiveOrigins(**options)
    if "origins" in options and isinstance(options["origins"], list):
        options["origins"] = LiveOrigins(options["origins"])
    if isinstance(options.get("policy"), Mapping):
        options["policy"] = Policy(**options["policy"])
    return CORSMiddleware(nothing, **options)


@pytest.mark.parametrize("faulty", policies_that_do_not_start(), ids=lambda faulty: faulty.name)
def test_a_faulty_policy_never_starts(faulty: Faulty) -> None:
    """The options raise an error with exactly the issues in the table, and the message has all of them."""
    with pytest.raises(InvalidPolicyError) as raised:
        build(faulty)
    assert [(str(issue.code), issue.field) for issue in raised.value.issues] == list(faulty.issues)
    assert all(issue.reason and issue.hint and str(issue) in str(raised.value) for issue in raised.value.issues)


@pytest.mark.parametrize("faulty", policies_that_warn(), ids=lambda faulty: faulty.name)
def test_a_doubtful_policy_starts_with_one_warning(faulty: Faulty) -> None:
    """The options are accepted with one warning that holds exactly the warnings that the table names."""
    with pytest.warns(CrossOriginWarning) as warned:
        assert build(faulty)
    assert len(warned) == 1
    message = warned[0].message
    assert isinstance(message, CrossOriginWarning)
    assert [(str(issue.code), issue.field) for issue in message.issues] == list(faulty.issues)


def test_the_table_is_large_enough_and_names_each_case_once() -> None:
    """At least 150 cases, each with its own name."""
    names = Counter(case.name for case in cases())
    assert len(cases()) >= 150
    assert [name for name, times in names.items() if times > 1] == []


def test_every_reason_that_a_policy_gives_is_in_the_table() -> None:
    """There is a case for every reason of a decision, except for the methods that a route serves."""
    given = {Reason(reason) for case in (*cases(), *live_cases()) for reason in case.expected.reasons}
    assert given == {*Reason} - {Reason.METHOD_NOT_SERVED, Reason.ORIGIN_ABSENT_CROSS_SITE}


def test_every_issue_code_is_in_the_table() -> None:
    """There are options for each error and each warning."""
    faulty = (*policies_that_do_not_start(), *policies_that_warn())
    assert {code for entry in faulty for code, _ in entry.issues} == {code.value for code in IssueCode}


def test_the_table_would_notice_a_wrong_answer() -> None:
    """A missing, additional, duplicate or changed header, a wrong status and a lost header of the app are detected."""
    case = next(case for case in cases() if case.name == "Cookies of the app are kept, line by line")
    decision = decide(case)
    assert isinstance(decision, ActualDecision)
    right = [(bytes(name), bytes(value)) for name, value in decision.response.apply(case.response.headers)]
    assert case.problems(by="app", status=200, headers=right) == []
    wrong = [
        right[1:],
        [*right, (b"access-control-max-age", b"1")],
        [*right, *right],
        [(name, value + b"x") for name, value in right],
        [(name, value) for name, value in right if name != b"vary"],
        [*right, (b"vary", b"Cookie")],
    ]
    assert all(case.problems(by="app", status=200, headers=headers) for headers in wrong)
    assert case.problems(by="app", status=204, headers=right)
    assert case.problems(by="preflight", status=200, headers=right)
