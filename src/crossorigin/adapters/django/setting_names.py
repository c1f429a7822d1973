"""The names of the settings, and which options they are."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "CORS_"
POLICY = "CORS_POLICY"
ORIGINS = "CORS_ALLOWED_ORIGINS"
REGEXES = "CORS_ALLOWED_ORIGIN_REGEXES"
ALL_ORIGINS = "CORS_ALLOW_ALL_ORIGINS"
URLS_REGEX = "CORS_URLS_REGEX"
LIVE_ORIGINS = "CORS_LIVE_ORIGINS"
ON_DECISION = "CORS_ON_DECISION"
# The settings that are options of `Policy` with another name.
OPTIONS: Mapping[str, str] = {
    ORIGINS: "allow_origins",
    "CORS_ALLOW_METHODS": "allow_methods",
    "CORS_ALLOW_HEADERS": "allow_headers",
    "CORS_ALLOW_CREDENTIALS": "allow_credentials",
    "CORS_ALLOW_PRIVATE_NETWORK": "allow_private_network",
    "CORS_EXPOSE_HEADERS": "expose_headers",
    "CORS_PREFLIGHT_MAX_AGE": "max_age",
    "CORS_CONSTANT_ALLOW_ORIGIN": "constant_allow_origin",
    "CORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES": "dangerously_allow_public_suffixes",
}
# The settings of the middleware, which also apply with `CORS_POLICY`.
BEHAVIOR: Mapping[str, str] = {
    "CORS_DEBUG": "debug",
    LIVE_ORIGINS: "origins",
    "CORS_ON_REFUSED": "on_refused",
    ON_DECISION: "on_decision",
    "CORS_SERVED_METHODS_ONLY": "served_methods_only",
}
OLD_NAMES: Mapping[str, str] = {
    "CORS_ORIGIN_WHITELIST": ORIGINS,
    "CORS_ORIGIN_REGEX_WHITELIST": REGEXES,
    "CORS_ORIGIN_ALLOW_ALL": ALL_ORIGINS,
}
REMOVED = frozenset({"CORS_REPLACE_HTTPS_REFERER", "CORS_MODEL"})
POLICY_SETTINGS = frozenset({*OPTIONS, REGEXES, ALL_ORIGINS})
KNOWN = frozenset({*POLICY_SETTINGS, *BEHAVIOR, POLICY, URLS_REGEX})
