"""Policies from text, such as environment variables.

An ambiguous text is an error, because a guess could allow an untrusted origin. The result is validated like any policy.
Issues name the variable, and their hints are the text to write there.
"""

import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from inspect import signature
from typing import cast

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.check.lenient import correct, read_bool, read_seconds
from crossorigin.policy.check.validate import validate
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue
from crossorigin.policy.fixes import REMOVE, Fix
from crossorigin.policy.options import DEFAULTS
from crossorigin.policy.pattern import can_be_listed
from crossorigin.policy.policy import Policy
from crossorigin.settings.codespaces import with_codespace_origin
from crossorigin.settings.issue_text import in_text

__all__ = ["policy_from_env"]

_SEPARATORS = re.compile(r"[\s,]+")
_JSON_MARKS = re.compile(r"""[\s,;"'`[\](){}]+""")
# Fewer digits than Python's limit for numbers in text.
_INTEGER = re.compile(r"-?[0-9]{1,100}")
# All of these are valid in a method or header name, so a text that contains them is not always an error.
_QUOTES = "\"'`"
_OUTER_QUOTES = re.compile(rf"^[rb]{{0,2}}[{_QUOTES}]+|[{_QUOTES}]+$")
_COMMENT = re.compile(r"(?:^|[\s,])#.*", re.DOTALL)
# Placeholders of shells, orchestrators and templates. No origin contains them.
_UNFILLED = re.compile(r"\$[\w{(]|\{\{")
_NULL = "null"
_NONE = "none"
_ORIGIN = "ORIGIN"

# The middleware arguments that are not options. `CORS_DEBUG` may belong to another program, and ignoring it is safe.
# `CORS_ORIGINS` is another program's name for `CORS_ALLOW_ORIGINS`.
_ARGUMENTS = signature(CORSMiddleware).parameters.keys() - DEFAULTS.keys() - {"app", "policy", "debug", "origins"}

_COMMENTED = "A comment must be on a separate line; here it is part of the value."
_QUOTED = "Quotes around it are part of the value here."

_SEMICOLON = re.compile(r";\s")
_SEMICOLONS = "Semicolons do not separate the elements of a list; commas and white space do."
_ELEMENTS = "the elements, separated by commas; or remove it."

# Where other programs and templates have the origins of their front ends.
_USUAL_NAMES = frozenset(
    {
        *("ALLOWED_ORIGINS", "ALLOWED_ORIGIN", "ALLOW_ORIGINS", "ALLOW_ORIGIN", "ORIGINS", "ORIGIN", "WEB_ORIGIN"),
        *("FRONTEND_URL", "FRONTEND_URLS", "FRONTEND_ORIGIN", "FRONTEND_ORIGINS", "FRONTEND_HOST", "FRONT_END_URL"),
        *("CLIENT_URL", "CLIENT_ORIGIN", "CLIENT_ORIGIN_URL", "WEB_URL", "WEBAPP_URL", "UI_URL"),
        *("CORS_WHITELIST", "CORS_DOMAINS", "CORS_HOSTS", "CORS_URLS"),
    }
)
_WEB = ("http://", "https://")
_MAX_TEXT = 4096

# The value of a text, or the issue that explains why it has none.
_Read = tuple[object, PolicyIssue | None]
_Fixes = tuple[Fix, ...]


def policy_from_env(prefix: str = "CORS_", environ: Mapping[str, str | None] | None = None) -> Policy:
    """Read a policy from the environment: `CORS_ALLOW_ORIGINS`, `CORS_ALLOW_CREDENTIALS` and so on.

    Args:
        prefix: The prefix of all variable names. Prefix and option name are converted to upper case.
        environ: The variables; `os.environ` if None. A variable without a value is None or missing.

    Each variable is named after an option of `Policy`. A list is separated by commas or white space, or is a JSON list.
    A boolean is true or false, yes or no, on or off, 1 or 0, in upper or lower case. `max_age` is a number or `none`.
    An empty variable is the same as a missing one; an empty list is written `[]`.

    Another variable with the prefix is an error if its name is similar to an option, contains `ORIGIN`, or is an
    argument of the middleware, which would be ignored here. All others are left to other programs. With an empty
    prefix, other names are not checked.

    Raises:
        InvalidPolicyError: A text cannot be read, a name is misspelled, or the policy is invalid. The error lists all
            issues, with the name of the variable as `field`.

    Warns:
        CrossOriginWarning: Part of the policy does not do what it appears to do.

    >>> policy_from_env(environ={"CORS_ALLOW_ORIGINS": "https://app.example.com", "CORS_MAX_AGE": "none"})
    Policy(allow_origins=('https://app.example.com',), max_age=None)
    """
    environ = os.environ if environ is None else environ
    variables = {name: f"{prefix}{name}".upper() for name in DEFAULTS}
    texts = {name: environ.get(variable) or "" for name, variable in variables.items()}
    options, errors, found_warnings = read_options(texts, variables, environ)
    if prefix and not texts["allow_origins"] and not texts["allow_origin_regex"]:
        found_warnings += _origins_under_other_names(prefix.upper(), environ)
    errors += _misspelt(prefix.upper(), environ, frozenset(variables.values()))
    if errors:
        raise InvalidPolicyError(errors)
    if found_warnings:
        warnings.warn(CrossOriginWarning(found_warnings), stacklevel=2)
    with warnings.catch_warnings():
        # The warning above has already reported them, with the names of the variables.
        warnings.simplefilter("ignore", CrossOriginWarning)
        return Policy.from_dict(options)


