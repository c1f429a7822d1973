"""An explanation is readable, and its fixes work."""

import ast
import dataclasses
import re
import warnings
from typing import Any

import pytest

from crossorigin import ActualDecision, CrossOriginWarning, Explanation, Policy, Reason, Step
from crossorigin.fetch.methods import is_token
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.explain.explanation import explain
from tests.unit.policy.explain.explained_requests import APP, EXPLAINED, LISTED, SNAPSHOT, Explained, told

# Reasons that no page can cause: a browser sends one line of each field, and no empty name. The app, not the policy,
# knows what a path serves.
UNREACHABLE = {
    Reason.ORIGIN_REPEATED,
    Reason.METHOD_REPEATED,
    Reason.METHOD_NOT_SERVED,
    Reason.ORIGIN_ABSENT_CROSS_SITE,
    Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS,
}

METHOD, HEADERS = "Preflight method", "Preflight headers"

_ADD = re.compile(r"add (.+?) to (allow_origins|allow_methods|allow_headers)\b")
_ADD_LIVE = re.compile(r"add it with origins\.add\((.+?)\)")
_SAY = re.compile(r'write method: "([^"]+)" in the page')
_SENDS = re.compile(r"use (\"[^\"]+\"(?:, \"[^\"]+\")*), the form that browsers send")
_REMOVE = re.compile(r"remove ([^:;]+?) from the page's request")

MORE = [
    Explained(name="a socket's address", options=LISTED, origin="ws://app.example.com"),
    Explained(name="a file with a host", options=LISTED, origin="file://server"),
    Explained(name="a name with a comma", options=LISTED, headers=("x-a,x-b",)),
    Explained(name="a star for a method", options=LISTED, method="*"),
    Explained(name="a star for a header", options=LISTED, headers=("*",)),
    Explained(name="a private network header", options=LISTED, headers=("Access-Control-Allow-Private-Network",)),
    Explained(name="CORS headers of a request", options=LISTED, headers=("Access-Control-Request-Private-Network",)),
    Explained(name="a custom method", options=LISTED, method="M-SEARCH"),
    Explained(name="an extension", options=LISTED, origin="chrome-extension://abcdefgh"),
    Explained(name="an address", options=LISTED, origin="http://[::1]:8000"),
    Explained(name="two URLs", options=LISTED, origin="https://a.example, https://b.example"),
    Explained(name="a bare host", options=LISTED, origin="app.example.com"),
]
# The fixes of these reasons are instructions without a text to paste.
INSTRUCTED = {
    "a live origin without https",
    "a method that is too long",
    "an opaque origin",
    "an invalid origin without a fix",
    "a control character in an origin",
    "an origin that is too long",
    "a forbidden method",
    "an invalid method",
    "an invalid header name",
    "headers that are too long",
    "a file with a host",
    "a name with a comma",
    "a star for a method",
}
every_request = pytest.mark.parametrize("entry", EXPLAINED, ids=lambda entry: entry.name)


def step_of(explanation: Explanation, question: str) -> Step:
    """Return the step of a question."""
    return next(step for step in explanation.steps if step.question == question)


def follow(entry: Explained, fix: str) -> Explained | None:
    """Apply a fix to the policy or to the page. Return None if it contains no text to write."""
    options: dict[str, Any] = entry.policy().to_dict()
    method, origin, headers, live = entry.method, entry.origin, entry.headers, entry.live
    found = False
    for text, option in _ADD.findall(fix):
        options[option] = [*options[option], *ast.literal_eval(f"[{text}]")]
        found = True
    if "remove constant_allow_origin" in fix:
        options["constant_allow_origin"] = False
    for text in _ADD_LIVE.findall(fix):
        live, found = (*(live or ()), ast.literal_eval(text)), True
    for text in _SAY.findall(fix):
        method, found = text, True
    for text in _SENDS.findall(fix):
        origin, found = ast.literal_eval(f"[{text}]")[0], True
    for text in _REMOVE.findall(fix):
        gone = text.split(", ")
        headers, found = tuple(name for name in headers if name.lower() not in gone), True
    if not found:
        return None
    return dataclasses.replace(entry, options=options, method=method, origin=origin, headers=headers, live=live)


def test_the_explanations_stand_in_the_file() -> None:
    """Each change of a text is visible in the file."""
    assert told() == SNAPSHOT.read_text("utf-8")


