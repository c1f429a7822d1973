"""CORS for Python web APIs: right by construction, as fast as doing nothing, and able to explain itself.

Names are the Fetch standard's: https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.policy.decide.decisions import ActualDecision, Decision, PreflightDecision, Reason
from crossorigin.policy.decide.response import HeaderEdit, PreflightResponse, ResponseHeaders
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue
from crossorigin.policy.policy import Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.explain.explanation import Explanation, Step

__all__ = [
    "ActualDecision",
    "CORSMiddleware",
    "CrossOriginWarning",
    "Decision",
    "Explanation",
    "HeaderEdit",
    "InvalidPolicyError",
    "IssueCode",
    "Policy",
    "PolicyIssue",
    "PreflightDecision",
    "PreflightResponse",
    "Reason",
    "ResponseHeaders",
    "Step",
]


def __getattr__(name: str) -> object:
    # Loaded late: the words of explanations are a tenth of what importing the package costs, and few read them.
    if name in {"Explanation", "Step"}:
        from crossorigin.policy.explain import explanation

        return getattr(explanation, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
