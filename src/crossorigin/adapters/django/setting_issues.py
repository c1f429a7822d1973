"""Issues of a policy in the settings: the names of the settings, and fixes as lines of a settings module."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from crossorigin.adapters.django.setting_names import LIVE_ORIGINS, OPTIONS, PREFIX, REGEXES
from crossorigin.policy.errors import IssueCode, PolicyIssue, keep_value
from crossorigin.policy.fixes import REMOVE, Fix
from crossorigin.policy.literals import elements_literal, list_literal, literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# Ours that are not named as those of django-cors-headers.
_SYNONYMS = {
    "CORS_ALLOW_ORIGINS": "CORS_ALLOWED_ORIGINS",
    "CORS_ALLOW_ORIGIN_REGEX": "CORS_ALLOWED_ORIGIN_REGEXES",
    "CORS_ALLOWED_ORIGIN_REGEX": "CORS_ALLOWED_ORIGIN_REGEXES",
    "CORS_MAX_AGE": "CORS_PREFLIGHT_MAX_AGE",
    "CORS_ALLOW_ALL": "CORS_ALLOW_ALL_ORIGINS",
    "CORS_WHITELIST": "CORS_ALLOWED_ORIGINS",
    "CORS_ORIGINS_WHITELIST": "CORS_ALLOWED_ORIGINS",
    "CORS_TRUSTED_ORIGINS": "CORS_ALLOWED_ORIGINS",
}
_SIMILARITY = 0.6
_REASONS = {
    "CORS_REPLACE_HTTPS_REFERER": "It was removed from django-cors-headers, because CSRF_TRUSTED_ORIGINS replaces it.",
    "CORS_MODEL": "It was removed from django-cors-headers.",
}
_REGEX = "allow_origin_regex"
_ASSIGNED = re.compile(r"\b(CORS_[A-Z_]+)=")
# Texts about arguments of a middleware, and what they are in settings.
_PHRASES = {
    "CORSMiddleware(app, policy=policy, on_refused=...)": "CORS_ON_REFUSED",
    "pass it to the middleware as origins=": f"set {LIVE_ORIGINS} to it",
    "pass origins=LiveOrigins() to the middleware": f"set {LIVE_ORIGINS}=LiveOrigins()",
    "create origins = LiveOrigins([...]) first, and pass origins=origins": (
        f'write {LIVE_ORIGINS}=LiveOrigins([...]), or the dotted path of such an object, as in "project.cors.customers"'
    ),
    "so origins would": f"so {LIVE_ORIGINS} would",
    " origins= can": f" {LIVE_ORIGINS} can",
    " from origins=,": f" from {LIVE_ORIGINS},",
}


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the settings, by option. `all_origins` is the setting that allows all origins, if it is on."""

    of: Mapping[str, str]
    all_origins: str | None

    def in_log(self) -> dict[str, str]:
        """Return what the log writes instead of the names of options. Names that are also words stay as they are."""
        options = {option: name for option, name in self.of.items() if "_" in option}
        return {**options, "with origins.add(": f"with {LIVE_ORIGINS}.add("}


def in_settings(issue: PolicyIssue, names: Names) -> PolicyIssue:
    """Return an issue with the names of the settings, and with the fix as text of a settings module."""
    fixes = tuple(_renamed_fix(fix, names) for fix in issue.fixes)
    is_all = names.all_origins is not None and issue.field.startswith("allow_origins")
    return replace(
        issue,
        field=str(names.all_origins) if is_all else _rename_field(issue.field, names),
        value=True if is_all else issue.value,
        reason=_rename(issue.reason, names),
        fixes=fixes,
        instruction=_rename(issue.instruction, names) or _source(_rename_field(issue.field, names), fixes, names),
    )


def removed_setting(name: str, value: object) -> PolicyIssue:
    """Return the issue of a setting that django-cors-headers no longer has."""
    return _unknown(name, value, _REASONS[name], "remove it.")


