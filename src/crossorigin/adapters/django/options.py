"""The settings whose names start with `CORS_`: those of django-cors-headers, `CORS_POLICY`, and a few more."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from django.conf import settings

from crossorigin.adapters.common.arguments import read_arguments
from crossorigin.adapters.django.regexes import is_compiled, read_regexes
from crossorigin.adapters.django.setting_issues import (
    Names,
    in_settings,
    not_imported,
    removed_setting,
    unknown_setting,
)
from crossorigin.adapters.django.setting_names import (
    ALL_ORIGINS,
    BEHAVIOR,
    KNOWN,
    LIVE_ORIGINS,
    OLD_NAMES,
    ON_DECISION,
    OPTIONS,
    POLICY,
    POLICY_SETTINGS,
    PREFIX,
    REGEXES,
    REMOVED,
    URLS_REGEX,
)
from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.check.types import read_bool
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.fixes import Fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossorigin.adapters.common.arguments import MiddlewareOptions
    from crossorigin.policy.policy import Policy

DEFAULT_METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
DEFAULT_HEADERS = ("accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with")
_DEFAULT_MAX_AGE = 86400
# The origins of a policy that a setting opens to all. It is recognized by its identity.
_ALL = (WILDCARD,)
# The default with live origins, because a preflight in the cache of a browser outlasts the removal of its origin.
_DEFAULT_LIVE_MAX_AGE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoOptions:
    """The settings as read.

    - `policy`: the policy for views without their own.
    - `middleware`: the options that are not part of the policy.
    - `urls`: what matches the paths to which the policy applies, or None for all paths.
    - `is_configured`: whether any setting is about the policy.
    - `warnings`: the parts of the policy that do not do what they appear to do.
    - `old_names`: the old names of settings that are set, and the new name of each.
    - `names`: what the log writes instead of the names of options. It is empty if the policy is a value.
    """

    policy: Policy
    middleware: MiddlewareOptions
    urls: re.Pattern[str] | None
    is_configured: bool
    warnings: tuple[PolicyIssue, ...]
    old_names: Mapping[str, str]
    names: Mapping[str, str]


def read_options() -> DjangoOptions:
    """Return the options in the settings of the project.

    Raises:
        InvalidPolicyError: A setting is invalid. The error has all issues, which name the settings.
    """
    found = {name: getattr(settings, name) for name in dir(settings) if name.startswith(PREFIX)}
    old_names = {old: new for old, new in OLD_NAMES.items() if old in found}
    # As in django-cors-headers, the new name wins.
    given = {**{new: found[old] for old, new in old_names.items()}, **_without(found, old_names)}
    written = {new: old for old, new in old_names.items() if new not in found}
    issues = [_unknown(name, value, given) for name, value in _without(given, KNOWN).items()]
    given = _with_imported(given, issues)
    urls = _read_urls(given.get(URLS_REGEX), issues)
    policy, options = None, {}
    if given.get(POLICY) is not None:
        policy = given[POLICY]
        issues += [_policy_and(name, given[name]) for name in given if name in POLICY_SETTINGS]
    else:
        options = _policy_options(given, issues, written)
    names = Names(
        {
            **{option: written.get(name, name) for name, option in (*OPTIONS.items(), *BEHAVIOR.items())},
            "allow_origin_regex": written.get(REGEXES, REGEXES),
            "policy": POLICY,
        },
        # A value that is not a bool can mean True too.
        all_origins=written.get(ALL_ORIGINS, ALL_ORIGINS) if options.get("allow_origins") is _ALL else None,
    )
    checked, middleware, found_warnings = _check(policy, options, given, issues, names)
    return DjangoOptions(
        policy=checked,
        middleware=middleware,
        urls=urls,
        is_configured=(policy is not None or middleware.origins is not None or not POLICY_SETTINGS.isdisjoint(given)),
        warnings=found_warnings,
        old_names=old_names,
        names=names.in_log() if policy is None else {},
    )


def warn_about(options: DjangoOptions) -> None:
    """Warn about settings with old names, and about parts of the policy that do not do what they appear to do."""
    if options.warnings:
        warnings.warn(CrossOriginWarning(options.warnings), stacklevel=1)
    for old, new in options.old_names.items():
        warnings.warn(old_name_message(old, new), stacklevel=1)


def old_name_message(old: str, new: str) -> str:
    """Return the message about a setting with its old name."""
    if hasattr(settings, new):
        return f"{old} has no effect, because {new} is set. Remove {old}."
    return f"{old} is the old name of {new}. Rename it."


def _check(
    policy: object,
    options: Mapping[str, object],
    given: Mapping[str, object],
    issues: list[PolicyIssue],
    names: Names,
) -> tuple[Policy, MiddlewareOptions, tuple[PolicyIssue, ...]]:
    behavior: dict[str, object] = {
        "debug": False,
        "outermost": False,
        "check_websockets": False,
        "on_refused": "pass",
        "on_decision": None,
        "served_methods_only": False,
        "origins": None,
        **{option: given[name] for name, option in BEHAVIOR.items() if name in given},
    }
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            checked, middleware = read_arguments(policy, options, behavior)
        except InvalidPolicyError as error:
            found = [in_settings(issue, names) for issue in error.issues]
            # The regular expressions were checked one by one.
            known = {issue.code for issue in issues}
            rest = [issue for issue in found if not (issue.field == names.of["allow_origin_regex"] and known)]
            raise InvalidPolicyError([*rest, *issues]) from None
    if issues:
        raise InvalidPolicyError(issues)
    found_warnings = [item.message for item in caught if isinstance(item.message, CrossOriginWarning)]
    return checked, middleware, tuple(in_settings(issue, names) for item in found_warnings for issue in item.issues)


def _policy_options(
    given: Mapping[str, object], issues: list[PolicyIssue], written: Mapping[str, str]
) -> dict[str, object]:
    """Return the options of the policy. `written` has the old names of settings that are set under them."""
    options: dict[str, object] = {
        "allow_methods": DEFAULT_METHODS,
        "allow_headers": DEFAULT_HEADERS,
        "max_age": _DEFAULT_MAX_AGE if given.get(LIVE_ORIGINS) is None else _DEFAULT_LIVE_MAX_AGE,
        **{option: given[name] for name, option in OPTIONS.items() if name in given},
    }
    age = options["max_age"]
    if isinstance(age, int) and not isinstance(age, bool) and age == 0:
        # In django-cors-headers, 0 sends no Access-Control-Max-Age.
        options["max_age"] = None
    if _read_all_origins(written.get(ALL_ORIGINS, ALL_ORIGINS), given.get(ALL_ORIGINS, False), issues):
        # All origins include those in the lists, which settings for development often inherit.
        options["allow_origins"] = _ALL
    elif given.get(REGEXES):
        credentials = options.get("allow_credentials") is True
        suffixes = options.get("dangerously_allow_public_suffixes") is True
        options["allow_origin_regex"] = read_regexes(
            given[REGEXES],
            issues,
            setting=written.get(REGEXES, REGEXES),
            allow_credentials=credentials,
            dangerously_allow_public_suffixes=suffixes,
        )
    return options


def _read_all_origins(name: str, value: object, issues: list[PolicyIssue]) -> bool:
    found: list[PolicyIssue] = []
    is_open = read_bool(name, value, found)
    if found:
        from crossorigin.policy.check.suggestions import add_bool_fix

        issues += [in_settings(add_bool_fix(issue, value), Names({}, all_origins=None)) for issue in found]
    return is_open


def _with_imported(given: Mapping[str, object], issues: list[PolicyIssue]) -> dict[str, object]:
    """Return the settings with the objects at dotted paths. Settings cannot import most modules of a project."""
    from django.utils.module_loading import import_string

    imported = dict(given)
    for name in (LIVE_ORIGINS, ON_DECISION):
        value = given.get(name)
        if isinstance(value, str):
            try:
                imported[name] = import_string(value)
            except ImportError as error:
                issues.append(not_imported(name, value, error))
                del imported[name]
    return imported


def _read_urls(value: object, issues: list[PolicyIssue]) -> re.Pattern[str] | None:
    """Return what matches the paths. It is matched from the start of a path, as in django-cors-headers."""
    if value is None:
        return None
    reason = f"Expected a regular expression for paths, got {type(value).__name__}."
    if is_compiled(value):
        if isinstance(value.pattern, str):
            return value
    elif isinstance(value, str):
        try:
            return re.compile(value)
        except re.error as error:
            reason = f"Invalid regular expression: {error}."
    issues.append(
        PolicyIssue(
            code=IssueCode.REGEX_INVALID,
            field=URLS_REGEX,
            value=keep_value(value),
            reason=reason,
            fixes=(Fix(URLS_REGEX, "^/api/"),),
        )
    )
    return None


def _policy_and(name: str, value: object) -> PolicyIssue:
    return PolicyIssue(
        code=IssueCode.POLICY_AND_OPTIONS,
        field=name,
        value=keep_value(value),
        reason=f"Both {POLICY} and {name} are set, and only one of them can apply.",
        instruction=f"remove {name}, and set it in {POLICY}.",
    )


def _unknown(name: str, value: object, given: Mapping[str, object]) -> PolicyIssue:
    return removed_setting(name, value) if name in REMOVED else unknown_setting(name, value, KNOWN, given)


def _without(values: Mapping[str, object], names: frozenset[str] | Mapping[str, str]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}
