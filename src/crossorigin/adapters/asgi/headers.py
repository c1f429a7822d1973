"""The CORS fields of a request, read from the headers of an ASGI scope.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope: header names are in lower case.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.adapters.common.asgi_types import Headers, Scope
    from crossorigin.policy.decide.decisions import PreflightDecision
    from crossorigin.policy.decide.plan import Plan
    from crossorigin.policy.decide.request_facts import RequestFacts

# The fields that the decision on a CORS-preflight request depends on, in the order of `Plan.decide_preflight`.
_PREFLIGHT_FIELDS = dict.fromkeys(
    (
        b"origin",
        b"access-control-request-method",
        b"access-control-request-headers",
        b"access-control-request-private-network",
    )
)
_PREFLIGHT_FIELD_LENGTHS = frozenset(map(len, _PREFLIGHT_FIELDS))
# The fields of `RequestFacts`, in its order.
_FACT_FIELDS = (
    b"origin",
    b"access-control-request-method",
    b"access-control-request-headers",
    b"host",
    b"sec-fetch-site",
)
_FACT_FIELD_LENGTHS = frozenset(map(len, _FACT_FIELDS))


def lines_of(headers: Headers, field: bytes) -> list[bytes]:
    """Return the values of the lines of one field."""
    return [value for name, value in headers if name == field]


def read_facts(scope: Scope) -> RequestFacts:
    """Return the facts of an HTTP request or a WebSocket handshake that logs, hooks and blocking use."""
    # Imported late, because the module loads `typing`, which takes an eighth of the import time of the package.
    from crossorigin.policy.decide.request_facts import RequestFacts

    lines: dict[bytes, list[bytes]] = {name: [] for name in _FACT_FIELDS}
    lengths = _FACT_FIELD_LENGTHS
    for name, value in scope["headers"]:
        if len(name) in lengths and name in lines:
            lines[name].append(value)
    return RequestFacts(scope["type"], scope.get("method", "GET"), scope.get("path", ""), *lines.values())


def decide_preflight(plan: Plan, headers: Headers) -> PreflightDecision | None:
    """Return the decision on an OPTIONS request, or None if it is not a CORS-preflight request."""
    origin = request_method = request_headers = None
    lengths = _PREFLIGHT_FIELD_LENGTHS
    for name, value in headers:
        # The length is checked first: that costs half as much as hashing the name, and a third of comparing it with
        # each field.
        if len(name) in lengths:
            if name == b"origin" and origin is None:
                origin = value
            elif name == b"access-control-request-method" and request_method is None:
                request_method = value
            elif name == b"access-control-request-headers" and request_headers is None:
                request_headers = value
            elif name in _PREFLIGHT_FIELDS:
                return _unusual_preflight(plan, headers)
    if origin is None or request_method is None:
        return None
    known = plan.known_preflight(origin, request_method, request_headers)
    if known is not None:
        return known
    lines = () if request_headers is None else (request_headers,)
    return plan.decide_preflight((origin,), (request_method,), lines)


def _unusual_preflight(plan: Plan, headers: Headers) -> PreflightDecision | None:
    """Decide like `decide_preflight`, for a request with a repeated field or the private-network field."""
    lines: dict[bytes, list[bytes]] = {name: [] for name in _PREFLIGHT_FIELDS}
    for name, value in headers:
        if name in lines:
            lines[name].append(value)
    origin, request_method, request_headers, private_network = lines.values()
    if not origin or not request_method:
        return None
    return plan.decide_preflight(origin, request_method, request_headers, private_network)
