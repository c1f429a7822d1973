"""The arguments of the middleware: those of the policy, and those that say how the middleware behaves.

Everything that is wrong with either is reported at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.check.types import read_bool
from crossorigin.policy.errors import InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.options import DEFAULTS
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from crossorigin.policy.fixes import Fix
    from crossorigin.telemetry.hook import OnDecision

    OnRefused = Literal["pass", "block"]

_CHOICES = ("pass", "block")


@dataclass(frozen=True, slots=True, kw_only=True)
class MiddlewareOptions:
    """How a middleware behaves, besides what its policy says."""

    debug: bool
    outermost: bool
    check_websockets: bool
    blocks: bool
    served_methods_only: bool
    on_decision: OnDecision | None


def read_policy(policy: object, options: Mapping[str, object]) -> Policy:
    """Return the policy that is given as such, or by its options if it is None.

    Raises:
        InvalidPolicyError: Something is wrong; it holds every issue.
    """
    if policy is None:
        return Policy.from_dict(options)
    issues = _issues_of(policy, options)
    if issues or not isinstance(policy, Policy):
        raise InvalidPolicyError(issues)
    return policy


def read_arguments(
    policy: object, options: Mapping[str, object], behavior: Mapping[str, object]
) -> tuple[Policy, MiddlewareOptions]:
    """Return the policy and the behavior.

    Raises:
        InvalidPolicyError: Something is wrong; it holds every issue.
    """
    issues: list[PolicyIssue] = []
    read = MiddlewareOptions(
        debug=read_bool("debug", behavior["debug"], issues),
        outermost=read_bool("outermost", behavior["outermost"], issues),
        check_websockets=read_bool("check_websockets", behavior["check_websockets"], issues),
        blocks=_read_on_refused(behavior["on_refused"], issues) == "block",
        served_methods_only=read_bool("served_methods_only", behavior["served_methods_only"], issues),
        on_decision=_read_on_decision(behavior["on_decision"], issues),
    )
    if issues:
        issues = _with_bool_fixes(issues, behavior)
    try:
        checked = read_policy(policy, options)
    except InvalidPolicyError as error:
        raise InvalidPolicyError([*error.issues, *issues]) from None
    if WILDCARD in checked.allow_origins:
        issues += _guards_of_nothing(read, behavior, policy)
    if issues:
        raise InvalidPolicyError(issues)
    return checked, read


def _with_bool_fixes(issues: list[PolicyIssue], behavior: Mapping[str, object]) -> list[PolicyIssue]:
    from crossorigin.policy.check.suggestions import add_bool_fix

    return [
        add_bool_fix(issue, behavior[issue.field]) if issue.code is IssueCode.NOT_A_BOOL else issue for issue in issues
    ]


def _read_on_refused(value: object, issues: list[PolicyIssue]) -> object:
    if not isinstance(value, str) or value not in _CHOICES:
        from crossorigin.policy.fixes import Fix

        issues.append(
            PolicyIssue(
                code=IssueCode.NOT_A_CHOICE,
                field="on_refused",
                value=keep_value(value),
                reason="It is none of the ways to treat a request whose origin is refused.",
                fixes=(
                    Fix("on_refused", "pass", when="to let the app answer"),
                    Fix("on_refused", "block", when="to answer 403"),
                ),
            )
        )
    return value


def _read_on_decision(value: Any, issues: list[PolicyIssue]) -> OnDecision | None:
    if value is not None and not callable(value):
        issues.append(
            PolicyIssue(
                code=IssueCode.NOT_CALLABLE,
                field="on_decision",
                value=keep_value(value),
                reason=f"It is of type {type(value).__name__}, which cannot be called.",
                instruction="a function that takes a decision and the scope, as in on_decision=print.",
            )
        )
        return None
    function: OnDecision | None = value
    return function


def _issues_of(policy: object, options: Mapping[str, object]) -> list[PolicyIssue]:
    if not isinstance(policy, Policy):
        return [
            PolicyIssue(
                code=IssueCode.POLICY_NOT_A_POLICY,
                field="policy",
                value=keep_value(policy),
                reason=f"It is of type {type(policy).__name__}; policy= takes a Policy.",
                instruction='a Policy, as in policy=Policy(allow_origins=["https://app.example.com"]).',
            )
        ]
    return [
        PolicyIssue(
            code=IssueCode.POLICY_BESIDE_OPTIONS,
            field=name,
            value=keep_value(value),
            reason=f"Both policy= and {name}= are given; one of the two would be lost.",
            instruction=f"remove {name}= here, and give it to the Policy.",
        )
        for name, value in options.items()
        if not _is_default(name, value)
    ]


def _guards_of_nothing(read: MiddlewareOptions, behavior: Mapping[str, object], policy: object) -> list[PolicyIssue]:
    asked = {"check_websockets": read.check_websockets, "on_refused": read.blocks}
    return [
        PolicyIssue(
            code=IssueCode.GUARDS_NOTHING,
            field=name,
            value=keep_value(behavior[name]),
            reason='allow_origins holds "*", so every origin is allowed, and nothing would ever be refused.',
            fixes=_fixes_of_guard(name, policy),
        )
        for name, is_asked in asked.items()
        if is_asked
    ]


def _fixes_of_guard(name: str, policy: object) -> tuple[Fix, ...]:
    from crossorigin.policy.fixes import REMOVE, Fix

    if policy is not None:
        return (Fix(name, REMOVE),)  # the origins are in the policy, and not among the arguments
    return (
        Fix("allow_origins", ("https://app.example.com",), when="if only your own pages may use the API"),
        Fix(name, REMOVE, when="if every site may use the API"),
    )


def _is_default(name: str, value: object) -> bool:
    default = DEFAULTS.get(name, ...)  # of a name that is not an option nothing is the default
    return value in (default, list(default) if isinstance(default, tuple) else default)
