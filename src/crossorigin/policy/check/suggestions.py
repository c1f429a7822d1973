"""Fixes for the issues of a policy: the last pass of validation, which sees all issues.

This module is loaded only for an invalid policy. Each issue gets its fixes, the most likely one first, or an
instruction. A fix must remove its issue without causing a new error; a property test applies each of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import ALL_CORS_REQUEST_HEADERS, ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.methods import is_forbidden_method, is_token
from crossorigin.fetch.origin import OPAQUE_ORIGIN
from crossorigin.policy.check import lenient
from crossorigin.policy.check.origin_repair import diagnose_faulty, repair
from crossorigin.policy.check.warnings import LARGEST_CAP
from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.fixes import REMOVE, Fix, FixValue
from crossorigin.policy.options import LIST_OPTIONS, Options, is_live
from crossorigin.policy.pattern import is_private_network, parse_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_EXAMPLES = {
    "allow_origins": '["https://app.example.com"]',
    "allow_methods": '["GET", "POST"]',
    "allow_headers": '["X-Token"]',
    "expose_headers": '["X-Total-Count"]',
}
_PAGES = ("https://app.example.com",)
_THIS_MACHINE = ("http://localhost:*", "http://127.0.0.1:*")
_LOCAL_NETWORK = (
    "nothing, if you trust every device on this network; otherwise serve the page over https with your own "
    "certificate (mkcert makes one), or open it as http://localhost through an SSH tunnel."
)
_FIX_THE_FIRST = "fix the first issues, and check the options again."
_NO_COOKIES = "if no page sends cookies; tokens in headers still work"

# The fixes of an issue, or an instruction if no change of the options can fix it.
Suggestion = tuple[Fix, ...] | str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """Everything that a fix may depend on: all options, as given and as read."""

    taken: Mapping[str, object]
    options: Options
    # The texts read from each field: several if one string contains several.
    texts: Mapping[str, Sequence[str]]
    # The fields that contain "*", and whether the list also contains an origin.
    wildcards: Sequence[str]
    lists_origins: bool


def add_fixes(
    issues: Sequence[PolicyIssue], taken: Mapping[str, object], options: Options, count: int
) -> list[PolicyIssue]:
    """Return the issues, the first `count` of them with their fixes or an instruction."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for name in LIST_OPTIONS:
        for element in getattr(options, name):
            texts[element.field].append(element.text)
    context = _Context(
        taken=taken,
        options=options,
        texts=dict(texts),
        wildcards=[element.field for element in options.allow_origins if element.text == WILDCARD],
        lists_origins=any(_origins_in(element.text) for element in options.allow_origins),
    )
    rest = [issue if issue.fixes else replace(issue, instruction=_FIX_THE_FIRST) for issue in issues[count:]]
    return [*(_with(issue, context) for issue in issues[:count]), *rest]


def add_bool_fix(issue: PolicyIssue, value: object) -> PolicyIssue:
    """Return the issue about a value that is not a bool, with its fix."""
    return _with_suggestion(issue, _bool(issue, value))


def _with(issue: PolicyIssue, context: _Context) -> PolicyIssue:
    if issue.fixes or issue.instruction:
        return issue
    if issue.code in _SUGGESTIONS:
        return _with_suggestion(issue, _SUGGESTIONS[issue.code](issue, context))
    return _with_origin(issue, context)


def _with_suggestion(issue: PolicyIssue, suggestion: Suggestion) -> PolicyIssue:
    if isinstance(suggestion, str):
        return replace(issue, instruction=suggestion)
    return replace(issue, fixes=suggestion)


def _replace(issue: PolicyIssue, texts: Sequence[str], context: _Context) -> tuple[Fix, ...]:
    """Return a fix that replaces the issue's text by `texts` and keeps the other texts of its field."""
    kept = context.texts[issue.field]
    value = tuple(new for text in kept for new in (texts if text == issue.value else (text,)))
    return (Fix(issue.field, _value_of(issue.field, value)),)


def _value_of(field: str, texts: tuple[str, ...]) -> FixValue:
    if "[" not in field or len(texts) > 1:
        return texts
    return texts[0] if texts else REMOVE


def _remove(issue: PolicyIssue, context: _Context) -> tuple[Fix, ...]:
    """Return a fix that removes the value of the issue."""
    return _replace(issue, (), context) if issue.field in context.texts else (Fix(issue.field, REMOVE),)


# Types.


