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

_ANY_PORT_SUFFIX = b":*"
# No colon of a scheme, http or https, is further in.
_END_OF_SCHEME = len("https")


class OriginMatcher:
    """Find what in a policy allows an origin.

    `origins` are valid patterns, or `null`. `regex` is matched against the whole of a serialized origin, and never
    against `null` or anything else that is not one.
    """

    __slots__ = ("_any_port", "_one_port", "_parents", "_patterns", "_regex", "exact", "has_patterns", "has_regex")

    def __init__(self, origins: Iterable[str], regex: str | None = None) -> None:
        """Compile the index."""
        exact: list[str] = []
        patterns: list[str] = []
        for text in origins:
            (patterns if "*" in text else exact).append(text)
        self.exact = frozenset(text.encode("ascii") for text in exact)
        self._patterns = frozenset(patterns)
        # The same patterns for `matches_pattern`: with one port or none, with any port but without the `:*`, and the
        # hosts after a leading `*.`.
        encoded = [text.encode("ascii") for text in patterns]
        self._one_port = frozenset(text for text in encoded if not text.endswith(_ANY_PORT_SUFFIX))
        self._any_port = frozenset(text[:-2] for text in encoded if text.endswith(_ANY_PORT_SUFFIX))
        self._parents = frozenset(
            text.partition(b"://*.")[2].partition(b":")[0] for text in encoded if b"://*." in text
        )
        self.has_patterns = bool(patterns)
        self.has_regex = regex is not None
        self._regex: RegexMatcher | None = None
        if regex is not None:
            from crossorigin.policy.regex.matcher import compile_matcher

            self._regex = compile_matcher(regex)

    def lists(self, text: str) -> bool:
        """Return whether an origin or a pattern is one of those that the policy lists."""
        return text in self._patterns or text.encode() in self.exact

    def find_pattern(self, origin: Origin) -> str | None:
        """Return the listed pattern with a `*` that matches `origin`, the nearest one if there are several."""
        if not self._patterns:
            return None
        for text in patterns_of(origin):
            if text in self._patterns:
                return text
        return None

    def matches_pattern(self, origin: bytes) -> bool:
        """Return whether `find_pattern` finds one, for an `is_common_origin` and at a quarter of the cost."""
        colon = origin.rfind(b":")
        base, port = (origin[:colon], origin[colon:]) if colon > _END_OF_SCHEME else (origin, b"")
        if base in self._any_port:
            return True
        _, _, parent = base.partition(b".")
        while parent:
            if parent in self._parents:
                wildcard = base[: base.index(b"/")] + b"//*." + parent
                if wildcard in self._any_port or wildcard + port in self._one_port:
                    return True
            _, _, parent = parent.partition(b".")
        return False

    def matches_regex(self, origin: bytes) -> bool:
        """Return whether the regular expression matches the whole of a serialized origin."""
        return self._regex is not None and self._regex.matches(origin)

    def allows(self, value: bytes) -> bool:
        """Return whether a single `Origin` line is allowed."""
        if value in self.exact:
            return True
        origin = parse_origin_bytes(value)
        return origin is not None and (self.find_pattern(origin) is not None or self.matches_regex(value))
