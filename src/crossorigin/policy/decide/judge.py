"""The checks of origin, method and header names: the only place where a request is allowed or refused.

`Judge` holds the values that requests are compared with. It returns one `Reason` for the origin, and for a
CORS-preflight request one each for the method and the header names. Every check takes bounded time: values that a
client can make long are measured before they are read.
"""

from __future__ import annotations

from crossorigin.fetch.fields import MAX_EMPTY_ELEMENTS, MAX_LIST_BYTES, WILDCARD, list_size, split_list
from crossorigin.fetch.methods import CORS_SAFELISTED_METHODS, is_token_bytes
from crossorigin.fetch.origin import MAX_ORIGIN, OPAQUE_ORIGIN, parse_origin_bytes
from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.decide.matcher import OriginMatcher
from crossorigin.policy.fields import allowed_headers, allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossorigin.policy.fields import PolicyFields

# Far longer than any method in use. The limit grows if a policy lists a longer method.
MAX_METHOD = 256
_OPAQUE = OPAQUE_ORIGIN.encode()
_SAFELISTED_METHODS = frozenset(method.encode() for method in CORS_SAFELISTED_METHODS)


class Judge:
    """The checks of one policy."""

    __slots__ = ("_any_header", "_any_origin", "_matcher", "max_headers", "max_method", "methods", "names")

    def __init__(self, policy: PolicyFields) -> None:
        """Prepare the values that requests are compared with."""
        self._any_origin = WILDCARD in policy.allow_origins
        self._matcher = OriginMatcher(policy.allow_origins, policy.allow_origin_regex)
        self.methods = frozenset(method.encode() for method in allowed_methods(policy.allow_methods))
        self.max_method = max(MAX_METHOD, *map(len, self.methods), 0)
        names = allowed_headers(policy.allow_headers)
        self._any_header = WILDCARD in policy.allow_headers
        self.names = frozenset(name.lower().encode() for name in names)
        # A page may request every listed name, and intermediaries may add spaces.
        self.max_headers = max(MAX_LIST_BYTES, 2 * len(", ".join(names)))

    def judge_origin(self, lines: Sequence[bytes]) -> Reason:  # noqa: PLR0911  # one early return for each reason
        """Check the `Origin` lines of a request.

        Two lines are refused even if both are listed, because code that reads only one of them would be misled.
        """
        if self._any_origin:
            return Reason.ANY_ORIGIN
        if not lines:
            return Reason.ORIGIN_ABSENT
        if len(lines) > 1:
            return Reason.ORIGIN_REPEATED
        value = lines[0]
        # The length comes first, because looking up a megabyte in a table reads all of it.
        if len(value) > MAX_ORIGIN:
            return Reason.ORIGIN_TOO_LONG
        if value in self._matcher.exact:
            return Reason.ORIGIN_LISTED
        if value == _OPAQUE:
            return Reason.ORIGIN_NULL
        origin = parse_origin_bytes(value)
        if origin is None:
            return Reason.ORIGIN_MALFORMED
        if self._matcher.find_pattern(origin) is not None:
            return Reason.ORIGIN_MATCHES_PATTERN
        if self._matcher.matches_regex(value):
            return Reason.ORIGIN_MATCHES_REGEX
        return Reason.ORIGIN_NOT_LISTED

    def judge_method(self, lines: Sequence[bytes]) -> Reason:
        """Check the `Access-Control-Request-Method` lines of a preflight: one token, compared byte for byte."""
        if len(lines) > 1:
            return Reason.METHOD_REPEATED
        value = lines[0]
        if len(value) > self.max_method:
            return Reason.METHOD_TOO_LONG
        if value in self.methods:
            return Reason.METHOD_LISTED
        return Reason.METHOD_NOT_LISTED if is_token_bytes(value) else Reason.METHOD_MALFORMED

    def judge_headers(self, lines: Sequence[bytes]) -> tuple[Reason, list[bytes]]:
        """Check the `Access-Control-Request-Headers` lines of a preflight, all together.

        The names are returned as they were sent. If all are allowed, they are the names that the response has to
        repeat; otherwise they are the names that are not listed.
        """
        if list_size(lines) > self.max_headers:
            return Reason.HEADERS_TOO_LONG, []
        # With more lines than this within the byte limit, too many must be empty, so splitting them is not needed.
        if len(lines) > self.max_headers + MAX_EMPTY_ELEMENTS:
            return Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS, []
        names, empty = split_list(lines)
        if empty > MAX_EMPTY_ELEMENTS:
            return Reason.HEADERS_TOO_MANY_EMPTY_ELEMENTS, []
        # A name that is repeated a thousand times is checked once.
        names = list(dict.fromkeys(names))
        if not self._any_header:
            names = [name for name in names if name.lower() not in self.names]
            if not names:
                return Reason.HEADERS_LISTED, []
        if not all(map(is_token_bytes, names)):
            return Reason.HEADERS_MALFORMED, []
        return (Reason.ANY_HEADERS if self._any_header else Reason.HEADERS_NOT_LISTED), names


def is_safelisted_method(method: bytes) -> bool:
    """Return whether a browser sends `method` after any preflight with an ok status, even if it is not listed."""
    return method in _SAFELISTED_METHODS