def _collection(issue: PolicyIssue, context: _Context) -> Suggestion:
    if hasattr(type(context.taken[issue.field]), "origin_matcher"):
        return "pass the policy by name: policy=policy."
    if is_live(context.taken[issue.field]):
        return "pass it to the middleware as origins=; a policy copies its origins and does not follow changes."
    texts = tuple(context.texts.get(issue.field, ()))
    if texts or context.taken[issue.field] is None or issue.code is IssueCode.BARE_STRING:
        return (Fix(issue.field, texts),)
    if isinstance(context.taken[issue.field], re.Pattern):
        return "move it to allow_origin_regex, as a string."
    if callable(context.taken[issue.field]):
        return (
            "use a list: no function is called. For origins that change while the server runs, pass "
            "origins=LiveOrigins() to the middleware: docs/policy.md#origins-that-change."
        )
    return f"use a list, for example {_EXAMPLES[issue.field]}."


def _element(issue: PolicyIssue, context: _Context) -> Suggestion:
    texts = tuple(context.texts.get(issue.field, ()))
    if texts:
        return (Fix(issue.field, _value_of(issue.field, texts)),)
    name, _, index = issue.field.partition("[")
    members = context.taken[name]
    if isinstance(members, list) and isinstance(members[int(index[:-1])], re.Pattern):
        return "move it to allow_origin_regex, as a string."
    return f"use a string, as in {_EXAMPLES[name]}."


def _bool(issue: PolicyIssue, value: object) -> Suggestion:
    parsed = lenient.read_bool(value)
    return "use True or False." if parsed is None else (Fix(issue.field, parsed),)


def _seconds(issue: PolicyIssue, context: _Context) -> Suggestion:
    parsed = context.options.max_age
    return "use a whole number of seconds, for example 600." if parsed is None else (Fix(issue.field, parsed),)


def _regex_text(issue: PolicyIssue, context: _Context) -> Suggestion:
    text = context.options.allow_origin_regex
    return r'use a string, as in r"https://.*\.example\.org".' if text is None else (Fix(issue.field, text),)


# Origins.


def _with_origin(issue: PolicyIssue, context: _Context) -> PolicyIssue:
    """Return the issue about a text that is not an origin with the origin as its fix, or without it if it is listed."""
    diagnosis = diagnose_faulty(str(issue.value))
    if not diagnosis.replacements:
        return replace(issue, instruction=diagnosis.instruction)
    listed = {text for field, texts in context.texts.items() if field != issue.field for text in texts}
    if len(diagnosis.replacements) == 1 and diagnosis.replacements[0] in listed:
        reason = f"{issue.reason} {diagnosis.replacements[0]} is already in the list."
        return replace(issue, reason=reason, fixes=_remove(issue, context))
    return replace(issue, fixes=_replace(issue, diagnosis.replacements, context))


def _origins_in(text: str) -> list[str]:
    """Return the origins of sites that a text is likely meant to contain."""
    return [origin for origin in repair(text) if origin not in {WILDCARD, OPAQUE_ORIGIN}]


def _wildcard_with_credentials(issue: PolicyIssue, context: _Context) -> Suggestion:
    cookieless = Fix("allow_credentials", value=False, when=_NO_COOKIES)
    if context.lists_origins or context.options.allow_origin_regex is not None:
        (removal,) = _replace(issue, _origins_in(str(issue.value)), context)
        return replace(removal, when="if only the pages of the other origins send cookies"), cookieless
    return (
        cookieless,
        Fix("allow_origins", _PAGES, when="if pages send cookies; list their origins"),
        Fix("allow_origins", _THIS_MACHINE, when="during development: any port on this machine"),
    )


def _null_with_credentials(issue: PolicyIssue, context: _Context) -> Suggestion:
    (removal,) = _replace(issue, [text for text in repair(str(issue.value)) if text != OPAQUE_ORIGIN], context)
    return (
        replace(removal, when="if the page can be served from its own origin"),
        Fix("allow_credentials", value=False, when=_NO_COOKIES),
    )


def _public_suffix(issue: PolicyIssue, context: _Context) -> Suggestion:
    own = [origin.replace("://*.", "://your-app.", 1) for origin in repair(str(issue.value))]
    (fix,) = _replace(issue, own, context)
    return (
        replace(fix, when="your own origins"),
        Fix("dangerously_allow_public_suffixes", value=True, when="if you control every name there"),
    )


def _insecure(issue: PolicyIssue, context: _Context) -> Suggestion:
    pattern = parse_pattern(str(issue.value))
    if pattern is not None and is_private_network(pattern.host):
        return _LOCAL_NETWORK
    rest = str(issue.value).removeprefix("http").removesuffix(":443")
    fixes = _replace(issue, (f"https{rest}",), context)
    if pattern is None or not pattern.host.replace("-", "").replace("_", "").isalnum():
        return fixes
    # A host name of one label is nearly always the name of a container, and no page has it as its host.
    (removal,) = _remove(issue, context)
    when = f"if {pattern.host} is the name of a container, which browsers do not use"
    return replace(removal, when=when), replace(fixes[0], when="if it is a host of your network")


