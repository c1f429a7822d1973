"""A request is decided in one place, with one reason for each question."""

import dataclasses
from typing import get_args

import pytest

from crossorigin import ActualDecision, Decision, Policy, PreflightDecision, Reason
from crossorigin.policy.decide.judge import Judge, is_safelisted_method
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.fields import allowed_headers, allowed_methods

APP = b"https://app.example.com"


@pytest.fixture(scope="module")
def policy() -> Policy:
    """A policy that lists one origin, three methods and one header."""
    return Policy(allow_origins=[APP.decode()], allow_methods=["GET", "PUT", "DELETE"], allow_headers=["X-Token"])


def test_the_reasons_are_closed() -> None:
    """A reason is never renamed, and a new one must be added here."""
    assert [reason.value for reason in Reason] == [
        "any-origin",
        "origin-listed",
        "origin-matches-pattern",
        "origin-matches-regex",
        "origin-live",
        "origin-absent",
        "origin-absent-cross-site",
        "origin-repeated",
        "origin-too-long",
        "origin-malformed",
        "origin-null",
        "origin-not-listed",
        "origin-not-live",
        "method-listed",
        "method-repeated",
        "method-too-long",
        "method-malformed",
        "method-not-listed",
        "method-not-served",
        "headers-listed",
        "any-headers",
        "headers-too-long",
        "headers-too-many-empty-elements",
        "headers-malformed",
        "headers-not-listed",
    ]


def test_exactly_the_outcomes_that_let_a_request_pass_allow() -> None:
    """Seven reasons allow, and all others refuse."""
    assert {reason.value for reason in Reason if reason.allows} == {
        "any-origin",
        "origin-listed",
        "origin-matches-pattern",
        "origin-matches-regex",
        "origin-live",
        "method-listed",
        "headers-listed",
        "any-headers",
    }


def test_a_decision_is_one_of_two_kinds() -> None:
    """`decide` returns an actual or a preflight decision."""
    assert set(get_args(Decision)) == {ActualDecision, PreflightDecision}


def test_an_allowed_actual_request_has_one_reason_and_no_refusal(policy: Policy) -> None:
    """The reason of an actual decision is that of its origin."""
    decision = policy.decide("PUT", origin=[APP])
    assert isinstance(decision, ActualDecision)
    assert decision.reasons == (Reason.ORIGIN_LISTED,)
    assert decision.refusals == ()
    assert decision.allowed is True


def test_a_refused_actual_request_tells_its_refusal(policy: Policy) -> None:
    """The reason is a refusal, and no header allows anything."""
    decision = policy.decide("PUT", origin=[b"https://evil.example"])
    assert decision.reasons == decision.refusals == (Reason.ORIGIN_NOT_LISTED,)
    assert decision.allowed is False


def test_an_allowed_preflight_has_three_reasons(policy: Policy) -> None:
    """Origin, method and headers each have their reason, in that order."""
    decision = policy.decide("OPTIONS", origin=[APP], request_method=[b"PUT"], request_headers=[b"x-token"])
    assert isinstance(decision, PreflightDecision)
    assert decision.reasons == (Reason.ORIGIN_LISTED, Reason.METHOD_LISTED, Reason.HEADERS_LISTED)
    assert (decision.origin, decision.method, decision.headers) == decision.reasons
    assert decision.refusals == ()
    assert decision.allowed is True


def test_a_refused_preflight_tells_every_refusal(policy: Policy) -> None:
    """Every question is decided, also after a refusal."""
    decision = policy.decide("OPTIONS", origin=[b"null"], request_method=[b"PATCH"], request_headers=[b"x-a"])
    assert decision.refusals == (Reason.ORIGIN_NULL, Reason.METHOD_NOT_LISTED, Reason.HEADERS_NOT_LISTED)
    assert decision.allowed is False


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"DELETE", b"PATCH", b"A B", b"A" * 300])
def test_only_a_plan_that_is_limited_to_what_a_path_serves_says_that_it_does_not(policy: Policy, method: bytes) -> None:
    """A policy does not know paths.

    A limited plan has this reason for methods that the policy allows, and no other change.
    """
    alone = policy.decide("OPTIONS", origin=[APP], request_method=[method])
    limited = Plan(policy).narrowed({"GET", "PATCH"}).decide_preflight([APP], [method], [])
    assert isinstance(alone, PreflightDecision)
    assert alone.method is not Reason.METHOD_NOT_SERVED
    not_served = alone.method.allows and method != b"GET"
    assert limited.method is (Reason.METHOD_NOT_SERVED if not_served else alone.method)