def read_options(
    given: Mapping[str, object],
    names: Mapping[str, str] | None = None,
    environ: Mapping[str, str | None] = os.environ,
) -> tuple[dict[str, object], list[PolicyIssue], list[PolicyIssue]]:
    """Read the options that are given as text, and validate all options.

    Return the options as `Policy` takes them, the errors and, if there are no errors, the warnings. `names` maps
    options to the names that issues show. `environ` may name the codespace in which the program runs.
    """
    texts = {name: str.__str__(text).strip() for name, text in given.items() if isinstance(text, str)}
    unread: list[PolicyIssue] = []
    options = {**given, **{name: _read(name, text, unread) for name, text in texts.items() if name in DEFAULTS}}
    _, errors, found_warnings = validate(options)
    errors = [with_codespace_origin(issue, environ) for issue in sorted([*unread, *errors], key=_place)]
    errors = [in_text(issue, texts, names) for issue in errors]
    return options, errors, [] if errors else [in_text(issue, texts, names) for issue in found_warnings]


def _place(issue: PolicyIssue) -> int:
    option = issue.field.partition("[")[0]
    return [*DEFAULTS, option].index(option)


def _read(name: str, text: str, unread: list[PolicyIssue]) -> object:
    """Return the value of an option's text, or the default if it is empty.

    A text that cannot be read adds an issue. It has its likely value, so that other errors are found in the same run.
    """
    default = DEFAULTS[name]
    if not text:
        return default
    # The type of the default decides, so that a new option cannot be forgotten here.
    if isinstance(default, tuple):
        value, issue = _read_list(name, text)
    elif isinstance(default, bool):
        value, issue = _read_bool(name, text)
    elif isinstance(default, int):
        value, issue = _read_seconds(name, text)
    else:
        value, issue = _read_regex(name, text)
    if issue is not None:
        unread.append(issue)
        value = issue.fixes[0].value if issue.fixes else REMOVE
        return default if value is REMOVE else value
    return value


def _read_list(name: str, text: str) -> _Read:
    parsed = _parse_json(text)
    parts = [part for part in _SEPARATORS.split(text) if part]
    instruction = ""
    if name == "allow_origins" and _UNFILLED.search(text):
        reason, instruction = "It contains a variable that was not substituted.", "the text with its value."
    elif isinstance(parsed, list):
        return cast("list[object]", parsed), None
    elif _COMMENT.search(text):
        reason = _COMMENTED
    elif name == "allow_origins" and _SEMICOLON.search(text):
        fixes = _list_fixes(name, text)
        return None, _unread(IssueCode.MULTIPLE_ORIGINS, name, text, _SEMICOLONS, fixes or _ELEMENTS)
    elif any(part.lower() == _NULL for part in _JSON_MARKS.split(text)):
        # Templates write null for a missing value, but it is also an origin that any website can send.
        reason = "It could be an element of the list or a missing value: null."
        instruction = 'remove it; or, if it is an element, write a JSON list, for example ["null"].'
    elif text.strip(_QUOTES).startswith(("[", "{")):
        reason = "It looks like JSON, but is not a JSON list."
    elif text.startswith("(") and text.endswith(")"):
        reason = "Parentheses around it are part of the value here."
    elif "-" in parts:
        reason = "It looks like a YAML list, and its hyphens are part of the value here."
    elif any(map(_OUTER_QUOTES.search, parts)):
        reason = _QUOTED
    else:
        return parts, None
    fixes = () if instruction else _list_fixes(name, text)
    instruction = instruction or _ELEMENTS
    return None, _unread(IssueCode.NOT_A_COLLECTION, name, text, reason, fixes or instruction)


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _list_fixes(name: str, text: str) -> _Fixes:
    parts = _JSON_MARKS.split(_COMMENT.sub("", text))
    elements = [corrected for part in parts if part.strip("-") for corrected in correct(name, part)]
    # Some elements can only be written in JSON: null, and names with quotes or "#".
    is_readable = elements and _read_list(name, ",".join(elements))[1] is None
    return (Fix(name, tuple(elements)),) if is_readable and not validate({name: elements})[1] else ()