def test_the_file_has_every_reason_that_a_page_can_meet() -> None:
    """The file has an explanation for every reason."""
    reasons = {step.reason for entry in EXPLAINED for step in entry.explain().steps}
    assert reasons == set(Reason) - UNREACHABLE


def test_a_plan_that_is_limited_to_a_path_says_that_the_policy_is_right() -> None:
    """The page has to change if the policy allows a method that no route serves."""
    policy = Policy(allow_origins=[APP], allow_methods=["GET", "PUT"])
    step = step_of(explain(policy, Plan(policy).narrowed({"GET"}), "put", APP, ()), METHOD)
    assert step.reason is Reason.METHOD_NOT_SERVED
    assert step.why == "PUT is in allow_methods, but no route at this path accepts it."
    assert step.fix == "correct the method or the URL in the page."


def test_which_fixes_have_nothing_to_paste_is_known() -> None:
    """Every other fix is applied in a test below."""
    fixes = [(entry, step.fix) for entry in [*EXPLAINED, *MORE] for step in entry.explain().steps if step.fix]
    assert {entry.name for entry, fix in fixes if follow(entry, fix) is None} == INSTRUCTED


@pytest.mark.parametrize("entry", [*EXPLAINED, *MORE], ids=lambda entry: entry.name)
def test_what_a_fix_says_to_write_helps(entry: Explained) -> None:
    """The fix, written into the policy or the page, makes the step pass, directly or together with the next fix."""
    for refused in [step for step in entry.explain().steps if step.fix is not None]:
        current, step, rounds = entry, refused, 0
        while step.fix is not None:
            followed = follow(current, step.fix)
            if followed is None:
                break
            current, rounds = followed, rounds + 1
            assert rounds <= 3
            steps = [step for step in current.explain().steps if step.question == refused.question]
            # If the fix removed the last name, there is no question left.
            if not steps:
                break
            step = steps[0]
        if rounds:
            assert not steps or step.reason.allows, step


@every_request
def test_every_refusal_has_a_fix_and_nothing_else_has(entry: Explained) -> None:
    """Each refusal has a fix, and no other step has one."""
    for step in entry.explain().steps:
        refused = not step.reason.allows and step.reason is not Reason.ORIGIN_ABSENT
        assert (step.fix is not None) == refused


@every_request
def test_an_explanation_judges_as_a_decision_does(entry: Explained) -> None:
    """The steps are the reasons of the decisions on the requests that a browser would send."""
    explanation = entry.explain()
    policy = entry.policy()
    if entry.live is not None:
        assert explanation.allowed == (entry.origin in entry.live)
        assert explanation.actual.allowed == explanation.allowed
        return
    origin = [] if entry.origin is None else [entry.origin.encode()]
    actual = policy.decide(explanation.method, origin=origin)
    assert explanation.actual == actual
    reasons = [step.reason for step in explanation.steps]
    if entry.origin is None:
        assert explanation.preflight is None
        assert reasons == [actual.reasons[0]]
        return
    names = [",".join(explanation.request_headers).encode()] if explanation.request_headers else []
    asked = [explanation.method.encode()]
    preflight = policy.decide("OPTIONS", origin=origin, request_method=asked, request_headers=names)
    assert explanation.preflight == preflight
    assert reasons == list(preflight.reasons[: len(reasons)])
    assert explanation.allowed == (preflight.allowed and actual.allowed)


@every_request
def test_the_text_of_an_explanation_is_complete(entry: Explained) -> None:
    """The text has every step with its code and fix, numbered, and then the outcome. No line is too long."""
    explanation = entry.explain()
    text = str(explanation)
    for number, step in enumerate(explanation.steps, 1):
        assert f"\n{number}. {step}" in text
        assert f"[{step.reason}]" in text
        assert step.fix is None or f"Fix: {step.fix}" in text
        assert step.why.rstrip().endswith((".", "…"))
    assert text.endswith("\n".join(explanation.outcome))
    assert text.replace("\n", "").isprintable()


def test_the_explanation_of_an_allowed_page_says_so() -> None:
    """`allowed` is true if all steps pass, and the text says so first."""
    explanation = Policy(**LISTED).explain("put", APP, ["X-Token"])
    assert explanation.allowed
    assert explanation.method == "PUT"
    assert explanation.origin == APP
    assert explanation.request_headers == ("x-token",)
    assert [step.reason.value for step in explanation.steps] == ["origin-listed", "method-listed", "headers-listed"]
    assert str(explanation).splitlines()[0] == f"PUT from {APP} with x-token: allowed."
    assert isinstance(explanation.actual, ActualDecision)
    assert explanation.preflight is not None