def test_one_refusal_is_enough(policy: Policy) -> None:
    """A preflight is allowed only if all three questions are answered yes."""
    decision = policy.decide("OPTIONS", origin=[APP], request_method=[b"PATCH"])
    assert decision.refusals == (Reason.METHOD_NOT_LISTED,)
    assert not decision.allowed


def test_decisions_are_frozen_values(policy: Policy) -> None:
    """Two decisions on one request are equal, and neither can be changed."""
    first, second = (policy.decide("GET", origin=[b"https://evil.example"]) for _ in range(2))
    assert first == second
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.origin = Reason.ANY_ORIGIN  # type: ignore[misc]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_three_methods_are_safelisted(method: str) -> None:
    """GET, HEAD and POST are allowed in a preflight without being listed."""
    assert is_safelisted_method(method.encode())
    assert not is_safelisted_method(method.lower().encode())


@pytest.mark.parametrize("method", [b"PUT", b"OPTIONS", b"", b"GET "])
def test_no_other_method_is_safelisted(method: bytes) -> None:
    """A browser refuses any other method that is not listed."""
    assert not is_safelisted_method(method)


@pytest.mark.parametrize(
    ("listed", "allowed"),
    [
        ([], ()),
        (["PUT", "GET"], ("PUT", "GET")),
        (["*"], ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")),
        (["LOCK", "*", "PUT"], ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "LOCK")),
    ],
)
def test_a_star_among_methods_stands_for_the_standard_ones(listed: list[str], allowed: tuple[str, ...]) -> None:
    """Methods keep their order in the list. A star goes before those next to it."""
    assert allowed_methods(listed) == allowed


def test_header_names_are_sorted_and_spelled_once() -> None:
    """The safelisted names have the standard's spelling, others the first one in the list. A star is not a name."""
    names = allowed_headers(["x-b", "ACCEPT", "X-A", "*", "X-B"])
    assert names == ("Accept", "Accept-Language", "Content-Language", "Content-Type", "X-A", "x-b")


def test_a_judge_never_asks_a_pattern_about_an_origin_that_is_listed() -> None:
    """The exact table is used first, then patterns, then the regular expression."""
    judge = Judge(Policy(allow_origins=["https://*.example.com", APP.decode()], allow_origin_regex="https://.*"))
    assert judge.judge_origin([APP]) is Reason.ORIGIN_LISTED
    assert judge.judge_origin([b"https://b.example.com"]) is Reason.ORIGIN_MATCHES_PATTERN
    assert judge.judge_origin([b"https://b.example.net"]) is Reason.ORIGIN_MATCHES_REGEX
    assert judge.judge_origin([b"http://b.example.net"]) is Reason.ORIGIN_NOT_LISTED


def test_a_judge_under_any_origin_reads_no_origin_at_all() -> None:
    """The result is constant, whatever is sent."""
    judge = Judge(Policy(allow_origins=["*"]))
    for lines in ([], [b"null"], [b"\xff"], [APP, APP], [b"x" * 10_000]):
        assert judge.judge_origin(lines) is Reason.ANY_ORIGIN


def test_the_names_that_are_not_listed_come_with_the_decision(policy: Policy) -> None:
    """An explanation of a refusal uses the names that caused it."""
    judge = Judge(policy)
    assert judge.judge_headers([b"x-token, X-Evil", b"accept,x-b"]) == (
        Reason.HEADERS_NOT_LISTED,
        [b"X-Evil", b"x-b"],
    )
    assert judge.judge_headers([b"x-token"]) == (Reason.HEADERS_LISTED, [])
    assert judge.judge_headers([]) == (Reason.HEADERS_LISTED, [])


def test_lines_without_end_are_not_read() -> None:
    """Empty lines have no bytes, so they are counted before anything is split."""
    judge = Judge(Policy())
    assert judge.judge_headers([b""] * 100_000) == (Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS, [])
    assert judge.judge_headers([b"", *[b"x"] * 4096, *[b""] * 15])[0] is Reason.HEADERS_NOT_LISTED
    assert judge.judge_headers([b"", *[b"x"] * 4096, *[b""] * 16])[0] is Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS
    assert judge.judge_headers([b"x"] * 4097)[0] is Reason.HEADERS_TOO_LONG


def test_more_lines_than_bytes_are_not_split() -> None:
    """Thousands of empty lines are refused by their number."""
    judge = Judge(Policy())
    assert judge.judge_headers([b""] * 4112)[0] is Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS
    assert judge.judge_headers([b""] * 4113)[0] is Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS
    assert judge.judge_headers([b""] * 16)[0] is Reason.HEADERS_LISTED
