"""Hold the rules for `allow_origin_regex`: what it may cost, and with credentials whom it may let in.

They are rules like those of `crossorigin.policy.rules`. What they stand on is loaded late: it is a third of what
importing the package would cost, and most policies have no regular expression.
"""

import re
import warnings
from collections.abc import Iterator

from crossorigin.policy.errors import IssueCode, PolicyIssue
from crossorigin.policy.options import Element, Options, issue_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard

    from crossorigin.policy.regex import Node

_FIELD = "allow_origin_regex"
_EXAMPLE = r'r"https://.*\.example\.org"'


def regex_compiles(options: Options) -> Iterator[PolicyIssue]:
    """Refuse a regular expression that is empty or does not compile."""
    text = options.allow_origin_regex
    if text is None:
        return
    element = Element(_FIELD, text)
    if not text:
        yield issue_of(IssueCode.REGEX_EMPTY, element, "It is empty, so it matches no origin.", "None")
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


def regex_is_bounded(options: Options) -> Iterator[PolicyIssue]:
    """Refuse a regular expression that a stranger's Origin can keep busy."""
    text = options.allow_origin_regex
    if not _compiles(text):
        return
    from crossorigin.policy.cost import find_cost  # noqa: PLC0415
    from crossorigin.policy.regex import UnreadableRegexError, parse_regex  # noqa: PLC0415

    element = Element(_FIELD, text)
    try:
        cost = find_cost(parse_regex(text))
    except UnreadableRegexError as error:
        yield issue_of(
            IssueCode.REGEX_NOT_JUDGED,
            element,
            f"What it may cost cannot be told, because of {error}: back-references, conditional groups, comments, "
            "verbose expressions and very large ones are not taken.",
            f"the same without them, as in {_EXAMPLE}.",
        )
        return
    if cost is None:
        return
    parts = " and ".join(cost.parts)
    if cost.doubles:
        yield issue_of(
            IssueCode.REGEX_CATASTROPHIC,
            element,
            f"{parts} can match one text in several ways, and each round doubles them: one request with a long "
            "Origin would keep the server busy for hours.",
            r'rounds that begin or end with a character that nothing inside matches, as in r"https://([a-z0-9-]+\.)*'
            r'example\.com".',
        )
        return
    yield issue_of(
        IssueCode.REGEX_CATASTROPHIC,
        element,
        (f"{parts} compete" if len(cost.parts) > 1 else f"{parts} competes with itself")
        + " for the same characters in too many ways: requests with a long Origin would keep the server busy.",
        f"one part without end, or between two of them a character that neither matches, as in {_EXAMPLE}.",
    )


def regex_keeps_strangers_out(options: Options) -> Iterator[PolicyIssue]:
    """Refuse, with credentials, a regular expression that lets in an origin its author cannot mean."""
    text = options.allow_origin_regex
    tree = _bounded_tree(text) if options.allow_credentials else None
    if text is None or tree is None:
        return
    from crossorigin.policy.regex import looks  # noqa: PLC0415
    from crossorigin.policy.strangers import find_stranger  # noqa: PLC0415

    element = Element(_FIELD, text)
    if any(not look.refuses for look in looks(tree)):
        yield issue_of(
            IssueCode.REGEX_NOT_JUDGED,
            element,
            "Whom it lets in cannot be told, because of a look-around that says what must stand there, and with "
            "allow_credentials=True a stranger's page would act as your user.",
            f"the same without it, as in {_EXAMPLE}.",
        )
        return
    found = find_stranger(text, tree, allow_public_suffixes=options.dangerously_allow_public_suffixes)
    if found is not None:
        stranger, why = found
        yield issue_of(
            IssueCode.REGEX_LETS_STRANGERS_IN,
            element,
            f"It lets in {stranger}, {why}, and with allow_credentials=True a page there acts as your user.",
            "escaped dots, a dot before the name of your host and an end behind it, as in "
            f'{_EXAMPLE}; or the same in allow_origins: "https://*.example.org".',
        )


def _compile(text: str) -> None:
    with warnings.catch_warnings():
        # What a later Python will read otherwise must not be what decides who gets in.
        warnings.simplefilter("error", FutureWarning)
        re.compile(text)


def _compiles(text: str | None) -> "TypeGuard[str]":
    if not text:
        return False
    try:
        _compile(text)
    except (re.error, OverflowError, RecursionError, FutureWarning):
        return False
    return True


def _bounded_tree(text: str | None) -> "Node | None":
    """Return the tree of an expression that is safe to run on samples."""
    from crossorigin.policy.cost import find_cost  # noqa: PLC0415
    from crossorigin.policy.regex import UnreadableRegexError, parse_regex  # noqa: PLC0415

    try:
        tree = parse_regex(text) if _compiles(text) else None
        return None if tree is None or find_cost(tree) is not None else tree
    except UnreadableRegexError:
        return None
