"""The arguments of `setup` and `cors`: one policy, or a list of policies."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from crossorigin.adapters.common.arguments import (
    as_live_policy,
    check_policy,
    read_arguments,
    read_policy,
    unavailable_argument,
)
from crossorigin.adapters.common.route_policies import AttachedPolicy
from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.errors import InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from crossorigin.adapters.common.arguments import MiddlewareOptions

_OUTERMOST = "outermost"
_EXAMPLE = 'pass a Policy, for example policy=[Policy(allow_origins=["https://app.example.com"])].'
_ONLY_ONE = "pass it alone, without a list. The policies of a list cannot be replaced."


def read_setup(
    policy: object, options: Mapping[str, object], behavior: Mapping[str, object]
) -> tuple[tuple[Policy, ...], MiddlewareOptions]:
    """Return the policies and the options of the middleware.

    Raises:
        InvalidPolicyError: An argument is invalid. The error has all issues.
        ValueError: A policy in a list can never decide.
    """
    known = {name: value for name, value in options.items() if name != _OUTERMOST}
    issues: list[PolicyIssue] = []
    if _OUTERMOST in options:
        why = "Preflights are always answered before the middlewares of the app run."
        issues.append(unavailable_argument(_OUTERMOST, options[_OUTERMOST], why))
    policies = _listed(policy, issues)
    read: tuple[Policy, MiddlewareOptions] | None = None
    try:
        # The live origins belong to the first policy of a list.
        given = policies[0] if policies else None if isinstance(policy, list | tuple) else policy
        read = read_arguments(given, known, {**behavior, _OUTERMOST: True})
        if len(policies) > 1:
            # The last policy is the only one that may allow every origin.
            check_policy(policies[-1], replace(read[1], origins=None))
    except InvalidPolicyError as error:
        issues = [*error.issues, *issues]
    if issues or read is None:
        raise InvalidPolicyError(issues)
    return policies or (read[0],), read[1]


def read_policies(policy: object, options: Mapping[str, object]) -> tuple[Policy, ...]:
    """Return the policies of a handler or an app. `policy` is a policy, a list, or None for the options.

    Raises:
        InvalidPolicyError: An argument is invalid. The error has all issues.
        ValueError: A policy in a list can never decide.
    """
    issues: list[PolicyIssue] = []
    policies = _listed(policy, issues)
    if issues:
        raise InvalidPolicyError(issues)
    return policies if policies and not options else (read_policy(policies[-1] if policies else policy, options),)


def attached_policy(policies: Sequence[Policy], owner: str) -> AttachedPolicy:
    """Return the form in which policies are attached to an object. The first whose origins match decides."""
    if len(policies) == 1:
        return AttachedPolicy(policies[0], owner)
    first, *others = (AttachedPolicy(policy, owner, varies=True) for policy in policies)
    return AttachedPolicy(first.policy, owner, varies=True, others=tuple(others))


def _listed(policy: Any, issues: list[PolicyIssue]) -> tuple[Policy, ...]:
    """Return the policies of a list, or none if `policy` is not a list."""
    if not isinstance(policy, list | tuple):
        return ()
    given = cast("Sequence[object]", policy)
    wrong = [(f"policy[{index}]", item) for index, item in enumerate(given) if not isinstance(item, Policy)]
    reasons = [(field, item, f"Expected a Policy, got {type(item).__name__}.") for field, item in wrong]
    if not given:
        reasons = [("policy", given, "The list is empty.")]
    issues += [
        PolicyIssue(
            code=IssueCode.NOT_A_POLICY,
            field=field,
            value=keep_value(item),
            reason=reason,
            instruction=_ONLY_ONE if as_live_policy(item) else _EXAMPLE,
        )
        for field, item, reason in reasons
    ]
    policies = tuple(item for item in given if isinstance(item, Policy))
    if not issues:
        _check_order(policies)
    return policies


def _check_order(policies: Sequence[Policy]) -> None:
    for index, policy in enumerate(policies[:-1]):
        if WILDCARD in policy.allow_origins:
            raise ValueError(
                f"policy[{index}] allows every origin, so that the policies after it would never decide. Move it to "
                "the end of the list."
            )
    for index, policy in enumerate(policies):
        if policy.constant_allow_origin and len(policies) > 1:
            raise ValueError(
                f"policy[{index}] has constant_allow_origin=True, which sends one origin to everyone, but the other "
                "policies of the list decide for other origins. Remove constant_allow_origin."
            )
