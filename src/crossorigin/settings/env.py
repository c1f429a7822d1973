"""A policy from texts, such as the variables of an environment.

A text either says one thing or is an error. It is never guessed at, because a guess could allow an untrusted origin.
What it says is checked like any policy, and the issues are about the text: they name the variable, and their hints are
what to write there.
"""

import json
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.policy.check.lenient import correct, read_bool, read_seconds
from crossorigin.policy.check.validate import validate
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue
from crossorigin.policy.fixes import REMOVE, Fix
from crossorigin.policy.options import DEFAULTS
from crossorigin.policy.policy import Policy
from crossorigin.settings.issue_text import in_text

__all__ = ["policy_from_env"]

_SEPARATORS = re.compile(r"[\s,]+")
_JSON_MARKS = re.compile(r"""[\s,;"'`[\]{}]+""")
# Fewer digits than Python's limit for numbers in text.
_INTEGER = re.compile(r"-?[0-9]{1,100}")
# All of these may stand in a method or a name, so a text that holds them is not wrong by itself.
_QUOTES = "\"'`"
_OUTER_QUOTES = re.compile(rf"^r?[{_QUOTES}]+|[{_QUOTES}]+$")
_COMMENT = re.compile(r"(?:^|[\s,])#.*", re.DOTALL)
# What a shell, an orchestrator or a template writes for a variable, and no origin holds.
_UNFILLED = re.compile(r"\$[\w{(]|\{\{")
_NULL = "null"
_NONE = "none"
_ORIGIN = "ORIGIN"

# What the middleware takes beside a policy; but `CORS_DEBUG` is any program's, and protects nobody.
_ARGUMENTS = (CORSMiddleware.__init__.__kwdefaults__ or {}).keys() - DEFAULTS.keys() - {"policy", "debug"}

_COMMENTED = "A comment stands on a line of its own; here it is part of the value."
_QUOTED = "Quotes around it are part of the value here."

# What a text says, or why it says nothing.
_Read = tuple[object, PolicyIssue | None]
_Fixes = tuple[Fix, ...]


def policy_from_env(prefix: str = "CORS_", environ: Mapping[str, str | None] | None = None) -> Policy:
    """Read a policy from the environment: `CORS_ALLOW_ORIGINS`, `CORS_ALLOW_CREDENTIALS` and so on.

    Args:
        prefix: What stands before the name of each option; the whole is put into upper case.
        environ: The variables, `os.environ` if None. A variable without a value is None or is not there.

    Each variable is named for an option of `Policy`. A list is written with commas or white space, or as JSON; a
    boolean as true or false, yes or no, on or off, 1 or 0, in any case; `max_age` as a number or `none`. An empty
    variable counts as a missing one and leaves the default; an empty list is written `[]`.

    A variable with the prefix that is no option is an error if its name is close to an option's, has `ORIGIN` in it,
    or is that of another argument of the middleware, which would be lost; any other is left to other programs. With
    an empty prefix no name is looked at.

    Raises:
        InvalidPolicyError: A text cannot be read, a name is misspelt, or the policy is wrong. It holds every issue;
            `field` names the variable.

    Warns:
        CrossOriginWarning: Something in the policy does not do what it looks like.

    >>> policy_from_env(environ={"CORS_ALLOW_ORIGINS": "https://app.example.com", "CORS_MAX_AGE": "none"})
    Policy(allow_origins=('https://app.example.com',), max_age=None)
    """
    environ = os.environ if environ is None else environ
    variables = {name: f"{prefix}{name}".upper() for name in DEFAULTS}
    texts = {name: environ.get(variable) or "" for name, variable in variables.items()}
    options, errors, remarks = judge(texts, variables)
    errors += _misspelt(prefix.upper(), environ, frozenset(variables.values()))
    if errors:
        raise InvalidPolicyError(errors)
    if remarks:
        warnings.warn(CrossOriginWarning(remarks), stacklevel=2)
    with warnings.catch_warnings():
        # Told already, in the names of the variables.
        warnings.simplefilter("ignore", CrossOriginWarning)
        return Policy.from_dict(options)


def judge(
    given: Mapping[str, object], names: Mapping[str, str] | None = None
) -> tuple[dict[str, object], list[PolicyIssue], list[PolicyIssue]]:
    """Read the options that are given as text, and check all of them.

    Return them as a policy takes them, the errors, and, if there are none, the remarks. `names` says what the
    options are called where they are given.
    """
    texts = {name: str.__str__(text).strip() for name, text in given.items() if isinstance(text, str)}
    unread: list[PolicyIssue] = []
    options = {**given, **{name: _read(name, text, unread) for name, text in texts.items() if name in DEFAULTS}}
    _, errors, remarks = validate(options)
    errors = [in_text(issue, texts, names) for issue in sorted([*unread, *errors], key=_place)]
    return options, errors, [] if errors else [in_text(issue, texts, names) for issue in remarks]


