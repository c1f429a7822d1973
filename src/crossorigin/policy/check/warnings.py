"""The warnings, one function each: what in a policy does not do what it looks like, although it is safe to serve.

They are rules like those of `crossorigin.policy.check.rules`, and run only where those find nothing.
"""

from collections.abc import Callable, Iterator

from crossorigin.fetch.fields import WILDCARD
from crossorigin.fetch.headers import (
    CORS_SAFELISTED_RESPONSE_HEADERS,
    FORBIDDEN_RESPONSE_HEADERS,
    is_forbidden_request_header,
)
from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.methods import normalize_method
from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.options import Element, Options, issue_of
from crossorigin.policy.pattern import parse_pattern

# Firefox caps at a day, Chromium at two hours, Safari at ten minutes.
LARGEST_CAP = 86400

_LOOPBACK_IPV4 = "127."


def credentials_travel_encrypted(options: Options) -> Iterator[PolicyIssue]:
    """Warn of an http origin beyond this machine, with credentials."""
    if not options.allow_credentials:
        return
    for element in options.allow_origins:
        pattern = parse_pattern(element.text)
        if pattern is not None and pattern.scheme == "http" and not _is_loopback(pattern.host):
            yield issue_of(
                IssueCode.INSECURE_ORIGIN_WITH_CREDENTIALS,
                element,
                "Whoever is on the network path can change a page that comes over http, and act as your user from it.",
            )


def _is_loopback(host: str) -> bool:
    name = host.removesuffix(".")
    if name in {"[::1]", "localhost"} or name.endswith(".localhost"):
        return True
    return is_ipv4(name) and name.startswith(_LOOPBACK_IPV4)


def regex_can_match(options: Options) -> Iterator[PolicyIssue]:
    """Warn of a regular expression that matches nothing a browser sends: a trailing slash, no scheme."""
    text = options.allow_origin_regex
    if text is None:
        return
    from crossorigin.policy.check.regex.syntax import looks, parse_regex
    from crossorigin.policy.check.regex.untrusted import sample_origins

    tree = parse_regex(text)
    # A look-around may refuse the samples and still let in what is meant.
    if next(looks(tree), None) is None and next(sample_origins(text, tree), None) is None:
        yield issue_of(
            IssueCode.REGEX_NEVER_MATCHES,
            Element("allow_origin_regex", text),
            "It is matched against the whole of an origin, scheme://host or scheme://host:port, and nothing that it "
            "matches has that form.",
        )


def nothing_stands_beside_a_wildcard(options: Options) -> Iterator[PolicyIssue]:
    """Warn of origins and a regular expression beside `*`: they never matter."""
    if all(element.text != WILDCARD for element in options.allow_origins):
        return
    beside = [element for element in options.allow_origins if element.text != WILDCARD]
    if options.allow_origin_regex is not None:
        beside.append(Element("allow_origin_regex", options.allow_origin_regex))
    for element in beside:
        yield issue_of(
            IssueCode.ORIGIN_BESIDE_WILDCARD,
            element,
            'It never matters: "*" beside it allows every origin already.',
        )


def nothing_is_listed_twice(options: Options) -> Iterator[PolicyIssue]:
    """Warn of duplicates, which are dropped: a second entry is often a mistyped other one."""
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
                yield issue_of(IssueCode.DUPLICATE, element, f"It is listed before, as {first.field}.")


def names_matter(options: Options) -> Iterator[PolicyIssue]:
    """Warn of header names that change nothing, whichever list they stand in."""
    for element in options.allow_headers:
        if is_forbidden_request_header(element.text):
            yield issue_of(
                IssueCode.REQUEST_HEADER_NEVER_MATTERS,
                element,
                "Browsers set it themselves and scripts cannot, so no page ever asks for it."
                + (" Cookies are a matter of allow_credentials." if element.text.lower() == "cookie" else ""),
            )
    for element in options.expose_headers:
        lowered = element.text.lower()
        if lowered in FORBIDDEN_RESPONSE_HEADERS:
            reason = "No script can ever read it, exposed or not."
        elif lowered in CORS_SAFELISTED_RESPONSE_HEADERS:
            reason = "Every page that may read the response may read it already."
        else:
            continue
        yield issue_of(IssueCode.RESPONSE_HEADER_NEVER_MATTERS, element, reason)


def max_age_is_honored(options: Options) -> Iterator[PolicyIssue]:
    """Warn of a maximum age that no browser honors."""
    if options.max_age is not None and options.max_age > LARGEST_CAP:
        yield PolicyIssue(
            code=IssueCode.MAX_AGE_ABOVE_CAPS,
            field="max_age",
            value=options.max_age,
            reason="Browsers keep a preflight's answer for less: 7200 seconds in Chromium, 86400 in Firefox, 600 in "
            "Safari.",
        )


WARNINGS: tuple[Callable[[Options], Iterator[PolicyIssue]], ...] = (
    credentials_travel_encrypted,
    regex_can_match,
    nothing_stands_beside_a_wildcard,
    nothing_is_listed_twice,
    names_matter,
    max_age_is_honored,
)
