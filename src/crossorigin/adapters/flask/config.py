"""The options of a policy in `app.config`: `CORS_ALLOW_ORIGINS` and the others, with the values of Python."""

from __future__ import annotations

from dataclasses import replace

from crossorigin.policy.errors import InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.options import DEFAULTS
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "CORS_"
NAMES: Mapping[str, str] = {option: f"{_PREFIX}{option.upper()}" for option in DEFAULTS}
_OPTIONS = {name: option for option, name in NAMES.items()}


def read_config(config: Mapping[str, object]) -> Policy | None:
    """Return the policy in the configuration of an app, or None if it has no key that starts with `CORS_`.

    Raises:
        InvalidPolicyError: The policy is invalid, or a key is not that of an option. The issues name the keys.
    """
    given = {key: value for key, value in config.items() if key.startswith(_PREFIX)}
    if not given:
        return None
    try:
        return Policy.from_dict({_OPTIONS.get(key, key): value for key, value in given.items()})
    except InvalidPolicyError as error:
        raise InvalidPolicyError(map(_renamed, error.issues)) from None


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
        instruction=_rename(issue.instruction).replace(
            "the middleware, as in CORSMiddleware(app, policy=policy, ", "the extension, as in CORS(app, "
        ),
    )


def _rename(text: str) -> str:
    for option, name in NAMES.items():
        text = text.replace(option, name)
    return text