def test_a_page_that_fails_only_in_a_preflight_is_explained() -> None:
    """A listed origin with an unlisted method is allowed if the browser sends no preflight."""
    explanation = Policy(**LISTED).explain("POST", APP)
    assert not explanation.allowed
    assert explanation.actual.allowed
    assert str(explanation).splitlines()[0] == f"POST from {APP}: refused if the browser sends a preflight."


def test_the_explanation_of_an_untrusted_origin_says_so() -> None:
    """The origin is the only refusal."""
    explanation = Policy(**LISTED).explain("GET", "https://evil.example")
    assert not explanation.allowed
    assert str(explanation).splitlines()[0] == "GET from https://evil.example: refused."
    assert "the page cannot read the response" in explanation.outcome[-1]


def test_a_request_without_origin_is_no_refusal_in_words() -> None:
    """It is not a CORS request. `allowed` is still false."""
    explanation = Policy(**LISTED).explain("GET", None)
    assert not explanation.allowed
    assert explanation.preflight is None
    assert "refused" not in str(explanation)


def test_names_are_as_a_browser_sends_them() -> None:
    """They are in lower case, sorted and unique, without names that scripts cannot set."""
    explanation = Policy(**LISTED).explain("GET", APP, iter(["X-b", "x-A", "X-B", "Cookie", "Sec-Fetch-Mode"]))
    assert explanation.request_headers == ("x-a", "x-b")


@pytest.mark.parametrize(
    "name", ["", "x-a,x-b", "x-token,accept", ",", "," * 20, "x y", " x-token", "x-tök", "x-token\n"]
)
def test_what_is_no_header_name_is_never_allowed(name: str) -> None:
    """No script can set it, so it is malformed, and no message suggests listing it."""
    explanation = Policy(**LISTED).explain("GET", APP, [name])
    step = explanation.steps[-1]
    assert step.reason is Reason.HEADERS_MALFORMED
    assert not explanation.allowed
    assert step.fix is not None
    assert "allow_headers" not in step.fix


@pytest.mark.parametrize(
    ("listed", "origin"),
    [
        ("http://app.example.com", "http://a.app.example.com"),
        ("https://app.example.com:8443", "https://a.app.example.com:8443"),
        ("http://localhost:*", "http://a.localhost:3000"),
        (APP, "https://a.app.example.com"),
    ],
)
def test_the_pattern_that_is_said_to_allow_a_name_below_does(listed: str, origin: str) -> None:
    """If the explanation names a pattern that would allow the origin, it does."""
    why = Policy(allow_origins=[listed]).explain("GET", origin).steps[0].why
    named = re.search(r"(\S+) would", why)
    assert named is not None
    assert Policy(allow_origins=[named[1]]).explain("GET", origin).allowed


@pytest.mark.parametrize("origin", ["", " ", "\x00", "*", "a" * 326, "https://[::1", "\ud800", f"{APP}\n", "null "])
def test_any_text_for_an_origin_is_explained(origin: str) -> None:
    """There is always an explanation, which is printable and short."""
    text = str(Policy(**LISTED).explain("GET", origin))
    assert text.replace("\n", "").isprintable()
    assert len(text) < 2000


@pytest.mark.parametrize(("method", "headers"), [("A" * 100_000, ()), ("GET", ("x-" + "a" * 4000,)), ("\x1b[31m", ())])
def test_a_long_or_strange_request_is_reported_shortly(method: str, headers: tuple[str, ...]) -> None:
    """Text that a client chose is shortened and escaped."""
    text = str(Policy(**LISTED).explain(method, APP, headers))
    assert text.replace("\n", "").isprintable()
    assert len(text) < 2000


@pytest.mark.parametrize("method", ["", " "])
def test_a_method_of_nothing_is_shown_as_such(method: str) -> None:
    """The quotes show that it is empty."""
    text = str(Policy(**LISTED).explain(method, APP))
    assert repr(method) in text.splitlines()[0]
    assert f"{method!r} is not a valid method" in text


def test_an_origin_of_nothing_is_shown_as_such() -> None:
    """The quotes show what is not there."""
    assert str(Policy(**LISTED).explain("GET", "")).startswith("GET from '': refused.")


