"""The check that `on_refused="block"` makes, and the response with which it refuses a request."""

from __future__ import annotations

from crossorigin.policy.decide.cross_site import decision_for_blocking
from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.decide.same_origin import is_same_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.decide.decisions import ActualDecision
    from crossorigin.policy.decide.request_facts import RequestFacts

FORBIDDEN = 403


def is_foreign(decision: ActualDecision, request: RequestFacts) -> bool:
    """Return whether a request comes from a page of another origin that is not allowed.

    A request without `Origin` was not sent by a page, or was sent by a page that needs no permission for it. The
    exception is a request that says that it comes from another site.
    """
    reason = decision.origin
    if reason.allows or reason is Reason.ORIGIN_ABSENT:
        return False
    return not is_same_origin(request, reason)


def decide_blocking(decision: ActualDecision, request: RequestFacts) -> tuple[ActualDecision, bool]:
    """Return a decision with the reason that blocks the request, and whether it is blocked."""
    decision = decision_for_blocking(decision, request)
    return decision, is_foreign(decision, request)


def refusal_body(decision: ActualDecision) -> bytes:
    """Return the body of the response to a blocked request."""
    return f"Disallowed CORS origin: {decision.origin.value}".encode()


def refusal_pairs(body: bytes) -> list[tuple[str, str]]:
    """Return the headers of the response to a blocked request. It has no CORS headers, so that no page can read it.

    A policy that sends the same headers to all origins has no `Vary`, but this response depends on the origin.
    """
    return [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body))), ("Vary", "Origin")]
