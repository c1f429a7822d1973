"""What is wrong with the `Origin` of a request that is not an origin.

The texts for `allow_origins` mostly fit a request as well. Those about settings, lists and patterns do not.
"""

from __future__ import annotations

from crossorigin.fetch.fields import WILDCARD
from crossorigin.policy.check.origin_repair import diagnose
from crossorigin.policy.errors import IssueCode

_EMPTY = "The Origin header is empty; browsers send an origin, or null, or no Origin header."
_SEVERAL = "The Origin header contains several origins; browsers send exactly one."
_PATTERN = "It is a pattern, and browsers send the exact origin of a page."


def describe_malformed(text: str) -> tuple[str, tuple[str, ...]]:
    """Return why the `Origin` of a request is malformed, and the origins that a browser would send instead.

    >>> describe_malformed("https://app.example.com/")[1]
    ('https://app.example.com',)
    """
    if not text:
        return _EMPTY, ()
    diagnosis = diagnose(text)
    # The only texts that can be listed and are not origins are patterns.
    if diagnosis is None or WILDCARD in text or diagnosis.code is IssueCode.ORIGIN_LOOKS_LIKE_REGEX:
        return _PATTERN, ()
    why = _SEVERAL if diagnosis.code is IssueCode.MULTIPLE_ORIGINS else diagnosis.reason
    return why, diagnosis.replacements
