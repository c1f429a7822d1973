"""The reasons and fixes for regular expressions that are invalid, useless or safe only by accident.

Every suggested expression has been checked.
"""

from __future__ import annotations

import re

from crossorigin.policy.check.origin_repair import MISSING_VALUES, UNFILLED
from crossorigin.policy.check.regex.cause import REGEX, Cause
from crossorigin.policy.check.regex.intentions import (
    cut_paths,
    lower_letters,
    unify_backslashes,
    unwrap,
    web_schemes,
    with_schemes,
)
from crossorigin.policy.check.regex.repairs import escape_dots, replace_globs, without_atoms, without_branches
from crossorigin.policy.check.regex.schemes import NEVER_SENT
from crossorigin.policy.fixes import REMOVE, Fix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.check.regex.examination import Fixer
    from crossorigin.policy.check.regex.verdict import Verdict

_NEVER_MATCHES = (
    "It must match a whole origin, which is scheme://host or scheme://host:port in lower case, but it matches no text "
    "of this form."
)


def explain_unsupported(text: str, part: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression that an automaton cannot express."""
    reason = f"It contains {part}, which is not supported: each origin is matched in one pass, without backtracking."
    fixed = without_atoms(text)
    if fixed != text and fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction=r'write the expression without it, as in r"https://.*\.example\.org".')


def explain_too_large(why: str) -> Cause:
    """Return the cause for an expression that exceeds a limit."""
    return Cause(
        f"The expression is too large: {why}.",
        instruction="list the origins in allow_origins, where their number does not matter; or write a shorter "
        r'expression, with * instead of large counts, as in r"https://.*\.example\.org".',
    )


def explain_insecure(text: str, verdict: Verdict, fixer: Fixer) -> Cause:
    """Return the cause for an expression that allows an unencrypted origin."""
    reason = f"It allows {verdict.insecure}. Anyone on the network path can modify an http page and act as your user."
    fixed = text.replace("https?", "https").replace("http://", "https://").replace("(http|https)", "https")
    found = fixer.examine(fixed) if fixed != text and "localhost" not in text and "127" not in text else None
    if found is not None and found.can_match and found.verdict.danger is None and found.verdict.insecure is None:
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(
        reason,
        instruction="match http:// only for hosts on this machine or a private network, and https:// for all others.",
    )


def explain_unescaped_dot(text: str, fixer: Fixer) -> Cause | None:
    """Return the cause for unescaped dots, or None if there are none or escaping them breaks the expression."""
    fixed = escape_dots(text)
    if fixed == text or not fixer.is_fine(fixed):
        return None
    return Cause(
        "An unescaped dot matches any character. This expression allows no other existing host, but it may after a "
        "later change.",
        (Fix(REGEX, fixed),),
    )


def explain_glob(text: str, fixer: Fixer) -> Cause | None:
    """Return the cause for a wildcard of file names in an expression, or None if there is none."""
    fixed = replace_globs(text)
    if fixed == text:
        return None
    fixed = escape_dots(fixed)
    reason = (
        'In an expression, "*" repeats the character before it and is not a wildcard, so it does not match the origins '
        "that it seems to."
    )
    if fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction="list the origins in allow_origins, where * can be a subdomain or a port.")


def explain_invalid(text: str, why: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression that Python cannot compile."""
    reason = f"Invalid regular expression: {why}."
    if text == "*":
        return Cause(reason, instruction='remove it, and use allow_origins=["*"] without credentials to allow all.')
    fixed = rf"https://.*\.{re.escape(text[2:])}" if text.startswith("*.") else text
    if fixed != text and fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction=r'use a valid regular expression, such as r"https://.*\.example\.org".')


def explain_never_sent(text: str, scheme: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression with a scheme that browsers never send."""
    instead = "pages from files send null" if scheme == "file" else "a WebSocket handshake sends the origin of its page"
    reason = f"No browser sends an origin that begins with {scheme}://: {instead}."
    for fixed in (without_branches(text, "file:", "ws:", "wss:", "wss?:"), web_schemes(text)):
        if fixed and fixed != text and fixer.is_fine(fixed):
            return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction="remove that part of the expression.")


def explain_never_matches(text: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression that matches no origin."""
    cause = _not_an_expression(text) or _only_never_sent(text, fixer)
    if cause is not None:
        return cause
    reason = _NEVER_MATCHES
    unwrapped = list(unwrap(text))
    for why, fixed in unwrapped:
        if fixer.is_fine(fixed):
            return Cause(f"{reason} {why}", (Fix(REGEX, fixed),))
    if unwrapped:
        reason += f" {unwrapped[0][0]}"
    elif "\\\\" in text:
        reason += r" \\ matches a backslash, which no origin contains."
    for fixed in (
        unify_backslashes(text),
        cut_paths(text),
        with_schemes(text),
        lower_letters(text),
    ):
        if fixed != text and fixer.is_fine(fixed):
            return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(
        reason, instruction=r'write an expression that matches the whole origin, as in r"https://.*\.example\.org".'
    )


def _not_an_expression(text: str) -> Cause | None:
    """Return the cause for a missing value or a variable that was not substituted, or None."""
    value = text.strip()
    if not value or value.lower() in MISSING_VALUES:
        shown = f": {value}" if value else ""
        reason = f"It is not an expression, but what str() or a template writes for a missing value{shown}."
        return Cause(reason, (Fix(REGEX, REMOVE),))
    if UNFILLED.search(text):
        return Cause(
            f"{_NEVER_MATCHES} It contains a variable that was not substituted.",
            instruction="write the expression with the value of the variable.",
        )
    return None


def _only_never_sent(text: str, fixer: Fixer) -> Cause | None:
    start = text.lstrip("^(")
    never_sent = next((scheme for scheme in NEVER_SENT if start.startswith((f"{scheme}:", f"{scheme}?:"))), None)
    return None if never_sent is None else explain_never_sent(text, never_sent, fixer)
