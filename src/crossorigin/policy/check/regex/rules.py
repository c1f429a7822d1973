"""Hold the rule for `allow_origin_regex`: what it may cost, and with credentials whom it may let in.

It is a rule like those of `crossorigin.policy.check.rules`. What it stands on is loaded late: it is a third of what
importing the package would cost, and most policies have no regular expression.
"""

from __future__ import annotations

import re
import warnings

from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.options import Element, Options, issue_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossorigin.policy.check.regex.cost import Cost
    from crossorigin.policy.check.regex.syntax import Node

_EXAMPLE = r'r"https://.*\.example\.org"'


def regex_is_safe(options: Options) -> Iterator[PolicyIssue]:
    """Refuse a regular expression that does not compile, that could be catastrophic, or that lets strangers in.

    Each question is asked only where the one before was answered well: an expression that could be catastrophic is
    never run, not even on samples.
    """
    text = options.allow_origin_regex
    if text is None:
        return
    element = Element("allow_origin_regex", text)
    if not text:
        yield issue_of(IssueCode.REGEX_EMPTY, element, "It is empty, so it matches no origin.")
        return
    try:
        _compile(text)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        yield issue_of(
            IssueCode.REGEX_INVALID,
            element,
            f"It is no regular expression: {error}.",
            f"a regular expression that Python compiles, as in {_EXAMPLE}.",
        )
        return
    from crossorigin.policy.check.regex.cost import find_cost
    from crossorigin.policy.check.regex.syntax import UnreadableRegexError, parse_regex

    try:
        tree = parse_regex(text)
        cost = find_cost(tree)
    except UnreadableRegexError as error:
        yield issue_of(
            IssueCode.REGEX_NOT_JUDGED,
            element,
            f"What it may cost cannot be told, because of {error}: back-references, conditional groups, comments, "
            "verbose expressions and very large ones are not taken.",
            f"the same without them, as in {_EXAMPLE}.",
        )
        return
    if cost is not None:
        yield _tell_cost(cost, element)
    elif options.allow_credentials:
        yield from _tell_strangers(tree, element, allow_public_suffixes=options.dangerously_allow_public_suffixes)


def _compile(text: str) -> None:
    with warnings.catch_warnings():
        # What a later Python will read otherwise must not be what decides who gets in.
        warnings.simplefilter("error", FutureWarning)
        re.compile(text)


def _tell_cost(cost: Cost, element: Element) -> PolicyIssue:
    parts = " and ".join(cost.parts)
    if cost.doubles:
        return issue_of(
            IssueCode.REGEX_CATASTROPHIC,
            element,
            f"{parts} can match one text in several ways, and each round doubles them: one request with a long "
            "Origin would keep the server busy for hours.",
            r'rounds that begin or end with a character that nothing inside matches, as in r"https://([a-z0-9-]+\.)*'
            r'example\.com".',
        )
    return issue_of(
        IssueCode.REGEX_CATASTROPHIC,
        element,
        (f"{parts} compete" if len(cost.parts) > 1 else f"{parts} competes with itself")
        + " for the same characters in too many ways: requests with a long Origin would keep the server busy.",
        f"one part without end, or between two of them a character that neither matches, as in {_EXAMPLE}.",
    )


def _tell_strangers(tree: Node, element: Element, *, allow_public_suffixes: bool) -> Iterator[PolicyIssue]:
    from crossorigin.policy.check.regex.syntax import looks
    from crossorigin.policy.check.regex.untrusted import find_stranger

    if any(not look.refuses for look in looks(tree)):
        yield issue_of(
            IssueCode.REGEX_NOT_JUDGED,
            element,
            "Whom it lets in cannot be told, because of a look-around that says what must stand there, and with "
            "allow_credentials=True a stranger's page would act as your user.",
            f"the same without it, as in {_EXAMPLE}.",
        )
        return
    found = find_stranger(element.text, tree, allow_public_suffixes=allow_public_suffixes)
    if found is not None:
        stranger, why = found
        yield issue_of(
            IssueCode.REGEX_LETS_STRANGERS_IN,
            element,
            f"It lets in {stranger}, {why}, and with allow_credentials=True a page there acts as your user.",
            "escaped dots, a dot before the name of your host and an end behind it, as in "
            f'{_EXAMPLE}; or the same in allow_origins: "https://*.example.org".',
        )
