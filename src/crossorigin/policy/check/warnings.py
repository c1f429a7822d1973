"""The rules for warnings, one function each: parts of a policy that are safe but do not do what they appear to do.

They run only if the rules in `crossorigin.policy.check.rules` find no error.
"""

from collections.abc import Callable, Iterator

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import (
    ALL_CORS_RESPONSE_HEADERS,
    CORS_SAFELISTED_RESPONSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    is_forbidden_request_header,
)
from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.methods import normalize_method
from crossorigin.policy.check.regex.rules import regex_does_what_it_says
from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.options import Element, Options, issue_of
from crossorigin.policy.pattern import parse_pattern

# Browsers cap the maximum age: Firefox at one day, Chromium at two hours, Safari at ten minutes.
LARGEST_CAP = 86400

_WORDS_FOR_ALL = frozenset({"all", "any"})
_LOOPBACK_IPV4 = "127."
# The address that servers listen on. As the host of a URL it leads to this machine.
_ANY_ADDRESS = "0.0.0.0"  # noqa: S104  # it is compared, and nothing listens on it


def credentials_are_encrypted(options: Options) -> Iterator[PolicyIssue]:
    """Warn about an http origin that is not loopback, with credentials."""
    if not options.allow_credentials:
        return
    has_network = False
    for element in options.allow_origins:
        # Most origins are https, and need not be parsed.
        pattern = parse_pattern(element.text) if element.text.startswith("http://") else None
        if pattern is not None and not is_loopback(pattern.host):
            is_network = WILDCARD in pattern.host
            if is_network and has_network:
                continue  # one warning for all networks: the advice is the same
            has_network = has_network or is_network
            yield issue_of(
                IssueCode.INSECURE_ORIGIN_WITH_CREDENTIALS,
                element,
                "Anyone on the network path can modify an http page and act as your user.",
            )


def is_loopback(host: str) -> bool:
    """Return whether the host of an origin is this machine."""
    name = host.removesuffix(".")
    if name in {"[::1]", "localhost", _ANY_ADDRESS} or name.endswith(".localhost"):
        return True
    return is_ipv4(name) and name.startswith(_LOOPBACK_IPV4)


def wildcard_is_alone(options: Options) -> Iterator[PolicyIssue]:
    """Warn about origins and a regular expression next to `*`, because they have no effect."""
    if all(element.text != WILDCARD for element in options.allow_origins):
        return
    unused = [element for element in options.allow_origins if element.text != WILDCARD]
    if options.allow_origin_regex is not None:
        unused.append(Element("allow_origin_regex", options.allow_origin_regex))
    for element in unused:
        yield issue_of(
            IssueCode.REDUNDANT_WITH_WILDCARD,
            element,
            'It has no effect, because "*" already allows every origin.',
        )


def entries_are_unique(options: Options) -> Iterator[PolicyIssue]:
    """Warn about duplicates. They are dropped, but one of the two is often a typing error."""
    for elements, canonical in (
        (options.allow_origins, str),
        (options.allow_methods, normalize_method),
        (options.allow_headers, str.lower),
        (options.expose_headers, str.lower),
    ):
        seen: dict[str, Element] = {}
        for element in elements:
            first = seen.setdefault(canonical(element.text), element)
            if first is not element:
                yield issue_of(IssueCode.DUPLICATE_ENTRY, element, f"It is a duplicate of {first.field}.")


def names_mean_what_they_say(options: Options) -> Iterator[PolicyIssue]:
    """Warn about a name that was probably meant as a wildcard. It allows only the method or header of this name."""
    for what, elements in (
        ("method", options.allow_methods),
        ("header", options.allow_headers),
        ("header", options.expose_headers),
    ):
        for element in elements:
            if WILDCARD in element.text and element.text != WILDCARD:
                yield issue_of(
                    IssueCode.NAME_INSTEAD_OF_WILDCARD,
                    element,
                    f"It is read as the name of one {what}, because {WILDCARD} in a name has no special meaning.",
                    f'list each {what}, or write "{WILDCARD}" to allow all {what}s.',
                )
            if element.text.lower() in _WORDS_FOR_ALL:
                yield issue_of(
                    IssueCode.NAME_INSTEAD_OF_WILDCARD,
                    element,
                    f'It is read as the name of one {what}. The wildcard for all {what}s is "*".',
                )


def header_names_have_an_effect(options: Options) -> Iterator[PolicyIssue]:
    """Warn about header names that have no effect in `allow_headers` or `expose_headers`."""
    for element in options.allow_headers:
        if element.text.lower() in ALL_CORS_RESPONSE_HEADERS:
            yield issue_of(
                IssueCode.RESPONSE_HEADER_IN_ALLOW_HEADERS,
                element,
                "It is a response header, which the middleware sets. A page that sends it should not: it has no effect "
                "in a request.",
            )
        if is_forbidden_request_header(element.text):
            yield issue_of(
                IssueCode.REQUEST_HEADER_WITHOUT_EFFECT,
                element,
                "Only browsers can set this header, so no page ever requests it."
                + (" To allow cookies, use allow_credentials." if element.text.lower() == "cookie" else ""),
            )
    for element in options.expose_headers:
        lowered = element.text.lower()
        if lowered in FORBIDDEN_RESPONSE_HEADERS:
            reason = "Scripts can never read this header, even if it is exposed."
        elif lowered in CORS_SAFELISTED_RESPONSE_HEADERS:
            reason = "Every page that can read the response can already read this header."
        else:
            continue
        yield issue_of(IssueCode.RESPONSE_HEADER_WITHOUT_EFFECT, element, reason)


def max_age_is_honored(options: Options) -> Iterator[PolicyIssue]:
    """Warn about a maximum age that no browser honors."""
    if options.max_age is not None and options.max_age > LARGEST_CAP:
        yield PolicyIssue(
            code=IssueCode.MAX_AGE_ABOVE_BROWSER_LIMITS,
            field="max_age",
            value=options.max_age,
            reason="Browsers cap the value: Chromium at 7200 seconds, Firefox at 86400, Safari at 600.",
        )


WARNINGS: tuple[Callable[[Options], Iterator[PolicyIssue]], ...] = (
    credentials_are_encrypted,
    regex_does_what_it_says,
    wildcard_is_alone,
    entries_are_unique,
    names_mean_what_they_say,
    header_names_have_an_effect,
    max_age_is_honored,
)