def _read_bool(name: str, text: str) -> _Read:
    value = read_bool(text)
    if value is not None:
        return value, None
    value = read_bool(_bare(text))
    fixes = "true or false." if value is None else (Fix(name, value),)
    return None, _unread(IssueCode.NOT_A_BOOL, name, text, "It is neither true nor false.", fixes)


def _read_seconds(name: str, text: str) -> _Read:
    if text.lower() == _NONE:
        return None, None
    if _INTEGER.fullmatch(text):
        return int(text), None
    value = read_seconds(_bare(text))
    fixes = f"use a whole number of seconds, for example 600, or {_NONE}." if value is None else (Fix(name, value),)
    return None, _unread(IssueCode.MAX_AGE_NOT_AN_INT, name, text, "It is not a whole number of seconds.", fixes)


def _read_regex(name: str, text: str) -> _Read:
    reason = _COMMENTED if _COMMENT.search(text) else _QUOTED if _OUTER_QUOTES.search(text) else None
    if reason is None:
        return text, None
    bare = _bare(text)
    is_valid = not bare or not validate({name: bare})[1]
    fixes = (Fix(name, bare or REMOVE),) if is_valid else "the regular expression, without quotes and comments."
    return None, _unread(IssueCode.REGEX_NEVER_MATCHES, name, text, reason, fixes)


def _bare(text: str) -> str:
    return _OUTER_QUOTES.sub("", _COMMENT.sub("", text).rstrip())


def _unread(code: IssueCode, name: str, text: str, reason: str, fixes: _Fixes | str) -> PolicyIssue:
    if isinstance(fixes, str):
        return PolicyIssue(code=code, field=name, value=text, reason=reason, instruction=fixes)
    return PolicyIssue(code=code, field=name, value=text, reason=reason, fixes=fixes)


def _misspelt(prefix: str, environ: Mapping[str, str | None], variables: frozenset[str]) -> Iterator[PolicyIssue]:
    """Reject names that are similar to an option, and names of other arguments of the middleware.

    Other names are accepted: for a service `cors-proxy`, Kubernetes sets `CORS_PROXY_SERVICE_HOST` in every pod.
    """
    for name, text in sorted(environ.items()):
        rest = name.upper().removeprefix(prefix)
        if not prefix or not (text and text.strip()) or name in variables or rest == name.upper():
            continue
        # Most environments have no such name.
        from crossorigin.policy.check.option_names import asks_for_any_origin, nearest_of, option_named

        argument = nearest_of(rest.lower(), _ARGUMENTS, cutoff=0.8)
        similar = nearest_of(rest.lower(), DEFAULTS, cutoff=0.6) or ("allow_origins" if _ORIGIN in rest else None)
        if argument is not None:
            reason = "It is an argument of the middleware, not an option of the policy, so it would be ignored here."
            instruction = f"remove it, and pass {argument}= to CORSMiddleware"
        elif similar is not None:
            reason = "There is no option with this name, but it is too similar to one to be ignored."
            instruction = f"rename it to {prefix}{(option_named(rest) or similar).upper()}"
            if asks_for_any_origin(rest):
                instruction = f"write {prefix}ALLOW_ORIGINS=*, without {prefix}ALLOW_CREDENTIALS, if it is meant"
        else:
            continue
        instruction += "; or, if it belongs to another program, use another prefix for the policy."
        yield _unread(IssueCode.UNKNOWN_OPTION, name, text, reason, instruction)


def _origins_under_other_names(prefix: str, environ: Mapping[str, str | None]) -> Iterator[PolicyIssue]:
    """Warn of variables that have origins under a usual name while the policy has none. They are never read."""
    variable = f"{prefix}ALLOW_ORIGINS"
    for name, text in sorted(environ.items()):
        upper = name.upper()
        is_usual = upper in _USUAL_NAMES or ("CORS" in upper and _ORIGIN in upper)
        origins = tuple(dict.fromkeys(_origins_in(text or ""))) if is_usual else ()
        if not origins:
            continue
        yield PolicyIssue(
            code=IssueCode.UNKNOWN_OPTION,
            field=name,
            value=text,
            reason=f"It has origins, and only {variable} is read, which is not set. So no origin is allowed.",
            instruction=f"if they are meant, write {variable}={','.join(origins)}; otherwise write {variable}=[].",
        )


def _origins_in(text: str) -> Iterator[str]:
    for part in _JSON_MARKS.split(text[:_MAX_TEXT]):
        for origin in correct("allow_origins", part):
            if origin == WILDCARD or (origin.startswith(_WEB) and can_be_listed(origin)):
                yield origin
