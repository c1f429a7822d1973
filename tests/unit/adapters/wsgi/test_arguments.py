"""Invalid arguments of the WSGI middleware: all errors together, each with its fix."""

import pytest

from crossorigin import InvalidPolicyError, IssueCode, Policy
from crossorigin.wsgi import CORSMiddleware


def issues_of(**arguments: object) -> list[tuple[IssueCode, str, str]]:
    """Return the issues of the arguments."""
    with pytest.raises(InvalidPolicyError) as raised:
        CORSMiddleware(lambda *_: [], **arguments)  # type: ignore[arg-type]
    return [(issue.code, issue.field, issue.hint) for issue in raised.value.issues]


def test_an_option_of_a_peer_is_answered_with_ours() -> None:
    """The messages for users of other packages say what to write instead."""
    assert issues_of(origin="https://app.example.com") == [
        (IssueCode.UNKNOWN_OPTION, "origin", "rename it to allow_origins.")
    ]
    ((code, field, hint),) = issues_of(origins=["https://app.example.com"])
    assert (code, field) == (IssueCode.NOT_LIVE_ORIGINS, "origins")
    assert hint.startswith("rename it to allow_origins, ")


def test_arguments_of_other_adapters_are_named() -> None:
    """WSGI has neither WebSockets nor a stack to move in, and the message says so instead of recommending them."""
    with pytest.raises(InvalidPolicyError, match="WSGI has no WebSockets"):
        CORSMiddleware(lambda *_: [], check_websockets=True)  # type: ignore[call-arg]
    assert [field for _, field, _ in issues_of(outermost=False, served_methods_only=True, check_websockets=False)] == [
        "check_websockets",
        "outermost",
        "served_methods_only",
    ]


def test_all_errors_are_reported_together(caplog: pytest.LogCaptureFixture) -> None:
    """The options, the arguments and the names, in one message that is also logged."""
    found = issues_of(allow_origins=["https://app.example.com/"], debug="yes", outermost=True)
    assert [field for _, field, _ in found] == ["allow_origins[0]", "debug", "outermost"]
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


def test_a_policy_and_options_are_refused() -> None:
    """Only one of them can apply."""
    found = issues_of(policy=Policy(), allow_origins=["https://app.example.com"])
    assert [code for code, _, _ in found] == [IssueCode.POLICY_AND_OPTIONS]


def test_blocking_without_effect_is_refused() -> None:
    """With `*` there is nothing to refuse, so the option is an error."""
    found = issues_of(allow_origins=["*"], on_refused="block")
    assert [code for code, _, _ in found] == [IssueCode.NO_EFFECT_WITH_WILDCARD]
