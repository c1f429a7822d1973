"""Decisions on requests and their reasons, which are a closed list."""

from dataclasses import dataclass
from enum import StrEnum

from crossorigin.policy.decide.preflight_response import PreflightResponse
from crossorigin.policy.decide.response import ResponseHeaders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Reason(StrEnum):
    """The outcome of one check. A code never changes its meaning and is never reused.

    `allows` is whether the request passed the check. It is an attribute and not a property because every decision on
    an unknown origin reads it.
    """

    allows: bool

    # The origin.
    ANY_ORIGIN = "any-origin"
    ORIGIN_LISTED = "origin-listed"
    ORIGIN_MATCHES_PATTERN = "origin-matches-pattern"
    ORIGIN_MATCHES_REGEX = "origin-matches-regex"
    ORIGIN_LIVE = "origin-live"
    ORIGIN_ABSENT = "origin-absent"
    ORIGIN_ABSENT_CROSS_SITE = "origin-absent-cross-site"
    ORIGIN_REPEATED = "origin-repeated"
    ORIGIN_TOO_LONG = "origin-too-long"
    ORIGIN_MALFORMED = "origin-malformed"
    ORIGIN_NULL = "origin-null"
    ORIGIN_NOT_LISTED = "origin-not-listed"
    ORIGIN_NOT_LIVE = "origin-not-live"

    # The method that a preflight requests.
    METHOD_LISTED = "method-listed"
    METHOD_REPEATED = "method-repeated"
    METHOD_TOO_LONG = "method-too-long"
    METHOD_MALFORMED = "method-malformed"
    METHOD_NOT_LISTED = "method-not-listed"
    METHOD_NOT_SERVED = "method-not-served"

    # The header names that a preflight requests.
    HEADERS_LISTED = "headers-listed"
    ANY_HEADERS = "any-headers"
    HEADERS_TOO_LONG = "headers-too-long"
    HEADERS_TOO_MANY_EMPTY_ELEMENTS = "headers-too-many-empty-elements"
    HEADERS_MALFORMED = "headers-malformed"
    HEADERS_NOT_LISTED = "headers-not-listed"


_ALLOWING = {
    Reason.ANY_ORIGIN,
    Reason.ORIGIN_LISTED,
    Reason.ORIGIN_MATCHES_PATTERN,
    Reason.ORIGIN_MATCHES_REGEX,
    Reason.ORIGIN_LIVE,
    Reason.METHOD_LISTED,
    Reason.HEADERS_LISTED,
    Reason.ANY_HEADERS,
}
for _reason in Reason:
    _reason.allows = _reason in _ALLOWING


@dataclass(frozen=True, slots=True, kw_only=True)
class ActualDecision:
    """The decision on a request that is not a CORS-preflight request.

    `origin` is the reason. `response` is the change to the headers of the app's response.

    https://fetch.spec.whatwg.org/#concept-cors-check
    """

    origin: Reason
    response: ResponseHeaders

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The one reason."""
        return (self.origin,)

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """The reasons that refuse, empty if the request is allowed."""
        return _refusals(self.reasons)

    @property
    def allowed(self) -> bool:
        """Whether a page of this origin may read the response."""
        return self.origin.allows


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightDecision:
    """The decision on a CORS-preflight request.

    `origin`, `method` and `headers` are the reasons. `response` is the complete response.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
    """

    origin: Reason
    method: Reason
    headers: Reason
    response: PreflightResponse

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons for the origin, the method and the headers, in this order."""
        return (self.origin, self.method, self.headers)

    @property
    def refusals(self) -> tuple[Reason, ...]:
        """The reasons that refuse, empty if the request is allowed."""
        return _refusals(self.reasons)

    @property
    def allowed(self) -> bool:
        """Whether a page of this origin may send the request that the preflight describes."""
        return self.origin.allows and self.method.allows and self.headers.allows


Decision = ActualDecision | PreflightDecision


class _ActualDraft:
    """The fields of an `ActualDecision`, which can be assigned."""

    __slots__ = ActualDecision.__slots__


class _PreflightDraft:
    """The fields of a `PreflightDecision`, which can be assigned."""

    __slots__ = PreflightDecision.__slots__


# The constructor of a frozen dataclass costs four times as much as to fill an object with the same slots and to change
# its class. Every request of an unknown origin needs a decision.
def new_actual(origin: Reason, response: ResponseHeaders) -> ActualDecision:
    """Return an `ActualDecision`."""
    draft: Any = _ActualDraft()
    draft.origin = origin
    draft.response = response
    draft.__class__ = ActualDecision
    return draft  # type: ignore[no-any-return]


def new_preflight(origin: Reason, method: Reason, headers: Reason, response: PreflightResponse) -> PreflightDecision:
    """Return a `PreflightDecision`."""
    draft: Any = _PreflightDraft()
    draft.origin = origin
    draft.method = method
    draft.headers = headers
    draft.response = response
    draft.__class__ = PreflightDecision
    return draft  # type: ignore[no-any-return]


def _refusals(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    return tuple(reason for reason in reasons if not reason.allows)
