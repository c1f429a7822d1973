"""Names that are not options: the option that was meant, also where another CORS package has that name for it.

Loaded only when there is such a name.
"""

from __future__ import annotations

from crossorigin.policy.errors import IssueCode, PolicyIssue, keep_value, text_of
from crossorigin.policy.fixes import REMOVE, Fix
from crossorigin.policy.options import DEFAULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Starlette, Flask-CORS, django-cors-headers, aiohttp-cors and the configuration files of common templates.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "allow_origins": ("origin", "origins", "allowed_origins", "origin_whitelist", "whitelist", "domains", "hosts"),
    "allow_methods": ("method", "methods", "allowed_methods"),
    "allow_headers": ("headers", "allowed_headers", "request_headers"),
    "allow_credentials": ("credentials", "supports_credentials", "support_credentials", "with_credentials"),
    "allow_origin_regex": (
        "allow_origins_regex",
        "allow_origin_regexes",
        "allowed_origin_regex",
        "allowed_origin_regexes",
        "origin_regex",
        "origin_regex_whitelist",
        "regex",
    ),
    "expose_headers": ("exposed_headers", "expose", "exposed", "response_headers"),
    "max_age": ("maxage", "preflight_max_age", "preflight_maxage"),
}
_OPTION_OF = {synonym: option for option, synonyms in _SYNONYMS.items() for synonym in synonyms}
_ANY_ORIGIN = frozenset({"allow_all", "allow_all_origins", "allow_any_origin", "origin_allow_all", "allow_origins_all"})
# What these switch on elsewhere is always done here, or never.
_WITHOUT_NEED = frozenset({"always_send", "automatic_options", "intercept_exceptions", "send_wildcard", "vary_header"})
_PREFIX = "cors_"
# Arguments of the middleware, for the message where they are given to a policy.
_ARGUMENTS = frozenset({"debug", "outermost", "check_websockets", "served_methods_only", "on_refused", "on_decision"})


def unknown_options(names: Mapping[str, object], arguments: Collection[str] = ()) -> list[PolicyIssue]:
    """Return an issue for each name. `arguments` are valid names besides the options."""
    return [_issue_of(text_of(name), value, arguments) for name, value in names.items()]


def _issue_of(name: str, value: object, arguments: Collection[str]) -> PolicyIssue:
    instruction = _instruction_for(name, value, arguments)
    return PolicyIssue(
        code=IssueCode.UNKNOWN_OPTION,
        field=name,
        value=keep_value(value),
        reason="There is no option with this name.",
        fixes=() if instruction else (Fix(name, REMOVE),),
        instruction=instruction,
    )


def _instruction_for(name: str, value: object, arguments: Collection[str]) -> str:
    key = name.lower().replace("-", "_").removeprefix(_PREFIX)
    if key in _ARGUMENTS and key not in arguments:
        return f"give it to the middleware, as in CORSMiddleware(app, policy=policy, {key}=...)."
    if key in _ANY_ORIGIN:
        return 'write allow_origins=["*"], without allow_credentials, if it is meant.' if value is True else ""
    if key in _WITHOUT_NEED:
        return ""
    option = _OPTION_OF.get(key) or _nearest_of(key, {**DEFAULTS, **dict.fromkeys(arguments)})
    return f"rename it to {option}." if option else ""


def _nearest_of(key: str, names: Collection[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(key, names, n=1)), None)
