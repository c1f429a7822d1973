r"""Policies with errors, each with all the issues that it has: (code, field), in the order in which they are reported.

Every code of `IssueCode` is among them. `messages.txt` has their messages, and the hints fix them.
"""

import datetime as dt
import re
import warnings
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from crossorigin import CORSMiddleware, CrossOriginWarning, InvalidPolicyError, LiveOrigins, Policy
from crossorigin import IssueCode as Code
from crossorigin.policy.options import DEFAULTS


async def _app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """An app that is never called."""


def complaint_of(options: Mapping[str, Any]) -> InvalidPolicyError | CrossOriginWarning | None:
    """Return the error or the warning of a policy with these options, or None."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if isinstance(options.get("origins"), list):
                LiveOrigins(**options)
            elif options.keys() & {"policy", "check_websockets", "on_refused", "on_decision", "origins"}:
                CORSMiddleware(_app, **options)
            elif options.keys() <= DEFAULTS.keys():
                Policy(**options)
            else:
                Policy.from_dict(options)
        except InvalidPolicyError as error:
            assert not caught
            return error
    assert len(caught) <= 1
    for warning in caught:
        assert isinstance(warning.message, CrossOriginWarning)
        return warning.message
    return None


@dataclass(frozen=True)
class Faulty:
    """Options of a policy, and their issues."""

    name: str
    options: dict[str, Any]
    issues: list[tuple[Code, str]]

    @property
    def is_warning(self) -> bool:
        """Return whether the policy is valid, with a warning."""
        return all(code in WARNINGS for code, _ in self.issues)


# The codes of the warnings. All others are errors.
WARNINGS = {
    Code.INSECURE_ORIGIN_WITH_CREDENTIALS,
    Code.REGEX_NEVER_MATCHES,
    Code.REGEX_SCHEME_NEVER_SENT,
    Code.REGEX_UNESCAPED_DOT,
    Code.REDUNDANT_WITH_WILDCARD,
    Code.DUPLICATE_ENTRY,
    Code.NAME_INSTEAD_OF_WILDCARD,
    Code.REQUEST_HEADER_WITHOUT_EFFECT,
    Code.RESPONSE_HEADER_IN_ALLOW_HEADERS,
    Code.RESPONSE_HEADER_WITHOUT_EFFECT,
    Code.MAX_AGE_ABOVE_BROWSER_LIMITS,
    Code.MAX_AGE_DELAYS_REVOCATION,
}


def _one(code: Code, field: str, options: dict[str, Any], name: str = "") -> Faulty:
    return Faulty(f"{code}{name and ', '}{name}", options, [(code, field)])


def _origin(code: Code, text: str, name: str = "") -> Faulty:
    return _one(code, "allow_origins[1]", {"allow_origins": ["https://app.example.com", text]}, name)


_WITH = {"allow_credentials": True}
_CONSTANT = {"constant_allow_origin": True}

FAULTY: list[Faulty] = [
    # Types.
    _one(Code.NOT_A_COLLECTION, "allow_origins", {"allow_origins": None}, "none"),
    _one(Code.NOT_A_COLLECTION, "allow_methods", {"allow_methods": 5}, "a number"),
    _one(Code.NOT_A_COLLECTION, "allow_origins", {"allow_origins": {"https://App.example.com/": True}}, "a mapping"),
    _one(Code.NOT_A_COLLECTION, "allow_headers", {"allow_headers": {1: 2}}, "a mapping of numbers"),
    _one(Code.BARE_STRING, "allow_origins", {"allow_origins": "https://app.example.com"}, "one origin"),
    _one(Code.BARE_STRING, "allow_origins", {"allow_origins": "https://a.example/, https://B.example"}, "a comma list"),
    _one(Code.BARE_STRING, "allow_origins", {"allow_origins": '["https://a.example", "https://b.example"]'}, "JSON"),
    _one(Code.BARE_STRING, "allow_origins", {"allow_origins": b"https://a.example"}, "bytes"),
    _one(Code.BARE_STRING, "allow_origins", {"allow_origins": ""}, "empty"),
    _one(Code.BARE_STRING, "allow_methods", {"allow_methods": "GET, patch"}, "methods"),
    _one(Code.BARE_STRING, "allow_methods", {"allow_methods": "*"}, "all methods"),
    _one(Code.BARE_STRING, "allow_headers", {"allow_headers": "X-Token X-Other"}, "headers"),
    _one(Code.BARE_STRING, "allow_headers", {"allow_headers": "X-Token:, X-Other"}, "headers with an error"),
    _one(Code.BARE_STRING, "expose_headers", {"expose_headers": "ETag"}, "exposed headers"),
    _one(
        Code.NOT_A_STRING,
        "allow_origins[0]",
        {"allow_origins": [("https://a.example", "https://b.example/")]},
        "nested",
    ),
    _one(Code.NOT_A_STRING, "allow_methods[1]", {"allow_methods": ["GET", ["PUT", "patch"]]}, "nested methods"),
    _one(Code.NOT_A_STRING, "allow_origins[0]", {"allow_origins": [b"https://a.example"]}, "bytes"),
    _one(Code.NOT_A_STRING, "allow_origins[0]", {"allow_origins": [re.compile("https://a")]}, "a pattern"),
    _one(Code.NOT_A_STRING, "allow_origins[0]", {"allow_origins": [None]}, "none"),
    _one(Code.NOT_A_STRING, "expose_headers[0]", {"expose_headers": [7]}, "a number"),
    _one(Code.NOT_A_BOOL, "allow_credentials", {"allow_credentials": "false"}, "text"),
    _one(Code.NOT_A_BOOL, "allow_credentials", {"allow_credentials": None}, "none"),
    _one(Code.NOT_A_BOOL, "allow_private_network", {"allow_private_network": 1}, "a number"),
    _one(Code.NOT_A_BOOL, "dangerously_allow_public_suffixes", {"dangerously_allow_public_suffixes": "yes"}, "yes"),
    _one(Code.UNKNOWN_OPTION, "allow_origin", {"allow_origin": ["https://a.example"]}, "near"),
    _one(Code.UNKNOWN_OPTION, "colour", {"colour": "blue"}, "far"),
    _one(Code.UNKNOWN_OPTION, "vary_header", {"vary_header": True}, "without need"),
    _one(Code.UNKNOWN_OPTION, "allow_all_origins", {"allow_all_origins": False}, "of another package"),
    _one(Code.NOT_A_POLICY, "policy", {"policy": {"allow_origins": ["https://a.example"]}}),
    _one(Code.POLICY_AND_OPTIONS, "max_age", {"policy": Policy(allow_origins=["https://a.example"]), "max_age": 60}),
    _one(Code.INVALID_CHOICE, "on_refused", {"on_refused": "refuse"}),
    _one(Code.INVALID_CHOICE, "on_refused", {"on_refused": ["block"]}, "a list"),
    _one(Code.NOT_CALLABLE, "on_decision", {"on_decision": "log"}),
    _one(Code.NO_EFFECT_WITH_WILDCARD, "check_websockets", {"allow_origins": ["*"], "check_websockets": True}),
    _one(Code.NO_EFFECT_WITH_WILDCARD, "on_refused", {"allow_origins": ["*"], "on_refused": "block"}, "blocking"),
    _one(Code.NO_EFFECT_WITH_WILDCARD, "origins", {"allow_origins": ["*"], "origins": LiveOrigins()}, "live origins"),
    _one(Code.NOT_LIVE_ORIGINS, "origins", {"origins": "https://a.example"}),
    # Live origins.
    _one(Code.LIVE_ORIGIN_NOT_EXACT, "origins[1]", {"origins": ["https://a.example", "https://*.a.example"]}),
    _one(Code.LIVE_ORIGIN_NOT_EXACT, "origins[0]", {"origins": ["null"]}, "null"),
    _one(Code.LIVE_ORIGIN_SCHEME_NOT_ALLOWED, "origins[0]", {"origins": ["http://a.example"]}),
    _one(Code.LIVE_ORIGIN_SCHEME_NOT_ALLOWED, "origins[0]", {"origins": ["capacitor://localhost"]}, "of an app"),
    _one(Code.TOO_MANY_LIVE_ORIGINS, "origins", {"origins": ["https://a.example", "https://b.example"], "limit": 1}),
    _one(Code.ORIGIN_TRAILING_SLASH, "origins[0]", {"origins": ["https://a.example/"]}, "live"),
    _one(Code.ORIGIN_MISPLACED_WILDCARD, "origins[0]", {"origins": ["https://*a.example"]}, "live"),
    _one(Code.NOT_A_STRING, "origins[0]", {"origins": [7]}, "live"),
    # Origins no browser can send.
    _origin(Code.ORIGIN_EMPTY, ""),
    _origin(Code.ORIGIN_EMPTY, " \t", "white space"),
    _origin(Code.MULTIPLE_ORIGINS, "https://a.example, https://b.example/"),
    _origin(Code.MULTIPLE_ORIGINS, "https://a.example https://b.example", "without commas"),
    _origin(Code.MULTIPLE_ORIGINS, "https://a.example;https://", "one of them broken"),
    _origin(Code.ORIGIN_LOOKS_LIKE_REGEX, r"https://.*\.example\.com"),
    _origin(Code.ORIGIN_LOOKS_LIKE_REGEX, r"https?://localhost(:\d+)?", "without a pattern"),
    _origin(Code.ORIGIN_WHITESPACE, " https://a.example"),
    _origin(Code.ORIGIN_WHITESPACE, "https://a.example\n", "a line feed"),
    _origin(Code.ORIGIN_WHITESPACE, "https://a.exam\u200bple", "invisible"),
    _origin(Code.ORIGIN_WHITESPACE, "https://a b.example", "within"),
    _origin(Code.ORIGIN_MISSING_SCHEME, "a.example"),
    _origin(Code.ORIGIN_MISSING_SCHEME, "localhost:3000", "on this machine"),
    _origin(Code.ORIGIN_MISSING_SCHEME, "::1", "a bare address"),
    _origin(Code.ORIGIN_MISSPELLED_SCHEME, "htttp://localhost:3000"),
    _origin(Code.ORIGIN_MISSPELLED_SCHEME, "https//a.example", "no colon"),
    _origin(Code.ORIGIN_MISSPELLED_SCHEME, "https:/a.example", "one slash"),
    _origin(Code.ORIGIN_MISSPELLED_SCHEME, "http://https://a.example", "doubled"),
    _origin(Code.ORIGIN_FILE_SCHEME, "file:///home/me/page.html"),
    _origin(Code.ORIGIN_FILE_SCHEME, "file://host", "by its form an origin"),
    _origin(Code.ORIGIN_WEBSOCKET_SCHEME, "wss://a.example"),
    _origin(Code.ORIGIN_WEBSOCKET_SCHEME, "ws://localhost:8000", "not encrypted"),
    _origin(Code.ORIGIN_USERINFO, "https://user:secret@a.example"),
    _origin(Code.ORIGIN_TRAILING_SLASH, "https://a.example/"),
    _origin(Code.ORIGIN_TRAILING_SLASH, "HTTPS://A.example:443/", "and more"),
    _origin(Code.ORIGIN_PATH, "https://a.example/app"),
    _origin(Code.ORIGIN_QUERY, "https://a.example?x=1"),
    _origin(Code.ORIGIN_QUERY, "https://a.example/#top", "a fragment"),
    _origin(Code.ORIGIN_UPPERCASE, "https://A.example"),
    _origin(Code.ORIGIN_UPPERCASE, "NULL", "null"),
    _origin(Code.ORIGIN_NON_ASCII, "https://faß.example"),
    _origin(Code.ORIGIN_NON_ASCII, "https://\ud800.example", "a lone surrogate"),
    _origin(Code.ORIGIN_NONCANONICAL_IP, "http://127.1:8000"),
    _origin(Code.ORIGIN_NONCANONICAL_IP, "http://[0:0::1]", "IPv6"),
    _origin(Code.ORIGIN_NONCANONICAL_IP, "http://1.2.3.256", "none at all"),
    _origin(Code.ORIGIN_DEFAULT_PORT, "https://a.example:443"),
    _origin(Code.ORIGIN_INVALID_PORT, "https://a.example:"),
    _origin(Code.ORIGIN_INVALID_PORT, "https://a.example:08443", "leading zero"),
    _origin(Code.ORIGIN_INVALID_PORT, "https://a.example:65536", "out of range"),
    _origin(Code.ORIGIN_INVALID_PORT, "https://a.example:port", "a word"),
    _origin(Code.ORIGIN_MISPLACED_WILDCARD, "https://*a.example"),
    _origin(Code.ORIGIN_MISPLACED_WILDCARD, "*://a.example", "any scheme"),
    _origin(Code.ORIGIN_MISPLACED_WILDCARD, "https://app-*.a.example", "within a label"),
    _origin(Code.ORIGIN_MISPLACED_WILDCARD, "https://*", "alone"),
    _origin(Code.ORIGIN_MISPLACED_WILDCARD, "chrome-extension://*", "any extension"),
    _origin(Code.ORIGIN_WILDCARD_BEFORE_IP, "http://*.127.0.0.1"),
    _origin(Code.ORIGIN_WILDCARD_BEFORE_IP, "http://*.[::1]:*", "IPv6"),
    _origin(Code.ORIGIN_MALFORMED, "https://a..example"),
    _origin(Code.ORIGIN_MALFORMED, "'https://a.example'", "quoted"),
    _origin(Code.ORIGIN_MALFORMED, "\u201chttps://a.example\u201d", "typographic quotes"),
    _origin(Code.ORIGIN_MALFORMED, "https://a.example;", "a semicolon at the end"),
    _origin(Code.ORIGIN_MALFORMED, "CORS_ORIGIN=https://a.example", "a name in front"),
    _origin(Code.ORIGIN_MALFORMED, "https://xn--a.example", "Punycode"),
    # Values that would allow untrusted origins.
    _one(Code.WILDCARD_WITH_CREDENTIALS, "allow_origins[0]", {"allow_origins": ["*"], **_WITH}),
    _one(
        Code.WILDCARD_WITH_CREDENTIALS,
        "allow_origins[1]",
        {"allow_origins": ["https://a.example", "*"], **_WITH},
        "next to others",
    ),
    _one(Code.NULL_WITH_CREDENTIALS, "allow_origins[0]", {"allow_origins": ["null"], **_WITH}),
    _one(Code.PUBLIC_SUFFIX_WITH_CREDENTIALS, "allow_origins[0]", {"allow_origins": ["https://*.github.io"], **_WITH}),
    _one(
        Code.PUBLIC_SUFFIX_WITH_CREDENTIALS,
        "allow_origins[0]",
        {"allow_origins": ["https://*.amazonaws.com"], **_WITH},
        "below it",
    ),
    _one(
        Code.PUBLIC_SUFFIX_WITH_CREDENTIALS,
        "allow_origins[0]",
        {"allow_origins": ["https://*.corp:*"], **_WITH},
        "unlisted",
    ),
    # One response for every origin.
    _one(Code.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN, "constant_allow_origin", _CONSTANT, "none listed"),
    _one(
        Code.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
        "constant_allow_origin",
        {"allow_origins": ["https://a.example", "https://b.example"], **_CONSTANT},
        "two",
    ),
    _one(
        Code.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
        "constant_allow_origin",
        {"allow_origins": ["*"], **_CONSTANT},
        "any origin",
    ),
    _one(
        Code.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
        "constant_allow_origin",
        {"allow_origins": ["https://*.a.example"], **_CONSTANT},
        "a pattern",
    ),
    _one(
        Code.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN, "constant_allow_origin", {"allow_origins": ["null"], **_CONSTANT}, "null"
    ),
    _one(
        Code.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
        "constant_allow_origin",
        {"allow_origins": ["https://a.example"], "allow_origin_regex": r"https://b\.example", **_CONSTANT},
        "next to a regular expression",
    ),
    # The regular expression.
    _one(Code.REGEX_NOT_A_STRING, "allow_origin_regex", {"allow_origin_regex": re.compile(r"https://.*\.a\.example")}),
    _one(
        Code.REGEX_NOT_A_STRING, "allow_origin_regex", {"allow_origin_regex": re.compile("a", re.DOTALL)}, "with flags"
    ),
    _one(Code.REGEX_NOT_A_STRING, "allow_origin_regex", {"allow_origin_regex": b"https://a\\.example"}, "bytes"),
    _one(Code.REGEX_NOT_A_STRING, "allow_origin_regex", {"allow_origin_regex": ["https://a"]}, "a list"),
    _one(Code.REGEX_EMPTY, "allow_origin_regex", {"allow_origin_regex": ""}),
    _one(Code.REGEX_INVALID, "allow_origin_regex", {"allow_origin_regex": "https://(a"}),
    _one(
        Code.REGEX_UNSUPPORTED,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://(a)\1"},
    ),
    _one(
        Code.REGEX_UNSUPPORTED,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://(?>[a-z]+)\.a\.example"},
        "an atomic group",
    ),
    _one(
        Code.REGEX_TOO_LARGE,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://([a-z]{1,63}\.){1,100}a\.example"},
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://.*example\.com", **_WITH},
        "no dot before the name",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://example\.com.*", **_WITH},
        "an open end",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://app.example.com", **_WITH},
        "unescaped dots",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://[a-z]+\.com", **_WITH},
        "a whole registry",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://.*\.amazonaws\.com", **_WITH},
        "suffixes below",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://.*\.vercel\.app", **_WITH},
        "a hosting suffix",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://my-app-.*\.vercel\.app", **_WITH},
        "previews on a hosting suffix",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://deploy-preview-\d+--my-site\.netlify\.app", **_WITH},
        "previews on Netlify",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://.*.vercel.app", **_WITH},
        "unescaped dots before a hosting suffix",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://.*\.corp", **_WITH},
        "a top-level name that is not on the list",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https?://(localhost|\d+\.\d+\.\d+\.\d+)(:\d+)?", **_WITH},
        "open addresses",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https?://\[[0-9a-f:]+\]", **_WITH},
        "open IPv6 addresses",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r".*", **_WITH},
        "any origin",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"null|https://a\.example", **_WITH},
        "null",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"[a-z]+", **_WITH},
        "null among others",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"chrome-extension://.*", **_WITH},
        "any extension",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"moz-extension://[0-9a-f-]{36}", **_WITH},
        "any extension of Firefox",
    ),
    # Methods, names and the maximum age.
    _one(Code.METHOD_NOT_A_TOKEN, "allow_methods[0]", {"allow_methods": ["get, put"]}),
    _one(Code.METHOD_NOT_A_TOKEN, "allow_methods[0]", {"allow_methods": [""]}, "empty"),
    _one(Code.METHOD_WRONG_CASE, "allow_methods[1]", {"allow_methods": ["get", "patch"]}),
    _one(Code.METHOD_WRONG_CASE, "allow_methods[0]", {"allow_methods": ["Query"]}, "query"),
    _one(Code.METHOD_FORBIDDEN, "allow_methods[0]", {"allow_methods": ["trace"]}),
    _one(Code.HEADER_NOT_A_TOKEN, "allow_headers[0]", {"allow_headers": ["X-Token: , X-Other"]}),
    _one(Code.HEADER_NOT_A_TOKEN, "allow_headers[0]", {"allow_headers": ["X Token"]}, "a space"),
    _one(Code.HEADER_NOT_A_TOKEN, "allow_headers[0]", {"allow_headers": ["Content- Type"]}, "a space at a hyphen"),
    _one(Code.HEADER_NOT_A_TOKEN, "allow_headers[0]", {"allow_headers": ["Content-Type Accept"]}, "two names"),
    _one(Code.HEADER_NOT_A_TOKEN, "expose_headers[0]", {"expose_headers": ["X-Schlüssel"]}, "beyond ASCII"),
    _one(
        Code.RESPONSE_HEADER_IN_ALLOW_HEADERS,
        "allow_headers[0]",
        {"allow_headers": ["Access-Control-Allow-Origin"]},
    ),
    _one(
        Code.REQUEST_HEADER_IN_EXPOSE_HEADERS,
        "expose_headers[0]",
        {"expose_headers": ["access-control-request-method"]},
    ),
    _one(Code.MAX_AGE_NOT_AN_INT, "max_age", {"max_age": "600"}, "text"),
    _one(Code.MAX_AGE_NOT_AN_INT, "max_age", {"max_age": True}, "true"),
    _one(Code.MAX_AGE_NOT_AN_INT, "max_age", {"max_age": 1.5}, "a fraction"),
    _one(Code.MAX_AGE_NOT_AN_INT, "max_age", {"max_age": dt.timedelta(minutes=5)}, "a timedelta"),
    _one(Code.MAX_AGE_OUT_OF_RANGE, "max_age", {"max_age": -1}, "negative"),
    _one(Code.MAX_AGE_OUT_OF_RANGE, "max_age", {"max_age": 2147483648}, "above"),
    # Warnings.
    _one(Code.INSECURE_ORIGIN_WITH_CREDENTIALS, "allow_origins[0]", {"allow_origins": ["http://a.example"], **_WITH}),
    _one(
        Code.INSECURE_ORIGIN_WITH_CREDENTIALS,
        "allow_origins[0]",
        {"allow_origins": ["http://a.example:443"], **_WITH},
        "port 443",
    ),
    _one(
        Code.INSECURE_ORIGIN_WITH_CREDENTIALS,
        "allow_origins[0]",
        {"allow_origins": ["http://192.168.*.*:*"], **_WITH},
        "a private network",
    ),
    _one(
        Code.INSECURE_ORIGIN_WITH_CREDENTIALS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https?://.*\.a\.example", **_WITH},
        "a regular expression",
    ),
    _one(
        Code.INSECURE_ORIGIN_WITH_CREDENTIALS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https?://(localhost|a\.example)", **_WITH},
        "a regular expression with this machine",
    ),
    _one(Code.REGEX_NEVER_MATCHES, "allow_origin_regex", {"allow_origin_regex": r"https://a\.example/"}),
    _one(Code.REGEX_NEVER_MATCHES, "allow_origin_regex", {"allow_origin_regex": r"https://a\\.example"}, "backslashes"),
    _one(Code.REGEX_NEVER_MATCHES, "allow_origin_regex", {"allow_origin_regex": r"a\.example"}, "no scheme"),
    _one(Code.REGEX_NEVER_MATCHES, "allow_origin_regex", {"allow_origin_regex": r"https://A\.example"}, "upper case"),
    _one(Code.REGEX_NEVER_MATCHES, "allow_origin_regex", {"allow_origin_regex": r"https://a b"}, "a space"),
    _one(
        Code.REGEX_NEVER_MATCHES,
        "allow_origin_regex",
        {"allow_origin_regex": "https://*.example.com"},
        "the wildcard of a list",
    ),
    _one(
        Code.REGEX_NEVER_MATCHES,
        "allow_origin_regex",
        {"allow_origin_regex": "https://*.com", **_WITH},
        "a wildcard over a registry",
    ),
    _one(Code.REGEX_INVALID, "allow_origin_regex", {"allow_origin_regex": "*"}, "the wildcard alone"),
    _one(Code.REGEX_INVALID, "allow_origin_regex", {"allow_origin_regex": "*.example.com"}, "a wildcard and a domain"),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": "https://*.vercel.app", **_WITH},
        "a wildcard over a hosting service",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origin_regex": r"https://app.vercel.app|https://.*\.vercel\.app", **_WITH},
        "an unescaped dot and a hosting service",
    ),
    _one(
        Code.REGEX_ALLOWS_UNTRUSTED_ORIGINS,
        "allow_origin_regex",
        {"allow_origins": ["https://a.example"], "allow_origin_regex": ".*", **_WITH},
        "everything next to a list",
    ),
    _one(
        Code.ORIGIN_MISPLACED_WILDCARD, "allow_origins[0]", {"allow_origins": ["capacitor://*"]}, "the scheme of an app"
    ),
    _one(
        Code.REGEX_SCHEME_NEVER_SENT,
        "allow_origin_regex",
        {"allow_origin_regex": r"http://localhost|file://.*", **_WITH},
    ),
    _one(
        Code.REGEX_SCHEME_NEVER_SENT,
        "allow_origin_regex",
        {"allow_origin_regex": r"(?:https:|wss:)//a\.example", **_WITH},
        "wss",
    ),
    _one(
        Code.REGEX_UNESCAPED_DOT,
        "allow_origin_regex",
        {"allow_origin_regex": r"http://(localhost|127.0.0.1)", **_WITH},
    ),
    _one(Code.REDUNDANT_WITH_WILDCARD, "allow_origins[1]", {"allow_origins": ["*", "https://a.example"]}),
    _one(
        Code.REDUNDANT_WITH_WILDCARD,
        "allow_origin_regex",
        {"allow_origins": ["*"], "allow_origin_regex": "https://a"},
        "regex",
    ),
    _one(Code.DUPLICATE_ENTRY, "allow_origins[1]", {"allow_origins": ["https://a.example", "https://a.example"]}),
    _one(Code.DUPLICATE_ENTRY, "allow_methods[1]", {"allow_methods": ["put", "PUT"]}, "methods"),
    _one(Code.DUPLICATE_ENTRY, "allow_headers[2]", {"allow_headers": ["X-A", "X-B", "x-a"]}, "headers"),
    _one(Code.NAME_INSTEAD_OF_WILDCARD, "allow_methods[0]", {"allow_methods": ["ALL"]}, "methods"),
    _one(Code.NAME_INSTEAD_OF_WILDCARD, "allow_headers[1]", {"allow_headers": ["X-Token", "any"]}, "headers"),
    _one(Code.NAME_INSTEAD_OF_WILDCARD, "expose_headers[0]", {"expose_headers": ["All"]}, "exposed"),
    _one(Code.REQUEST_HEADER_WITHOUT_EFFECT, "allow_headers[0]", {"allow_headers": ["Cookie"]}, "cookie"),
    _one(Code.REQUEST_HEADER_WITHOUT_EFFECT, "allow_headers[0]", {"allow_headers": ["Sec-Fetch-Mode"]}),
    _one(Code.RESPONSE_HEADER_WITHOUT_EFFECT, "expose_headers[0]", {"expose_headers": ["Set-Cookie"]}, "forbidden"),
    _one(Code.RESPONSE_HEADER_WITHOUT_EFFECT, "expose_headers[0]", {"expose_headers": ["content-type"]}, "safelisted"),
    _one(Code.MAX_AGE_ABOVE_BROWSER_LIMITS, "max_age", {"max_age": 86401}),
    _one(Code.MAX_AGE_DELAYS_REVOCATION, "max_age", {"origins": LiveOrigins(), "max_age": 601}),
    # Several at once.
    Faulty(
        "all at once, in the order of the options and of their elements",
        {
            "max_age": -1,
            "expose_headers": ["Access-Control-Request-Headers", "bad name"],
            "allow_origin_regex": "(",
            "allow_credentials": "true",
            "allow_headers": "X-Token",
            "allow_methods": ["TRACE", 1, "patch"],
            "allow_origins": ["https://a.example/", 1, "null", "https://*.com", "*", "file://"],
        },
        [
            (Code.ORIGIN_TRAILING_SLASH, "allow_origins[0]"),
            (Code.NOT_A_STRING, "allow_origins[1]"),
            (Code.NULL_WITH_CREDENTIALS, "allow_origins[2]"),
            (Code.PUBLIC_SUFFIX_WITH_CREDENTIALS, "allow_origins[3]"),
            (Code.WILDCARD_WITH_CREDENTIALS, "allow_origins[4]"),
            (Code.ORIGIN_FILE_SCHEME, "allow_origins[5]"),
            (Code.METHOD_FORBIDDEN, "allow_methods[0]"),
            (Code.NOT_A_STRING, "allow_methods[1]"),
            (Code.METHOD_WRONG_CASE, "allow_methods[2]"),
            (Code.BARE_STRING, "allow_headers"),
            (Code.NOT_A_BOOL, "allow_credentials"),
            (Code.REGEX_INVALID, "allow_origin_regex"),
            (Code.REQUEST_HEADER_IN_EXPOSE_HEADERS, "expose_headers[0]"),
            (Code.HEADER_NOT_A_TOKEN, "expose_headers[1]"),
            (Code.MAX_AGE_OUT_OF_RANGE, "max_age"),
        ],
    ),
    Faulty(
        "all warnings at once",
        {
            "allow_origins": ["http://a.example", "https://b.example", "https://b.example"],
            "allow_headers": ["Host"],
            "allow_credentials": True,
            "allow_origin_regex": "https://c/",
            "expose_headers": ["Pragma"],
            "max_age": 100000,
        },
        [
            (Code.INSECURE_ORIGIN_WITH_CREDENTIALS, "allow_origins[0]"),
            (Code.DUPLICATE_ENTRY, "allow_origins[2]"),
            (Code.REQUEST_HEADER_WITHOUT_EFFECT, "allow_headers[0]"),
            (Code.REGEX_NEVER_MATCHES, "allow_origin_regex"),
            (Code.RESPONSE_HEADER_WITHOUT_EFFECT, "expose_headers[0]"),
            (Code.MAX_AGE_ABOVE_BROWSER_LIMITS, "max_age"),
        ],
    ),
]
