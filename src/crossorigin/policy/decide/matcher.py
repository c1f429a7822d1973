"""The compiled index of the origins that a policy allows.

It has a table of exact origins and a table of patterns. An origin is matched against the patterns by generating the few
patterns that could match it, and looking up each one. It never loops over the list of the policy, never joins it to one
regular expression, and never compares by prefix, suffix or substring.
"""

from __future__ import annotations

from crossorigin.fetch.origin import Origin, parse_origin_bytes
from crossorigin.policy.pattern import patterns_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossorigin.policy.regex.matcher import RegexMatcher


class OriginMatcher:
    """Find what in a policy allows an origin.

    `origins` are valid patterns, or `null`. `regex` is matched against the whole of a serialized origin, and never
    against `null` or anything else that is not one.
    """

    __slots__ = ("_patterns", "_regex", "exact")

    def __init__(self, origins: Iterable[str], regex: str | None = None) -> None:
        """Compile the index."""
        exact: list[str] = []
        patterns: list[str] = []
        for text in origins:
            (patterns if "*" in text else exact).append(text)
        self.exact = frozenset(text.encode("ascii") for text in exact)
        self._patterns = frozenset(patterns)
        self._regex: RegexMatcher | None = None
        if regex is not None:
            from crossorigin.policy.regex.matcher import compile_matcher

            self._regex = compile_matcher(regex)

    def find_pattern(self, origin: Origin) -> str | None:
        """Return the listed pattern with a `*` that matches `origin`, the nearest one if there are several."""
        if not self._patterns:
            return None
        for text in patterns_of(origin):
            if text in self._patterns:
                return text
        return None

    def matches_regex(self, origin: bytes) -> bool:
        """Return whether the regular expression matches the whole of a serialized origin."""
        return self._regex is not None and self._regex.matches(origin)

    def allows(self, value: bytes) -> bool:
        """Return whether a single `Origin` line is allowed."""
        if value in self.exact:
            return True
        origin = parse_origin_bytes(value)
        return origin is not None and (self.find_pattern(origin) is not None or self.matches_regex(value))
