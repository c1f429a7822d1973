"""The options of a policy in `app.config`: `CORS_ALLOW_ORIGINS` and the others, with the values of Python."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TypeVar

from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.options import DEFAULTS
from crossorigin.policy.policy import Policy, frames_to_caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")
_PREFIX = "CORS_"
NAMES: Mapping[str, str] = {option: f"{_PREFIX}{option.upper()}" for option in DEFAULTS}
# The advice of other adapters on policies for some paths.
_OWN_POLICIES = "give each router or endpoint its own policy with crossorigin.cors."
_OPTIONS = {name: option for option, name in NAMES.items()}


def read_config(config: Mapping[str, object]) -> Policy | None:
    """Return the policy in the configuration of an app, or None if it has no key that starts with `CORS_`.

    Raises:
        InvalidPolicyError: The policy is invalid, or a key is not that of an option. The issues name the keys.
    """
    given = {key: value for key, value in config.items() if key.startswith(_PREFIX)}
    if not given:
        return None
    options = {_OPTIONS.get(key, key): value for key, value in given.items()}
    return with_names_of_config(lambda: Policy.from_dict(options))


def with_names_of_config(read: Callable[[], _T]) -> _T:
    """Call a function whose errors and warnings are about a policy in the configuration, and write the keys in them.

    Raises:
        InvalidPolicyError: The error of the function, with the keys.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = read()
        except InvalidPolicyError as error:
            raise InvalidPolicyError(map(_renamed, error.issues)) from None
    for warning in caught:
        message = warning.message
        renamed = (
            CrossOriginWarning(tuple(map(_renamed, message.issues)))
            if isinstance(message, CrossOriginWarning)
            else message
        )
        warnings.warn(renamed, stacklevel=frames_to_caller())
    return result


def check_unused(config: Mapping[str, object]) -> None:
    """Refuse options in the configuration of an app if the extension got its policy in another way.

    Raises:
        InvalidPolicyError: There are such options.
    """
    issues = [
        PolicyIssue(
            code=IssueCode.POLICY_AND_OPTIONS,
            field=name,
            value=keep_value(config[name]),
            reason=f"app.config[{name!r}] and the arguments of CORS(...) are set, and only one of them can apply.",
            instruction=f"remove {name} from app.config, or pass no options to CORS(...).",
        )
        for name in _OPTIONS
        if name in config
    ]
    if issues:
        raise InvalidPolicyError(issues)


def _renamed(issue: PolicyIssue) -> PolicyIssue:
    return replace(
        issue,
        field=_rename(issue.field),
        reason=_rename(issue.reason),
        fixes=tuple(replace(fix, field=_rename(fix.field)) for fix in issue.fixes),
        instruction=_rename(issue.instruction)
        .replace("the middleware, as in CORSMiddleware(app, policy=policy, ", "the extension, as in CORS(app, ")
        .replace(_OWN_POLICIES, "pass resources={...} to CORS(...), or use CORS(blueprint, ...) or cross_origin(...)."),
    )


def _rename(text: str) -> str:
    for option, name in NAMES.items():
        text = text.replace(option, name)
    return text
