"""The checks of origin, method and header names: the only place where a request is allowed or refused.

`Judge` holds the values that requests are compared with. It returns one `Reason` for the origin, and for a
CORS-preflight request one each for the method and the header names. Every check takes bounded time: values that a
client can make long are measured before they are read.
"""

from __future__ import annotations

from crossorigin.fetch.fields import MAX_EMPTY_ELEMENTS, MAX_LIST_BYTES, WILDCARD, list_size, split_list
from crossorigin.fetch.methods import CORS_SAFELISTED_METHODS, is_token_bytes
from crossorigin.fetch.origin import MAX_ORIGIN, OPAQUE_ORIGIN, is_common_origin, parse_origin_bytes
from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.fields import allowed_headers, allowed_methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossorigin.policy.fields import PolicyFields
    from crossorigin.policy.origin_source import OriginSource

# Far longer than any method in use. The limit grows if a policy lists a longer method.
MAX_METHOD = 256
_OPAQUE = OPAQUE_ORIGIN.encode()
# Members of an enum are read once: on Python 3.11, reading one from its class costs as much as a check.
_NOT_LISTED, _LISTED = Reason.ORIGIN_NOT_LISTED, Reason.ORIGIN_LISTED
_LIVE, _NOT_LIVE = Reason.ORIGIN_LIVE, Reason.ORIGIN_NOT_LIVE
_MATCHES_PATTERN, _MATCHES_REGEX = Reason.ORIGIN_MATCHES_PATTERN, Reason.ORIGIN_MATCHES_REGEX
_METHOD_LISTED = Reason.METHOD_LISTED
_ANY_HEADERS, _HEADERS_LISTED, _HEADERS_NOT_LISTED = (
    Reason.ANY_HEADERS,
    Reason.HEADERS_LISTED,
    Reason.HEADERS_NOT_LISTED,
)
# https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 5: browsers send names in lower case, joined by commas.
_BYTES_OF_A_BROWSER = b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+.^_`|~-,"
_SAFELISTED_METHODS = frozenset(method.encode() for method in CORS_SAFELISTED_METHODS)


class Judge:
    """The checks of one policy, whose exact origins `live` may add to."""

    __slots__ = ("_any_header", "_any_origin", "_live", "_matcher", "max_headers", "max_method", "methods", "names")

    def __init__(self, policy: PolicyFields, live: OriginSource | None = None) -> None:
        """Prepare the values that requests are compared with."""
        self._live = live
        self._any_origin = WILDCARD in policy.allow_origins
        self._matcher = policy.origin_matcher
        self.methods = frozenset(method.encode() for method in allowed_methods(policy.allow_methods))
        self.max_method = max(MAX_METHOD, *map(len, self.methods), 0)
        names = allowed_headers(policy.allow_headers)
        self._any_header = WILDCARD in policy.allow_headers
        self.names = frozenset(name.lower().encode() for name in names)
        # A page may request every listed name, and intermediaries may add spaces.
        self.max_headers = max(MAX_LIST_BYTES, 2 * len(", ".join(names)))

    def judge_origin(self, lines: Sequence[bytes]) -> Reason:  # noqa: C901, PLR0911  # one early return for each reason
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
        matcher, live = self._matcher, self._live
        if value in matcher.exact:
            return _LISTED
        if live is not None and value in live.table:
            return _LIVE
        if value == _OPAQUE:
            return Reason.ORIGIN_NULL
        if is_common_origin(value):
            is_matched = matcher.has_patterns and matcher.matches_pattern(value)
        else:
            origin = parse_origin_bytes(value)
            if origin is None:
                return Reason.ORIGIN_MALFORMED
            is_matched = matcher.find_pattern(origin) is not None
        if is_matched:
            return _MATCHES_PATTERN
        if matcher.has_regex and matcher.matches_regex(value):
            return _MATCHES_REGEX
        return _NOT_LISTED if live is None else _NOT_LIVE

    def judge_method(self, lines: Sequence[bytes]) -> Reason:
        """Check the `Access-Control-Request-Method` lines of a preflight: one token, compared byte for byte."""
        if len(lines) > 1:
            return Reason.METHOD_REPEATED
        value = lines[0]
        if len(value) > self.max_method:
            return Reason.METHOD_TOO_LONG
        if value in self.methods:
            return _METHOD_LISTED
        return Reason.METHOD_NOT_LISTED if is_token_bytes(value) else Reason.METHOD_MALFORMED

    def judge_headers(self, lines: Sequence[bytes]) -> tuple[Reason, list[bytes]]:  # noqa: PLR0911  # early returns
        """Check the `Access-Control-Request-Headers` lines of a preflight, all together.

        The names are returned as they were sent. If all are allowed, they are the names that the response has to
        repeat; otherwise they are the names that are not listed.
        """
        if len(lines) == 1 and len(lines[0]) <= self.max_headers:
            names = lines[0].split(b",")
            if not self._any_header and self.names.issuperset(names):
                return _HEADERS_LISTED, []
            # Deleting the valid bytes is a tenth of matching each name.
            if b"" not in names and not lines[0].translate(None, _BYTES_OF_A_BROWSER):
                return self._judge_names(names)
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
                return _HEADERS_LISTED, []
        if not all(map(is_token_bytes, names)):
            return Reason.HEADERS_MALFORMED, []
        return (_ANY_HEADERS if self._any_header else _HEADERS_NOT_LISTED), names

    def _judge_names(self, names: list[bytes]) -> tuple[Reason, list[bytes]]:
        """Check names that are tokens in lower case, as browsers send them."""
        if self._any_header:
            return _ANY_HEADERS, list(dict.fromkeys(names))
        listed = self.names
        return _HEADERS_NOT_LISTED, list(dict.fromkeys([name for name in names if name not in listed]))


def is_safelisted_method(method: bytes) -> bool:
    """Return whether a browser sends `method` after any preflight with an ok status, even if it is not listed."""
    return method in _SAFELISTED_METHODS
