"""The rules of validation, one function each: options in, issues out.

They refuse what would allow untrusted origins or could never match. `validate` runs them all, and the warnings where
nothing was refused, and reports everything at once, in the order of the options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import ALL_CORS_REQUEST_HEADERS, ALL_CORS_RESPONSE_HEADERS
from crossorigin.fetch.methods import STANDARD_METHODS, is_forbidden_method, is_token, normalize_method
from crossorigin.fetch.origin import OPAQUE_ORIGIN
from crossorigin.policy.check.public_suffix import why_public
from crossorigin.policy.check.regex.rules import regex_is_safe
from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.options import Options, issue_of
from crossorigin.policy.pattern import can_be_listed, parse_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.check.origin_repair import Diagnosis

MAX_MAX_AGE = 2147483647


Rule = Callable[[Options], Iterator[PolicyIssue]]


def _meant(text: str) -> tuple[str, ...]:
    """Return what `text` is, or what it was meant to be."""
    if can_be_listed(text):
        return (text,)
    from crossorigin.policy.check.origin_repair import repair

    return repair(text)


def _diagnose(text: str) -> Diagnosis | None:
    if can_be_listed(text):
        return None
    # The tables of errors are a quarter of what importing the package costs; a correct policy needs none of them.
    from crossorigin.policy.check.origin_repair import diagnose

    return diagnose(text)


def origins_can_be_sent(options: Options) -> Iterator[PolicyIssue]:
    """Refuse an origin that no browser can send."""
    for element in options.allow_origins:
        diagnosis = _diagnose(element.text)
        if diagnosis is not None:
            yield issue_of(diagnosis.code, element, diagnosis.reason)


def wildcard_has_no_credentials(options: Options) -> Iterator[PolicyIssue]:
    """Refuse `*` with credentials: the standard forbids it, and reflecting every origin would let every site in.

    https://fetch.spec.whatwg.org/#cors-protocol-and-credentials
    """
    if not options.allow_credentials:
        return
    for element in options.allow_origins:
        if WILDCARD in _meant(element.text):
            yield issue_of(
                IssueCode.WILDCARD_WITH_CREDENTIALS,
                element,
                "With allow_credentials=True it would let every site on the web act as your user. No browser takes "
                '"*" for a request with credentials, and answering with whatever origin asks is the same hole.',
            )


def null_has_no_credentials(options: Options) -> Iterator[PolicyIssue]:
    """Refuse `null` with credentials: any site can get that origin, by a sandboxed frame."""
    if not options.allow_credentials:
        return
    for element in options.allow_origins:
        if OPAQUE_ORIGIN in _meant(element.text):
            yield issue_of(
                IssueCode.NULL_WITH_CREDENTIALS,
                element,
                "Every site can send this origin, from a sandboxed frame or a data: URL, so with "
                "allow_credentials=True it lets every site act as your user.",
            )


def wildcards_keep_strangers_out(options: Options) -> Iterator[PolicyIssue]:
    """Refuse a wildcard, with credentials, that stands before a name below which strangers register theirs."""
    if not options.allow_credentials or options.dangerously_allow_public_suffixes:
        return
    for element in options.allow_origins:
        for text in _meant(element.text):
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
    """Refuse a method that is no token, that scripts may not send, or that browsers spell otherwise."""
    for element in options.allow_methods:
        text = element.text
        if not is_token(text):
            yield issue_of(
                IssueCode.METHOD_NOT_A_TOKEN,
                element,
                "It is not a method: a method is one word of letters, digits and a few signs.",
            )
        elif is_forbidden_method(text):
            yield issue_of(
                IssueCode.METHOD_FORBIDDEN,
                element,
                "Browsers refuse it to every script, so it can never be asked for.",
            )
        elif text.upper() in STANDARD_METHODS and normalize_method(text) != text.upper():
            yield issue_of(
                IssueCode.METHOD_WRONG_CASE,
                element,
                f"Methods are compared letter by letter, and browsers do not change the case of {text.upper()}: the "
                f'page too must say method: "{text.upper()}".',
            )


def header_names_are_tokens(options: Options) -> Iterator[PolicyIssue]:
    """Refuse a header name that is no token; one in a list makes browsers refuse the whole list."""
    for element in (*options.allow_headers, *options.expose_headers):
        if is_token(element.text):
            continue
        yield issue_of(
            IssueCode.HEADER_NOT_A_TOKEN,
            element,
            "It is not a header name: a name is one word of letters, digits and a few signs, such as X-Token. One "
            "bad name makes browsers refuse the whole list.",
        )


def cors_headers_are_on_their_side(options: Options) -> Iterator[PolicyIssue]:
    """Refuse response headers of CORS among request headers, and the reverse."""
    for element in options.allow_headers:
        if element.text.lower() in ALL_CORS_RESPONSE_HEADERS:
            yield issue_of(
                IssueCode.RESPONSE_HEADER_IN_ALLOW_HEADERS,
                element,
                "It is a response header: the server answers with it, and no page has to send it.",
            )
    for element in options.expose_headers:
        if element.text.lower() in ALL_CORS_REQUEST_HEADERS:
            yield issue_of(
                IssueCode.REQUEST_HEADER_IN_EXPOSE_HEADERS,
                element,
                "It is a request header: the browser asks with it, and no response carries it.",
            )


def max_age_is_in_range(options: Options) -> Iterator[PolicyIssue]:
    """Refuse a maximum age that is no delta-seconds. RFC 9111, section 1.2.2."""
    age = options.max_age
    if age is None or 0 <= age <= MAX_MAX_AGE:
        return
    if age < 0:
        reason = "A number of seconds is not negative; 0 disables the cache."
    else:
        reason = f"It is above {MAX_MAX_AGE}; no browser keeps an answer for more than a day."
    yield PolicyIssue(code=IssueCode.MAX_AGE_OUT_OF_RANGE, field="max_age", value=age, reason=reason)


def constant_is_one_origin(options: Options) -> Iterator[PolicyIssue]:
    """Refuse a constant answer unless there is exactly one to give.

    https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches
    """
    if not options.constant_allow_origin:
        return
    meant = list(
        dict.fromkeys(text for element in options.allow_origins for text in _meant(element.text) or (element.text,))
    )
    if options.allow_origin_regex is not None:
        why = "allow_origin_regex allows origins that are not written out"
    elif len(meant) != 1:
        why = f"allow_origins holds {len(meant) or 'none'}"
    elif WILDCARD in meant[0] or meant[0] == OPAQUE_ORIGIN:
        why = f"{meant[0]} is not the origin of one site"
    else:
        return
    yield PolicyIssue(
        code=IssueCode.CONSTANT_ORIGIN_NEEDS_ONE_ORIGIN,
        field="constant_allow_origin",
        value=True,
        reason=f"It names one origin in every response, and {why}.",
    )


ERRORS: tuple[Rule, ...] = (
    origins_can_be_sent,
    wildcard_has_no_credentials,
    null_has_no_credentials,
    wildcards_keep_strangers_out,
    regex_is_safe,
    methods_can_be_sent,
    header_names_are_tokens,
    cors_headers_are_on_their_side,
    max_age_is_in_range,
    constant_is_one_origin,
)
