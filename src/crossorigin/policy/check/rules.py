"""The rules of validation: one function per rule, from options to issues.

They reject options that would allow untrusted origins or could never match. `validate` runs all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import ALL_CORS_REQUEST_HEADERS
from crossorigin.fetch.methods import STANDARD_METHODS, is_forbidden_method, is_token, normalize_method
from crossorigin.fetch.origin import OPAQUE_ORIGIN
from crossorigin.policy.check.public_suffix import why_public
from crossorigin.policy.check.regex.rules import regex_is_safe
from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.options import Element, Options, issue_of
from crossorigin.policy.pattern import parse_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.check.origin_diagnosis import Diagnosis

MAX_MAX_AGE = 2147483647

_URL_ENDING = re.compile(r"://[^/]+/\Z")
_URLS = (
    ' str() of a pydantic URL adds the slash: write str(url).rstrip("/"), or declare the setting as '
    "crossorigin.settings.pydantic.Origins."
)
# What the standard forbids with credentials, and what any website can send from a sandboxed frame.
_UNSAFE_WITH_CREDENTIALS = {
    WILDCARD: (
        IssueCode.WILDCARD_WITH_CREDENTIALS,
        (
            'With allow_credentials=True, "*" would let every website act as your user. Browsers reject it for '
            "requests with credentials, and reflecting the Origin header instead would be just as unsafe."
        ),
    ),
    OPAQUE_ORIGIN: (
        IssueCode.NULL_WITH_CREDENTIALS,
        (
            "Every site can send this origin, from a sandboxed frame or a data: URL, so with "
            "allow_credentials=True it lets every site act as your user."
        ),
    ),
}

Rule = Callable[[Options], Iterator[PolicyIssue]]


def _intended(text: str, options: Options) -> tuple[str, ...]:
    """Return the origins that `text` is likely meant to contain: itself if it can be listed."""
    if text not in options.unlistable:
        return (text,)
    from crossorigin.policy.check.origin_repair import repair

    return repair(text)


def _diagnose(text: str, options: Options) -> Diagnosis | None:
    if text not in options.unlistable:
        return None
    # The tables of errors are a quarter of the import time of the package, and a correct policy needs none of them.
    from crossorigin.policy.check.origin_repair import diagnose

    return diagnose(text)


def origins_can_be_sent(options: Options) -> Iterator[PolicyIssue]:
    """Reject an origin that no browser can send."""
    first = next(iter(options.allow_origins), None)
    for element in options.allow_origins:
        diagnosis = _diagnose(element.text, options)
        if diagnosis is not None:
            also = _URLS if element is first and _are_urls(options.allow_origins) else ""
            yield issue_of(diagnosis.code, element, diagnosis.reason + also)


def _are_urls(origins: Sequence[Element]) -> bool:
    """Return whether each of several texts ends with one slash, as URLs of pydantic do."""
    return len(origins) > 1 and all(_URL_ENDING.search(element.text) for element in origins)


def origins_are_safe_with_credentials(options: Options) -> Iterator[PolicyIssue]:
    """Reject origins that untrusted sites can use with credentials: `*`, `null`, and wildcards before public suffixes.

    https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
    """
    if not options.allow_credentials:
        return
    # One rule for all three, because a list can be long. Nearly all of its elements are exact origins, which are safe.
    for element in options.allow_origins:
        text = element.text
        if WILDCARD not in text and text != OPAQUE_ORIGIN and text not in options.unlistable:
            continue
        intended = _intended(text, options)
        for origin, (code, reason) in _UNSAFE_WITH_CREDENTIALS.items():
            if origin in intended:
                yield issue_of(code, element, reason)
        if not options.dangerously_allow_public_suffixes:
            yield from _wildcards_before_public_suffixes(element, intended)


def _wildcards_before_public_suffixes(element: Element, intended: tuple[str, ...]) -> Iterator[PolicyIssue]:
    """Reject a wildcard before a name below which anyone can register names."""
    for text in intended:
        pattern = parse_pattern(text) if WILDCARD in text else None
        why = why_public(pattern.host) if pattern is not None and pattern.subdomains else None
        if pattern is None or why is None:
            continue
        yield issue_of(
            IssueCode.PUBLIC_SUFFIX_WITH_CREDENTIALS,
            element,
            f"{pattern.host} {why}, and with allow_credentials=True a page there acts as your user.",
        )


def methods_can_be_sent(options: Options) -> Iterator[PolicyIssue]:
    """Reject a method that is not a token, that scripts cannot send, or that browsers spell differently."""
    for element in options.allow_methods:
        text = element.text
        if not is_token(text):
            yield issue_of(
                IssueCode.METHOD_NOT_A_TOKEN,
                element,
                "It is not a valid method: a method is one word of letters, digits and some punctuation.",
            )
        elif is_forbidden_method(text):
            yield issue_of(
                IssueCode.METHOD_FORBIDDEN,
                element,
                "Browsers do not let scripts use this method.",
            )
        elif text.upper() in STANDARD_METHODS and normalize_method(text) != text.upper():
            yield issue_of(
                IssueCode.METHOD_WRONG_CASE,
                element,
                f"Methods are case-sensitive, and browsers do not change the case of {text.upper()}: the page must "
                f'also use method: "{text.upper()}".',
            )


def header_names_are_tokens(options: Options) -> Iterator[PolicyIssue]:
    """Reject a header name that is not a token. One of them makes browsers reject the whole list."""
    for element in (*options.allow_headers, *options.expose_headers):
        if is_token(element.text):
            continue
        yield issue_of(
            IssueCode.HEADER_NOT_A_TOKEN,
            element,
            "It is not a valid header name: a name is one word of letters, digits and some punctuation, such as "
            "X-Token. One invalid name makes browsers reject the whole list.",
        )


def cors_headers_are_on_their_side(options: Options) -> Iterator[PolicyIssue]:
    """Reject CORS request headers in `expose_headers`. The reverse is harmless, and a warning."""
    for element in options.expose_headers:
        if element.text.lower() in ALL_CORS_REQUEST_HEADERS:
            yield issue_of(
                IssueCode.REQUEST_HEADER_IN_EXPOSE_HEADERS,
                element,
                "It is a request header; no response contains it.",
            )


def max_age_is_in_range(options: Options) -> Iterator[PolicyIssue]:
    """Reject a maximum age that is not a valid delta-seconds. RFC 9111, section 1.2.2."""
    age = options.max_age
    if age is None or 0 <= age <= MAX_MAX_AGE:
        return
    if age < 0:
        reason = "It must not be negative; 0 disables the preflight cache."
    else:
        reason = f"It is above {MAX_MAX_AGE}; no browser caches a preflight for more than a day."
    yield PolicyIssue(code=IssueCode.MAX_AGE_OUT_OF_RANGE, field="max_age", value=age, reason=reason)


def constant_is_one_origin(options: Options) -> Iterator[PolicyIssue]:
    """Reject `constant_allow_origin` unless exactly one origin is allowed.

    https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
    """
    if not options.constant_allow_origin:
        return
    intended = list(
        dict.fromkeys(
            text for element in options.allow_origins for text in _intended(element.text, options) or (element.text,)
        )
    )
    if options.allow_origin_regex is not None:
        why = "allow_origin_regex can match several"
    elif len(intended) != 1:
        why = f"allow_origins contains {len(intended) or 'none'}"
    elif WILDCARD in intended[0] or intended[0] == OPAQUE_ORIGIN:
        why = f"{intended[0]} is not the origin of one site"
    else:
        return
    yield PolicyIssue(
        code=IssueCode.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
        field="constant_allow_origin",
        value=True,
        reason=f"It needs exactly one allowed origin, but {why}.",
    )


ERRORS: tuple[Rule, ...] = (
    origins_can_be_sent,
    origins_are_safe_with_credentials,
    regex_is_safe,
    methods_can_be_sent,
    header_names_are_tokens,
    cors_headers_are_on_their_side,
    max_age_is_in_range,
    constant_is_one_origin,
)