def _next_to_wildcard(issue: PolicyIssue, context: _Context) -> Suggestion:
    own = Fix(issue.field, REMOVE)
    if len(context.wildcards) > 1:
        return (own,)
    return (
        replace(own, when="if every site may use the API"),
        Fix(context.wildcards[0], REMOVE, when='if "*" was not intended'),
    )


# Methods, names and numbers.


def _method(issue: PolicyIssue, context: _Context) -> Suggestion:
    corrected = lenient.correct("allow_methods", str(issue.value))
    if not all(map(is_token, corrected)):
        return _removal_of_blank(issue, context) or "write a valid method, or remove it."
    return _replace(issue, [method for method in corrected if not is_forbidden_method(method)], context)


def _wildcard(issue: PolicyIssue, context: _Context) -> Suggestion:
    return _replace(issue, (WILDCARD,), context)


def _method_case(issue: PolicyIssue, context: _Context) -> Suggestion:
    return _replace(issue, (str(issue.value).upper(),), context)


def _header(issue: PolicyIssue, context: _Context) -> Suggestion:
    corrected = lenient.correct("allow_headers", str(issue.value))
    if not all(map(is_token, corrected)):
        return _removal_of_blank(issue, context) or "write a valid header name, or remove it."
    misplaced = ALL_CORS_RESPONSE_HEADERS if issue.field.startswith("allow_headers") else ALL_CORS_REQUEST_HEADERS
    return _replace(issue, [name for name in corrected if name.lower() not in misplaced], context)


def _removal_of_blank(issue: PolicyIssue, context: _Context) -> Suggestion:
    text = str(issue.value).strip(" \t\r\n")
    if text.strip(" \t\r\n,;:\"'"):
        return ""
    removal = _remove(issue, context)
    if text or WILDCARD in (element.text for element in getattr(context.options, issue.field.partition("[")[0])):
        return removal
    # Shells and templates lose an asterisk that is not quoted.
    (wildcard,) = _replace(issue, (WILDCARD,), context)
    return replace(wildcard, when="if all are meant"), replace(removal[0], when="if it comes from an empty setting")


def _max_age(issue: PolicyIssue, context: _Context) -> Suggestion:
    return (Fix(issue.field, 0 if (context.options.max_age or 0) < 0 else LARGEST_CAP),)


_SUGGESTIONS: Mapping[IssueCode, Callable[[PolicyIssue, _Context], Suggestion]] = {
    IssueCode.NOT_A_COLLECTION: _collection,
    IssueCode.BARE_STRING: _collection,
    IssueCode.NOT_A_STRING: _element,
    IssueCode.NOT_A_BOOL: lambda issue, context: _bool(issue, context.taken[issue.field]),
    IssueCode.ORIGIN_EMPTY: _remove,
    IssueCode.WILDCARD_WITH_CREDENTIALS: _wildcard_with_credentials,
    IssueCode.NULL_WITH_CREDENTIALS: _null_with_credentials,
    IssueCode.PUBLIC_SUFFIX_WITH_CREDENTIALS: _public_suffix,
    IssueCode.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN: _remove,
    IssueCode.REGEX_NOT_A_STRING: _regex_text,
    IssueCode.REGEX_EMPTY: lambda issue, _: (Fix(issue.field, None),),
    IssueCode.METHOD_NOT_A_TOKEN: _method,
    IssueCode.METHOD_WRONG_CASE: _method_case,
    IssueCode.METHOD_FORBIDDEN: _remove,
    IssueCode.HEADER_NOT_A_TOKEN: _header,
    IssueCode.RESPONSE_HEADER_IN_ALLOW_HEADERS: _remove,
    IssueCode.REQUEST_HEADER_IN_EXPOSE_HEADERS: _remove,
    IssueCode.MAX_AGE_NOT_AN_INT: _seconds,
    IssueCode.MAX_AGE_OUT_OF_RANGE: _max_age,
    IssueCode.INSECURE_ORIGIN_WITH_CREDENTIALS: _insecure,
    IssueCode.REDUNDANT_WITH_WILDCARD: _next_to_wildcard,
    IssueCode.DUPLICATE_ENTRY: _remove,
    IssueCode.NAME_INSTEAD_OF_WILDCARD: _wildcard,
    IssueCode.REQUEST_HEADER_WITHOUT_EFFECT: _remove,
    IssueCode.RESPONSE_HEADER_WITHOUT_EFFECT: _remove,
    IssueCode.MAX_AGE_ABOVE_BROWSER_LIMITS: _max_age,
}
