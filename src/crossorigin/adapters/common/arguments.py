"""The arguments of the middleware: the options of its policy, and its own options.

All errors in both are reported together.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import wraps

from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.check.types import read_bool
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.options import DEFAULTS
from crossorigin.policy.policy import Policy, frames_to_caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal, ParamSpec

    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.policy import LivePolicy
    from crossorigin.policy.fixes import Fix
    from crossorigin.telemetry.hook import OnDecision

    OnRefused = Literal["pass", "block"]
    _Arguments = ParamSpec("_Arguments")

_CHOICES = ("pass", "block")
# How long a browser may keep a preflight without a warning, in seconds, if origins can be removed. Safari's limit, and
# the default of `max_age`.
_LONGEST_MAX_AGE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class MiddlewareOptions:
    """The options of a middleware that are not part of its policy."""

    debug: bool
    outermost: bool
    check_websockets: bool
    blocks: bool
    served_methods_only: bool
    on_decision: OnDecision | None
    origins: LiveOrigins | None
    live_policy: LivePolicy | None


def logs_invalid_arguments(init: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """Wrap a constructor so that its `InvalidPolicyError` is also logged as CRITICAL."""

    @wraps(init)
    def build(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            init(*args, **kwargs)
        except InvalidPolicyError as error:
            log_invalid_arguments(error)
            raise

    return build


def log_invalid_arguments(error: InvalidPolicyError) -> None:
    """Log an error as CRITICAL, because frameworks that build their middleware late may hide the exception."""
    import logging

    logging.getLogger("crossorigin").critical("%s", error)


def as_live_policy(policy: object) -> LivePolicy | None:
    """Return `policy` if it is a `LivePolicy`, otherwise None."""
    if policy is None or isinstance(policy, Policy):
        return None
    from crossorigin.live.policy import LivePolicy

    return policy if isinstance(policy, LivePolicy) else None


def read_policy(policy: object, options: Mapping[str, object]) -> Policy:
    """Return `policy`, or a policy with the given options if it is None.

    Raises:
        InvalidPolicyError: An argument is invalid. The error has all issues.
    """
    if policy is None:
        return Policy.from_dict(options)
    unknown = {name: value for name, value in options.items() if name not in DEFAULTS}
    issues = [*_issues_of(policy, options), *_unknown_options(unknown)]
    if issues or not isinstance(policy, Policy):
        raise InvalidPolicyError(issues)
    return policy


def read_arguments(
    policy: object, options: Mapping[str, object], behavior: Mapping[str, object]
) -> tuple[Policy, MiddlewareOptions]:
    """Return the policy and the options of the middleware.

    Raises:
        InvalidPolicyError: An argument is invalid. The error has all issues.
    """
    issues: list[PolicyIssue] = []
    live = as_live_policy(policy)
    if live is not None:
        policy = live.current
    read = MiddlewareOptions(
        debug=read_bool("debug", behavior["debug"], issues),
        outermost=read_bool("outermost", behavior["outermost"], issues),
        check_websockets=read_bool("check_websockets", behavior["check_websockets"], issues),
        blocks=_read_on_refused(behavior["on_refused"], issues) == "block",
        served_methods_only=read_bool("served_methods_only", behavior["served_methods_only"], issues),
        on_decision=_read_on_decision(behavior["on_decision"], issues),
        origins=_read_origins(behavior.get("origins"), issues),
        live_policy=live,
    )
    if issues:
        issues = _with_bool_fixes(issues, behavior)
    try:
        checked = read_policy(policy, options)
    except InvalidPolicyError as error:
        raise InvalidPolicyError([*error.issues, *issues]) from None
    issues += _conflicts(checked, read, policy)
    if issues:
        raise InvalidPolicyError(issues)
    _warn_about_revocation(checked, read)
    return checked, read


def check_policy(policy: Policy, read: MiddlewareOptions) -> None:
    """Check a policy that replaces the one of a middleware.

    Raises:
        InvalidPolicyError: It cannot be combined with the options of the middleware.
    """
    issues = _conflicts(policy, read, policy)
    if issues:
        raise InvalidPolicyError(issues)
    _warn_about_revocation(policy, read)


def unavailable_argument(name: str, value: object, why: str) -> PolicyIssue:
    """Return the issue for an argument that only other adapters have."""
    from crossorigin.policy.fixes import REMOVE, Fix

    return PolicyIssue(
        code=IssueCode.UNKNOWN_OPTION,
        field=name,
        value=keep_value(value),
        reason=f"There is no such argument here. {why}",
        fixes=(Fix(name, REMOVE),),
    )


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
                code=IssueCode.INVALID_CHOICE,
                field="on_refused",
                value=keep_value(value),
                reason='Expected "pass" or "block".',
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
                reason=f"Expected a function, got {type(value).__name__}.",
                instruction="pass a function that takes a decision and the request, for example on_decision=print.",
            )
        )
        return None
    function: OnDecision | None = value
    return function


def _read_origins(value: Any, issues: list[PolicyIssue]) -> LiveOrigins | None:
    if value is None:
        return None
    from crossorigin.live.origins import LiveOrigins

    if not isinstance(value, LiveOrigins):
        issues.append(
            PolicyIssue(
                code=IssueCode.NOT_LIVE_ORIGINS,
                field="origins",
                value=keep_value(value),
                reason=f"Expected LiveOrigins, got {type(value).__name__}.",
                instruction="rename it to allow_origins, unless the origins change while the server runs; then create "
                "origins = LiveOrigins([...]) first, and pass origins=origins.",
            )
        )
        return None
    return value


def _issues_of(policy: object, options: Mapping[str, object]) -> list[PolicyIssue]:
    if not isinstance(policy, Policy):
        return [
            PolicyIssue(
                code=IssueCode.NOT_A_POLICY,
                field="policy",
                value=keep_value(policy),
                reason=f"Expected a Policy, got {type(policy).__name__}.",
                instruction='pass a Policy, for example policy=Policy(allow_origins=["https://app.example.com"]).',
            )
        ]
    return [
        PolicyIssue(
            code=IssueCode.POLICY_AND_OPTIONS,
            field=name,
            value=keep_value(value),
            reason=f"Both policy= and {name}= are set, and only one of them can apply.",
            instruction=f"remove {name}= here, and set it in the Policy.",
        )
        for name, value in options.items()
        if name in DEFAULTS and not _is_default(name, value)
    ]


def _unknown_options(unknown: Mapping[str, object]) -> list[PolicyIssue]:
    if not unknown:
        return []
    from crossorigin.policy.check.option_names import unknown_options

    return unknown_options(unknown)


def _conflicts(policy: Policy, read: MiddlewareOptions, given: object) -> list[PolicyIssue]:
    """Return an issue for each option of a middleware that has no effect with its policy, or contradicts it."""
    issues: list[PolicyIssue] = []
    if WILDCARD in policy.allow_origins:
        issues += _useless_checks(read, given)
    if policy.constant_allow_origin and read.origins is not None:
        from crossorigin.policy.fixes import REMOVE, Fix

        issues.append(
            PolicyIssue(
                code=IssueCode.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
                field="constant_allow_origin",
                value=True,
                reason="It needs exactly one allowed origin, but origins= can allow others.",
                fixes=(Fix("constant_allow_origin", REMOVE),),
            )
        )
    return issues


def _warn_about_revocation(policy: Policy, read: MiddlewareOptions) -> None:
    """Warn if browsers may keep a preflight for long, because a removed origin stays allowed there."""
    if read.origins is None or policy.max_age is None or policy.max_age <= _LONGEST_MAX_AGE:
        return
    from crossorigin.policy.fixes import Fix

    issue = PolicyIssue(
        code=IssueCode.MAX_AGE_DELAYS_REVOCATION,
        field="max_age",
        value=policy.max_age,
        reason="After an origin is removed from origins=, a browser still sends the requests that a preflight in its "
        f"cache allows, for up to {policy.max_age} seconds.",
        fixes=(Fix("max_age", _LONGEST_MAX_AGE),),
    )
    warnings.warn(CrossOriginWarning([issue]), stacklevel=frames_to_caller())


def _useless_checks(read: MiddlewareOptions, policy: object) -> list[PolicyIssue]:
    """Return an issue for each option that refuses requests, because a policy with `*` allows all of them."""
    values: dict[str, object] = {
        "check_websockets": read.check_websockets,
        "on_refused": "block" if read.blocks else None,
        "origins": read.origins,
    }
    return [
        PolicyIssue(
            code=IssueCode.NO_EFFECT_WITH_WILDCARD,
            field=name,
            value=keep_value(value),
            reason=f'allow_origins contains "*", which allows every origin, so {name} would have no effect.',
            fixes=_fixes_of_check(name, policy),
        )
        for name, value in values.items()
        if value
    ]


def _fixes_of_check(name: str, policy: object) -> tuple[Fix, ...]:
    from crossorigin.policy.fixes import REMOVE, Fix

    # The origins of a given policy are not among the arguments, so no fix can change them.
    if policy is not None:
        return (Fix(name, REMOVE),)
    return (
        Fix("allow_origins", ("https://app.example.com",), when="if only your own pages may use the API"),
        Fix(name, REMOVE, when="if every site may use the API"),
    )


def _is_default(name: str, value: object) -> bool:
    default = DEFAULTS[name]
    return value in (default, list(default) if isinstance(default, tuple) else default)
