"""CORS for Python web APIs: safe by default, fast, and able to explain its decisions.

The names follow the Fetch standard: https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.policy.decide.decisions import ActualDecision, Decision, PreflightDecision, Reason
from crossorigin.policy.decide.response import HeaderEdit, PreflightResponse, ResponseHeaders
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.adapters.starlette.decorator import cors
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.policy import LivePolicy
    from crossorigin.live.status import LiveStatus
    from crossorigin.live.stores.errors import StoreError
    from crossorigin.policy.explain.explanation import Explanation, Step
    from crossorigin.policy.fixes import REMOVE, Fix

__all__ = [
    "REMOVE",
    "ActualDecision",
    "CORSMiddleware",
    "CrossOriginWarning",
    "Decision",
    "Explanation",
    "Fix",
    "HeaderEdit",
    "InvalidPolicyError",
    "IssueCode",
    "LiveOrigins",
    "LivePolicy",
    "LiveStatus",
    "Policy",
    "PolicyIssue",
    "PreflightDecision",
    "PreflightResponse",
    "Reason",
    "ResponseHeaders",
    "Step",
    "StoreError",
    "cors",
]

# These names are imported when they are first used, because together they are a fifth of the cost of the import.
_LATE = {
    "REMOVE": "crossorigin.policy.fixes",
    "Explanation": "crossorigin.policy.explain.explanation",
    "Fix": "crossorigin.policy.fixes",
    "LiveOrigins": "crossorigin.live.origins",
    "LivePolicy": "crossorigin.live.policy",
    "LiveStatus": "crossorigin.live.status",
    "Step": "crossorigin.policy.explain.explanation",
    "StoreError": "crossorigin.live.stores.errors",
    "cors": "crossorigin.adapters.starlette.decorator",
}


def __getattr__(name: str) -> object:
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(_LATE[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
