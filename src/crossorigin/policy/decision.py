"""Hold the judgement: the only place where a request is allowed or refused.

`Judge` holds what a policy compares requests with and gives a `Reason` for each question that CORS asks: the
origin, and for a CORS-preflight request the method and the header names. A decision holds the reasons and what is
to be sent. Every judgement takes bounded time: whatever a stranger can make long is measured before it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossorigin.fetch.fields import MAX_EMPTY_ELEMENTS, MAX_LIST_BYTES, WILDCARD, list_size, split_list
from crossorigin.fetch.headers import CORS_SAFELISTED_REQUEST_HEADERS
from crossorigin.fetch.methods import CORS_SAFELISTED_METHODS, STANDARD_METHODS, is_token_bytes
from crossorigin.fetch.origin import MAX_ORIGIN, OPAQUE_ORIGIN, parse_origin_bytes
from crossorigin.policy.matcher import OriginMatcher
from crossorigin.policy.response import PreflightResponse, ResponseHeaders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.policy import Policy

# Far longer than any method in use; a longer one that a policy lists is read too.
MAX_METHOD = 256
_OPAQUE = OPAQUE_ORIGIN.encode()
_SAFELISTED_METHODS = frozenset(method.encode() for method in CORS_SAFELISTED_METHODS)


class Reason(StrEnum):
    """Name every outcome of a judgement; a code never changes its meaning and is never used again."""

    # The origin.
    ANY_ORIGIN = "any-origin"
    ORIGIN_LISTED = "origin-listed"
    ORIGIN_MATCHES_PATTERN = "origin-matches-pattern"
    ORIGIN_MATCHES_REGEX = "origin-matches-regex"
    ORIGIN_ABSENT = "origin-absent"
    ORIGIN_REPEATED = "origin-repeated"
    ORIGIN_TOO_LONG = "origin-too-long"
    ORIGIN_MALFORMED = "origin-malformed"
    ORIGIN_NULL = "origin-null"
    ORIGIN_NOT_LISTED = "origin-not-listed"

    # The method that a preflight asks for.
    METHOD_LISTED = "method-listed"
    METHOD_REPEATED = "method-repeated"
    METHOD_TOO_LONG = "method-too-long"
    METHOD_MALFORMED = "method-malformed"
    METHOD_NOT_LISTED = "method-not-listed"
    METHOD_NOT_SERVED = "method-not-served"

    # The header names that a preflight asks for.
    HEADERS_LISTED = "headers-listed"
    ANY_HEADERS = "any-headers"
    HEADERS_TOO_LONG = "headers-too-long"
    HEADERS_TOO_SPARSE = "headers-too-sparse"
    HEADERS_MALFORMED = "headers-malformed"
    HEADERS_NOT_LISTED = "headers-not-listed"

    @property
    def allows(self) -> bool:
        """Tell whether this outcome lets the request pass its question."""
        return self in _ALLOWING


_ALLOWING = frozenset(
    {
        Reason.ANY_ORIGIN,
        Reason.ORIGIN_LISTED,
        Reason.ORIGIN_MATCHES_PATTERN,
        Reason.ORIGIN_MATCHES_REGEX,
        Reason.METHOD_LISTED,
        Reason.HEADERS_LISTED,
        Reason.ANY_HEADERS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActualDecision:
    """Hold what a policy says to a request that is no CORS-preflight request.

    `origin` is the reason; `response` says what becomes of the response's headers.

    https://fetch.spec.whatwg.org/#concept-cors-check
    """

    origin: Reason
    response: ResponseHeaders

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return the one reason."""
        return (self.origin,)

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """Return the reasons that refuse; empty if the request is allowed."""
        return _refusals(self.reasons)

    @property
    def allowed(self) -> bool:
        """Tell whether a page of this origin may read the response."""
        return not self.refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightDecision:
    """Hold what a policy says to a CORS-preflight request.

    `origin`, `method` and `headers` are the reasons; `response` is the whole answer.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
    """

    origin: Reason
    method: Reason
    headers: Reason
    response: PreflightResponse

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return the reasons, in the order of the questions."""
        return (self.origin, self.method, self.headers)

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """Return the reasons that refuse; empty if the request is allowed."""
        return _refusals(self.reasons)

    @property
    def allowed(self) -> bool:
        """Tell whether a page of this origin may send what it asks about."""
        return not self.refusals


Decision = ActualDecision | PreflightDecision


def _refusals(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    return tuple(reason for reason in reasons if not reason.allows)


class Judge:
    """Answer each question about a request for one policy."""

    __slots__ = ("_any_header", "_any_origin", "_matcher", "max_headers", "max_method", "methods", "names")

    def __init__(self, policy: "Policy") -> None:
        """Make ready what requests are compared with."""
        self._any_origin = WILDCARD in policy.allow_origins
        self._matcher = OriginMatcher(policy.allow_origins, policy.allow_origin_regex)
        self.methods = frozenset(method.encode() for method in allowed_methods(policy.allow_methods))
        self.max_method = max(MAX_METHOD, *map(len, self.methods), 0)
        names = allowed_headers(policy.allow_headers)
        self._any_header = WILDCARD in policy.allow_headers
        self.names = frozenset(name.lower().encode() for name in names)
        # A page may ask for everything that is listed, and intermediaries may add spaces.
        self.max_headers = max(MAX_LIST_BYTES, 2 * len(", ".join(names)))

    def judge_origin(self, lines: Sequence[bytes]) -> Reason:  # noqa: PLR0911  # one early return for each reason
        """Judge the `Origin` lines of a request.

        Two lines are no origin, even if both are listed: whoever reads only one of them would be misled.
        """
        if self._any_origin:
            return Reason.ANY_ORIGIN
        if not lines:
            return Reason.ORIGIN_ABSENT
        if len(lines) > 1:
            return Reason.ORIGIN_REPEATED
        value = lines[0]
        # Measured before anything else: looking a megabyte up in a table reads all of it.
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
        if self._matcher.matches_regex(origin):
            return Reason.ORIGIN_MATCHES_REGEX
        return Reason.ORIGIN_NOT_LISTED

    def judge_method(self, lines: Sequence[bytes]) -> Reason:
        """Judge the `Access-Control-Request-Method` lines of a preflight: one token, compared byte for byte."""
        if len(lines) > 1:
            return Reason.METHOD_REPEATED
        value = lines[0]
        if len(value) > self.max_method:
            return Reason.METHOD_TOO_LONG
        if value in self.methods:
            return Reason.METHOD_LISTED
        return Reason.METHOD_NOT_LISTED if is_token_bytes(value) else Reason.METHOD_MALFORMED

    def judge_headers(self, lines: Sequence[bytes]) -> tuple[Reason, list[bytes]]:
        """Judge the `Access-Control-Request-Headers` lines of a preflight, all together.

        The names come along as they were sent, those that may be repeated to the browser when all of them are
        allowed, and those that are not listed when some are not.
        """
        if list_size(lines) > self.max_headers:
            return Reason.HEADERS_TOO_LONG, []
        # So many lines within so few bytes: most of them are empty, and not worth splitting.
        if len(lines) > self.max_headers + MAX_EMPTY_ELEMENTS:
            return Reason.HEADERS_TOO_SPARSE, []
        names, empty = split_list(lines)
        if empty > MAX_EMPTY_ELEMENTS:
            return Reason.HEADERS_TOO_SPARSE, []
        # A name that is repeated a thousand times is judged once.
        names = list(dict.fromkeys(names))
        if not self._any_header:
            names = [name for name in names if name.lower() not in self.names]
            if not names:
                return Reason.HEADERS_LISTED, []
        if not all(map(is_token_bytes, names)):
            return Reason.HEADERS_MALFORMED, []
        return (Reason.ANY_HEADERS if self._any_header else Reason.HEADERS_NOT_LISTED), names


def is_safelisted_method(method: bytes) -> bool:
    """Tell whether a browser sends `method` after any preflight with an ok status, listed or not."""
    return method in _SAFELISTED_METHODS


def allowed_methods(methods: Sequence[str]) -> tuple[str, ...]:
    """Return the methods that `allow_methods` stands for: with `*` all standard ones and those beside it."""
    if WILDCARD not in methods:
        return tuple(methods)
    return tuple(dict.fromkeys([*STANDARD_METHODS, *(method for method in methods if method != WILDCARD)]))


def allowed_headers(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names that `allow_headers` stands for, `*` aside: with the safelisted ones, sorted, each once."""
    spelled = {name.lower(): name for name in CORS_SAFELISTED_REQUEST_HEADERS}
    for name in names:
        if name != WILDCARD:
            spelled.setdefault(name.lower(), name)
    return tuple(spelled[name] for name in sorted(spelled))
