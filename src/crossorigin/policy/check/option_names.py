"""Names that are not options: the option that was meant, also where another CORS package has that name for it.

Loaded only when there is such a name.
"""

from __future__ import annotations

import re

from crossorigin.policy.errors import IssueCode, PolicyIssue, keep_value, text_of
from crossorigin.policy.fixes import REMOVE, Fix
from crossorigin.policy.options import DEFAULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# Starlette, Flask-CORS, django-cors-headers, aiohttp-cors and the configuration files of common templates.
_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "allow_origins": (
        *("origin", "origins", "allowed_origins", "origin_whitelist", "whitelist", "origins_list", "defaults"),
        *("origin_patterns", "allow_origin_patterns", "allowed_origin_patterns"),
        *("allow_origin_func", "allow_origin_callback", "origin_validator", "is_allowed_origin"),
        *("domain", "domains", "allow_domains", "allowed_domains", "hosts", "allow_hosts", "allowed_hosts"),
    ),
    "allow_methods": ("method", "methods", "allowed_methods"),
    "allow_headers": (
        "headers",
        "allowed_headers",
        "request_headers",
        "allow_request_headers",
        "allowed_request_headers",
    ),
    "allow_credentials": (
        "cookies",
        "allow_cookies",
        "credentials",
        "supports_credentials",
        "support_credentials",
        "with_credentials",
    ),
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
    "max_age": ("maxage", "max_age_seconds", "allow_max_age", "preflight_max_age", "preflight_maxage"),
}
_OPTION_OF = {synonym: option for option, synonyms in _SYNONYMS.items() for synonym in synonyms}
_ANY_ORIGIN = frozenset({"allow_all", "allow_all_origins", "allow_any_origin", "origin_allow_all", "allow_origins_all"})
# The options of which `"*"` is the value that these ask for.
_ALL_OF = {
    **dict.fromkeys(("allow_all_methods", "allow_any_method", "allow_any_methods"), "allow_methods"),
    **dict.fromkeys(("allow_all_headers", "allow_any_header", "allow_any_headers"), "allow_headers"),
    "expose_all_headers": "expose_headers",
}
# Elsewhere, these limit a policy to some paths. Without them, it would be for all.
_PATHS = frozenset({"resources", "resource", "urls_regex", "url_regex", "paths", "path", "routes"})
# What these switch on elsewhere is always done here, or never.
_WITHOUT_NEED = frozenset(
    {"always_send", "automatic_options", "intercept_exceptions", "send_origin_wildcard", "send_wildcard", "vary_header"}
)
_PREFIXES = ("cors_", "access_control_")
# Less similar names are no misspellings: `allow_websockets` is not `allow_methods`.
_SIMILARITY = 0.75
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
    key = _key_of(name)
    if key in _ARGUMENTS and key not in arguments:
        return f"give it to the middleware, as in CORSMiddleware(app, policy=policy, {key}=...)."
    if key in _ANY_ORIGIN:
        return 'write allow_origins=["*"], without allow_credentials, if it is meant.' if value is True else ""
    if key in _ALL_OF:
        return f'write {_ALL_OF[key]}=["*"], if it is meant.' if value is True else ""
    if key in _PATHS:
        return (
            "remove it if the policy is for all paths; otherwise give each router or endpoint its own policy with "
            "crossorigin.cors."
        )
    if key in _WITHOUT_NEED:
        return ""
    option = option_named(key) or nearest_of(key, {**DEFAULTS, **dict.fromkeys(arguments)}, _SIMILARITY)
    return f"rename it to {option}." if option else ""


def _key_of(name: str) -> str:
    """Return a name in the form of an option: `allowedOrigins` and `CORS_ALLOWED_ORIGINS` as `allowed_origins`."""
    words = name if name.isupper() else re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    key = words.lower().replace("-", "_")
    for prefix in _PREFIXES:
        key = key.removeprefix(prefix)
    return key


def asks_for_any_origin(name: str) -> bool:
    """Return whether an option with this name allows any origin in another package."""
    return _key_of(name) in _ANY_ORIGIN


def option_named(name: str) -> str | None:
    """Return the option that has this name, in any spelling, or that has it in another package."""
    key = _key_of(name)
    return key if key in DEFAULTS else _OPTION_OF.get(key)


def nearest_of(key: str, names: Iterable[str], cutoff: float) -> str | None:
    """Return the most similar name, or None if none is similar enough."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(key, names, n=1, cutoff=cutoff)), None)