def _place(issue: PolicyIssue) -> int:
    option = issue.field.partition("[")[0]
    return [*DEFAULTS, option].index(option)


def _read(name: str, text: str, unread: list[PolicyIssue]) -> object:
    """Return what the text of an option says; its default where it says nothing, or, with an issue, no one thing."""
    default = DEFAULTS[name]
    if not text:
        return default
    # By the default's type, so that no option can be forgotten here.
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
        return default
    return value


def _read_list(name: str, text: str) -> _Read:
    parsed = _parse_json(text)
    parts = [part for part in _SEPARATORS.split(text) if part]
    instruction = ""
    if name == "allow_origins" and _UNFILLED.search(text):
        reason, instruction = "It holds a variable that was not filled in.", "the text with its value."
    elif isinstance(parsed, list):
        return cast("list[object]", parsed), None
    elif _COMMENT.search(text):
        reason = _COMMENTED
    elif any(part.strip(_QUOTES).lower() == _NULL for part in parts):
        # What a template writes for a value that is missing, and an origin that any site can take.
        reason = "It can be the origin null and a missing value in JSON."
        instruction = 'remove it; or, if it is meant, write it in JSON, as in ["null"].'
    elif text.strip(_QUOTES).startswith(("[", "{")):
        reason = "It begins as JSON does, and is no list in JSON."
    elif any(map(_OUTER_QUOTES.search, parts)):
        reason = _QUOTED
    else:
        return parts, None
    fixes = () if instruction else _list_fixes(name, text)
    instruction = instruction or "the elements, with commas between them; or remove it."
    return None, _unread(IssueCode.NOT_A_COLLECTION, name, text, reason, fixes or instruction)


def _parse_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _list_fixes(name: str, text: str) -> _Fixes:
    parts = _JSON_MARKS.split(_COMMENT.sub("", text))
    meant = [corrected for part in parts if part for corrected in correct(name, part)]
    return (Fix(name, tuple(meant)),) if meant and not validate({name: meant})[1] else ()


def _read_bool(name: str, text: str) -> _Read:
    value = read_bool(text)
    if value is not None:
        return value, None
    said = read_bool(_bare(text))
    fixes = "true or false." if said is None else (Fix(name, said),)
    return None, _unread(IssueCode.NOT_A_BOOL, name, text, "It says neither true nor false.", fixes)


def _read_seconds(name: str, text: str) -> _Read:
    if text.lower() == _NONE:
        return None, None
    if _INTEGER.fullmatch(text):
        return int(text), None
    said = read_seconds(_bare(text))
    fixes = f"a whole number of seconds, for example 600, or {_NONE}." if said is None else (Fix(name, said),)
    return None, _unread(IssueCode.MAX_AGE_NOT_AN_INT, name, text, "It is no whole number of seconds.", fixes)


def _read_regex(name: str, text: str) -> _Read:
    reason = _COMMENTED if _COMMENT.search(text) else _QUOTED if _OUTER_QUOTES.search(text) else None
    if reason is None:
        return text, None
    return None, _unread(IssueCode.REGEX_NEVER_MATCHES, name, text, reason, (Fix(name, _bare(text) or REMOVE),))


def _bare(text: str) -> str:
    return _OUTER_QUOTES.sub("", _COMMENT.sub("", text).rstrip())


def _unread(code: IssueCode, name: str, text: str, reason: str, fixes: _Fixes | str) -> PolicyIssue:
    if isinstance(fixes, str):
        return PolicyIssue(code=code, field=name, value=text, reason=reason, instruction=fixes)
    return PolicyIssue(code=code, field=name, value=text, reason=reason, fixes=fixes)


def _misspelt(prefix: str, environ: Mapping[str, str | None], variables: frozenset[str]) -> Iterator[PolicyIssue]:
    """Refuse a name that was to be an option's, or is that of an argument that the middleware takes beside them.

    Not every other name: a service called `cors-proxy` puts `CORS_PROXY_SERVICE_HOST` into each of its neighbors.
    """
    for name, text in sorted(environ.items()):
        rest = name.upper().removeprefix(prefix)
        if not prefix or not (text and text.strip()) or name in variables or rest == name.upper():
            continue
        argument = _near(rest, _ARGUMENTS, cutoff=0.8)
        meant = _near(rest, DEFAULTS) or ("allow_origins" if _ORIGIN in rest else None)
        if argument is not None:
            reason = "Only the middleware takes it, as an argument; read from here, it would be lost."
            instruction = f"remove it, and give {argument}= to CORSMiddleware"
        elif meant is not None:
            reason = "There is no option of this name, and it is too close to one to be passed over."
            instruction = f"if {prefix}{meant.upper()} is meant, name it so"
        else:
            continue
        instruction += "; if it is for another program, read the policy with another prefix."
        yield _unread(IssueCode.UNKNOWN_OPTION, name, text, reason, instruction)


def _near(rest: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(rest.lower(), names, n=1, cutoff=cutoff)), None)