def unknown_setting(name: str, value: object, known: Collection[str], given: Collection[str]) -> PolicyIssue:
    """Return the issue of a setting that does not exist. `known` are all that exist, and `given` those that are set."""
    from crossorigin.policy.check.option_names import option_named

    meant = _SYNONYMS.get(name) or _setting_of(option_named(name)) or _nearest_setting(name, known)
    another_name = f"give it a name that does not start with {PREFIX}."
    if meant is None:
        instruction = f"remove it. If it is a setting of your own, {another_name}"
    elif meant in given:
        # It may be one of several values, of which a project uses one for each environment.
        instruction = f"rename it to {meant}, unless it is a setting of your own; then {another_name}"
    else:
        instruction = f"rename it to {meant}."
    return _unknown(name, value, "There is no setting with this name.", instruction)


def _setting_of(option: str | None) -> str | None:
    """Return the setting for an option, which another package may have under another name."""
    return REGEXES if option == _REGEX else next((name for name, of in OPTIONS.items() if of == option), None)


def _nearest_setting(name: str, known: Collection[str]) -> str | None:
    from crossorigin.policy.check.option_names import nearest_of

    # All names start in the same way, which says nothing.
    ends = [other.removeprefix(PREFIX) for other in known if other != LIVE_ORIGINS or _is_misspelled_live(name)]
    end = nearest_of(name.removeprefix(PREFIX), ends, _SIMILARITY)
    return None if end is None else PREFIX + end


def _is_misspelled_live(name: str) -> bool:
    # Any name of a list of origins is similar to it, but most of them are fixed lists.
    return "LIV" in name


def not_imported(name: str, path: str, error: ImportError) -> PolicyIssue:
    """Return the issue of a dotted path at which there is nothing."""
    code, example = (
        (IssueCode.NOT_LIVE_ORIGINS, "project.cors.customers")
        if name == LIVE_ORIGINS
        else (IssueCode.NOT_CALLABLE, "project.cors.log_decision")
    )
    return PolicyIssue(
        code=code,
        field=name,
        value=path,
        reason=f"It cannot be imported: {error}.",
        instruction=f'write the module and the name in it, for example "{example}".',
    )


def _unknown(name: str, value: object, reason: str, instruction: str) -> PolicyIssue:
    return PolicyIssue(
        code=IssueCode.UNKNOWN_OPTION, field=name, value=keep_value(value), reason=reason, instruction=instruction
    )


def _rename_field(field: str, names: Names) -> str:
    option, bracket, index = field.partition("[")
    return names.of.get(option, option) + bracket + index


def _renamed_fix(fix: Fix, names: Names) -> Fix:
    field, value = _rename_field(fix.field, names), fix.value
    if fix.field == _REGEX:
        # The setting is a list of regular expressions.
        value = REMOVE if value is None else value if "[" in field or not isinstance(value, str) else (value,)
    return replace(fix, field=field, value=value)


def _rename(text: str, names: Names) -> str:
    for option, name in names.of.items():
        # Some names of arguments are also words.
        if "_" in option:
            text = re.sub(rf"\b{option}\b", lambda _, name=name: name, text)  # type: ignore[misc]
    for phrase, in_settings_module in _PHRASES.items():
        text = text.replace(phrase, in_settings_module)
    return _ASSIGNED.sub(r"\1 = ", text)


def _source(field: str, fixes: Sequence[Fix], names: Names) -> str:
    """Return fixes as lines of a settings module. A single fix of the value itself is a bare value."""
    if len(fixes) == 1 and fixes[0].field == field and names.all_origins is None:
        return "remove it." if fixes[0].value is REMOVE else _value_source(fixes[0])
    return "\n".join(_line(field, fix, names) for fix in fixes)


def _line(field: str, fix: Fix, names: Names) -> str:
    own = fix.field == field
    if fix.value is REMOVE:
        return f"# remove {'it' if own else fix.field} {fix.when}".rstrip()
    when = fix.when
    if names.all_origins is not None and fix.field == names.of["allow_origins"]:
        when = f"instead of {names.all_origins}, {when}".rstrip(", ")
    comment = f"  # {when}" if when else ""
    if own and "[" in field:
        return f"{_value_source(fix)},{comment}"
    return f"{fix.field} = {_value_source(fix)}{comment}"


def _value_source(fix: Fix) -> str:
    if not isinstance(fix.value, tuple):
        return literal(fix.value)
    return elements_literal(fix.value) if "[" in fix.field else list_literal(fix.value)
