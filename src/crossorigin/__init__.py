"""CORS for Python web APIs: right by construction, as fast as doing nothing, and able to explain itself.

Names are the Fetch standard's: https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from crossorigin.asgi import CORSMiddleware
from crossorigin.policy.decision import ActualDecision, Decision, PreflightDecision, Reason
from crossorigin.policy.errors import CrossOriginWarning, InvalidPolicyError, IssueCode, PolicyIssue
from crossorigin.policy.explain import Explanation, Step
from crossorigin.policy.policy import Policy
from crossorigin.policy.response import HeaderEdit, PreflightResponse, ResponseHeaders

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
