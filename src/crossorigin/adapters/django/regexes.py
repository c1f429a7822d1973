"""`CORS_ALLOWED_ORIGIN_REGEXES`, joined to one regular expression that must match a whole origin."""

from __future__ import annotations

import re
import warnings

from crossorigin.adapters.django.setting_issues import Names, in_settings
from crossorigin.adapters.django.setting_names import OPTIONS, REGEXES
from crossorigin.policy.errors import InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.fixes import Fix
from crossorigin.policy.options import is_list_like, members_of
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeGuard

_NAMES = {option: name for name, option in OPTIONS.items()}
# Python allows global flags only at the start of a whole expression.
_GLOBAL_FLAGS = re.compile(r"\(\?([aiLmsux]+)\)")
_FLAGS = {re.ASCII: "a", re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}


def read_regexes(given: object, issues: list[PolicyIssue], *, setting: str = REGEXES, **options: bool) -> object:
    """Return one expression for all, after checking each one with these options of its policy.

    `setting` is the name under which they are written.
    """
    if not is_list_like(given):
        issues.append(_not_a_list(given, setting))
        return None
    texts = [_with_flags(member) for member in members_of(given)]
    found = [issue for index, text in enumerate(texts) for issue in _check(text, f"{setting}[{index}]", options)]
    issues += found
    if found:
        return None
    return texts[0] if len(texts) == 1 else "|".join(f"(?:{text})" for text in texts)


def is_compiled(value: object) -> TypeGuard[re.Pattern[Any]]:
    """Return whether a value is a compiled regular expression."""
    return isinstance(value, re.Pattern)


def _with_flags(member: object) -> object:
    """Return an expression with its flags inside it, so that they do not apply to the others."""
    if is_compiled(member):
        text = member.pattern
        if not isinstance(text, str):
            return text
        flags = _GLOBAL_FLAGS.match(text)
        text = text if flags is None else text[flags.end() :]
        letters = "".join(letter for flag, letter in _FLAGS.items() if member.flags & flag)
        return f"(?{letters}:{text})" if letters else text
    if isinstance(member, str) and (flags := _GLOBAL_FLAGS.match(member)):
        return f"(?{flags[1]}:{member[flags.end() :]})"
    return member


def _check(text: object, field: str, options: dict[str, bool]) -> list[PolicyIssue]:
    names = Names({**_NAMES, "allow_origin_regex": field}, all_origins=None)
    try:
        with warnings.catch_warnings():
            # The policy of all expressions warns.
            warnings.simplefilter("ignore")
            Policy.from_dict({"allow_origin_regex": text, **options})
    except InvalidPolicyError as error:
        return [in_settings(issue, names) for issue in error.issues]
    return []


def _not_a_list(given: object, setting: str) -> PolicyIssue:
    is_text = isinstance(given, str | bytes)
    got = "one string" if is_text else type(given).__name__
    return PolicyIssue(
        code=IssueCode.BARE_STRING if is_text else IssueCode.NOT_A_COLLECTION,
        field=setting,
        value=keep_value(given),
        reason=f"Expected a list of regular expressions, got {got}.",
        fixes=(Fix(setting, (given if isinstance(given, str) else r"https://[a-z]+\.example\.com",)),),
    )
