"""Requests from another site whose `Origin` is missing, for adapters that block requests.

Browsers send `Origin` with every method but GET and HEAD: https://fetch.spec.whatwg.org/#origin-header. A request that
says `Sec-Fetch-Site: cross-site` and has no `Origin` has lost it on the way, for example in a proxy that removes
headers it does not know. No page can remove or change either header.
"""

from __future__ import annotations

from dataclasses import replace

from crossorigin.policy.decide.decisions import ActualDecision, Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.decide.request_facts import RequestFacts

# OPTIONS is a method that browsers send `Origin` with. It changes nothing, and monitoring tools send it.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CROSS_SITE = b"cross-site"


def decision_for_blocking(decision: ActualDecision, request: RequestFacts) -> ActualDecision:
    """Return the decision with the reason that blocks a request, if a page of another site sent it without `Origin`.

    Any other decision is returned as it is. A decision with the new reason changes the headers of a response as before.

    https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header

    >>> from crossorigin import Policy
    >>> from crossorigin.policy.decide.request_facts import RequestFacts
    >>> decision = Policy(allow_origins=["https://app.example.com"]).decide("POST")
    >>> decision_for_blocking(decision, RequestFacts(method="POST", sec_fetch_site=[b"cross-site"])).origin.value
    'origin-absent-cross-site'
    """
    is_cross_site = (
        decision.origin is Reason.ORIGIN_ABSENT
        and request.kind == "http"
        and request.method not in SAFE_METHODS
        and _CROSS_SITE in request.sec_fetch_site
    )
    return replace(decision, origin=Reason.ORIGIN_ABSENT_CROSS_SITE) if is_cross_site else decision