def test_an_empty_origin_is_said_to_be_empty() -> None:
    """The step is about the request, not about an empty setting."""
    why = Policy(**LISTED).explain("GET", "").steps[0].why
    assert why == "The Origin header is empty; browsers send an origin, or null, or no Origin header."


@pytest.mark.parametrize("text", ["*", "https://*.example.com", "*.example.com", "a.*", "https://(a|b).example.com"])
def test_what_may_be_listed_and_is_not_an_origin_is_named_so(text: str) -> None:
    """No message suggests listing a pattern that was passed as the origin of a page."""
    step = Policy(**LISTED).explain("GET", text).steps[0]
    assert step.why == "It is a pattern, and browsers send the exact origin of a page."
    assert step.fix is not None
    assert "allow_origins" not in step.fix


def test_what_is_near_is_found_next_to_null() -> None:
    """An entry that is not a pattern is skipped."""
    why = Policy(allow_origins=["null", APP]).explain("GET", "http://app.example.com").steps[0].why
    assert why.endswith(f"The closest allowed origin is {APP}: the scheme differs.")


def test_what_is_not_near_is_not_said_to_be() -> None:
    """An origin with more than one kind of difference is not suggested."""
    policy = Policy(allow_origins=["https://*.example.com"])
    assert "closest" not in policy.explain("GET", "http://a.example.org").steps[0].why


def test_a_star_for_a_method_is_no_method_to_list() -> None:
    """The page has to name a method."""
    assert step_of(Policy(**LISTED).explain("*", APP), METHOD).fix == "use a valid method."


def test_headers_that_only_answer_are_to_be_removed() -> None:
    """Nothing is suggested if nothing is missing."""
    step = step_of(Policy(**LISTED).explain("GET", APP, ["Access-Control-Allow-Origin"]), HEADERS)
    assert (
        step.fix
        == "remove access-control-allow-origin from the page's request, because only responses have such headers."
    )


def test_a_text_is_shown_up_to_a_length() -> None:
    """A longer text is shown up to 120 characters, with a sign that it is shortened."""
    for length, shown in ((120, "A" * 120), (121, f"{'A' * 119}…")):
        assert str(Policy(**LISTED).explain("A" * length, APP)).startswith(f"{shown} from {APP}: ")


def test_a_list_is_shown_up_to_a_length() -> None:
    """Of more than eight names, the first eight and the number of the others are shown."""
    for count, more in ((8, ""), (9, " and 1 more"), (11, " and 3 more")):
        names = [f"x-{number:02}" for number in range(count)]
        heading = str(Policy(**LISTED).explain("GET", APP, names)).splitlines()[0]
        assert heading == f"GET from {APP} with {', '.join(names[:8])}{more}: refused if the browser sends a preflight."


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a" * 498], f'"{"a" * 498}"'),
        (["a" * 499], "it"),
        (["a" * 300, "b" * 300], "2 names"),
        (["a" * 300, "b" * 300, "c" * 300], "3 names"),
    ],
)
def test_what_is_to_be_pasted_is_written_up_to_a_length(names: list[str], told: str) -> None:
    """A longer literal than 500 characters is described instead."""
    step = step_of(Policy(**LISTED).explain("GET", APP, names), HEADERS)
    assert step.fix == f"add {told} to allow_headers."


def test_an_explanation_is_a_frozen_value() -> None:
    """It can be kept and compared."""
    first, second = (Policy(**LISTED).explain("GET", APP) for _ in range(2))
    assert first == second
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.method = "PUT"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.steps[0].fix = "none"  # type: ignore[misc]


def test_explaining_keeps_nothing_and_warns_of_nothing() -> None:
    """The result is the same again, and the policy is unchanged."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CrossOriginWarning)
        policy = Policy(**LISTED)
        before = str(policy.explain("PUT", "https://evil.example", ["x-b"]))
        assert str(policy.explain("PUT", "https://evil.example", ["x-b"])) == before
    assert policy == Policy(**LISTED)


def test_every_name_that_a_fix_lists_is_a_name() -> None:
    """No message suggests a name for allow_headers that a policy refuses."""
    for entry in [*EXPLAINED, *MORE]:
        for step in entry.explain().steps:
            for text, option in _ADD.findall(step.fix or ""):
                if option == "allow_headers":
                    assert all(map(is_token, ast.literal_eval(f"[{text}]")))
