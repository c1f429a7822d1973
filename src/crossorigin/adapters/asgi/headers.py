"""The CORS fields of a request, read from the headers of an ASGI scope.

https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope: header names are in lower case.
"""

from __future__ import annotations

from functools import cache

from crossorigin.policy.decide.decisions import Reason
from crossorigin.policy.decide.same_origin import has_host_of_origin, says_same_origin

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
_NOT_LISTED, _NOT_LIVE = Reason.ORIGIN_NOT_LISTED, Reason.ORIGIN_NOT_LIVE
# The lengths of the fields of `RequestFacts`.
_FACT_FIELD_LENGTHS = frozenset(
    map(
        len,
        (
            b"origin",
            b"access-control-request-method",
            b"access-control-request-headers",
            b"host",
            b"sec-fetch-site",
        ),
    )
)


def lines_of(headers: Headers, field: bytes) -> list[bytes]:
    """Return the values of the lines of one field."""
    return [value for name, value in headers if name == field]


def first_origin(headers: Headers) -> bytes:
    """Return the value of the first `Origin` line, or an empty value if there is none."""
    for name, value in headers:
        if name == b"origin":
            return value
    return b""


def read_facts(scope: Scope) -> RequestFacts:
    """Return the facts of an HTTP request or a WebSocket handshake that logs, hooks and blocking use."""
    origin: list[bytes] = []
    request_method: list[bytes] = []
    request_headers: list[bytes] = []
    host: list[bytes] = []
    sec_fetch_site: list[bytes] = []
    # Comparing the few names of these lengths costs half as much as a look-up in a dict.
    lengths = _FACT_FIELD_LENGTHS
    for name, value in scope["headers"]:
        if len(name) in lengths:
            if name == b"host":
                host.append(value)
            elif name == b"origin":
                origin.append(value)
            elif name == b"sec-fetch-site":
                sec_fetch_site.append(value)
            elif name == b"access-control-request-method":
                request_method.append(value)
            elif name == b"access-control-request-headers":
                request_headers.append(value)
    return _facts_type()(
        scope["type"],
        scope.get("method", "GET"),
        scope.get("path", ""),
        origin,
        request_method,
        request_headers,
        host,
        sec_fetch_site,
    )


@cache
def _facts_type() -> type[RequestFacts]:
    # Imported late, because the module loads `typing`, which takes an eighth of the import time of the package.
    from crossorigin.policy.decide.request_facts import RequestFacts

    return RequestFacts


def is_from_own_page(headers: Headers, origin: bytes, reason: Reason) -> bool:
    """Return whether `is_same_origin` is true of a refused request, reading as little as possible.

    `origin` is the first `Origin` line, and `reason` is the result of its check.
    """
    sites = [value for name, value in headers if name == b"sec-fetch-site"]
    if sites:
        return says_same_origin(sites)
    # With these reasons, there is only one line.
    origins = [origin] if reason is _NOT_LISTED or reason is _NOT_LIVE else lines_of(headers, b"origin")
    return has_host_of_origin(origins, lines_of(headers, b"host"), reason)


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
    return plan.decide_usual_preflight(origin, request_method, request_headers)


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
