"""An `on_decision` hook for OpenTelemetry. It sets attributes of the current span and increments one counter.

Pass `on_decision` to the middleware. Attribute values are codes from closed lists, never values from requests: a label
that clients choose would make a metrics store grow without limit, and an origin can identify a person.

https://opentelemetry.io/docs/specs/otel/metrics/api/
"""

from __future__ import annotations

from crossorigin.policy.decide.decisions import Decision, PreflightDecision, Reason
from crossorigin.policy.decide.same_origin import is_same_origin
from crossorigin.telemetry.hook import takes_request_facts

try:
    from opentelemetry import metrics, trace
except ImportError as error:
    message = "crossorigin.telemetry.otel needs opentelemetry-api: pip install 'crossorigin[otel]'"
    raise ImportError(message, name=error.name, path=error.path) from error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crossorigin.policy.decide.request_facts import RequestFacts

ALLOWED = "cors.allowed"
REASON = "cors.reason"
KIND = "cors.kind"


def counting(meter_provider: metrics.MeterProvider | None = None) -> Callable[[Decision, RequestFacts], None]:
    """Return an `on_decision` hook that counts with the given meter provider, or with the global one.

    https://opentelemetry.io/docs/specs/otel/metrics/api/#meterprovider
    """
    meter = metrics.get_meter("crossorigin", meter_provider=meter_provider)
    counter = meter.create_counter("crossorigin.decisions", unit="{decision}", description="CORS decisions.")

    @takes_request_facts
    def count(decision: Decision, request: RequestFacts) -> None:
        # https://fetch.spec.whatwg.org/#cors-request: a request without an Origin is not a CORS request.
        if decision.origin is Reason.ORIGIN_ABSENT:
            return
        reason = next(iter(decision.refusals), None)
        # A request from a page of the server's own origin needs no permission from a policy.
        if reason is not None and is_same_origin(request, decision.origin):
            return
        attributes: dict[str, bool | str] = {
            ALLOWED: reason is None,
            REASON: (reason or decision.origin).value,
            KIND: _kind(decision, request),
        }
        counter.add(1, attributes)
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attributes(attributes)

    return count


_count = counting()


@takes_request_facts
def on_decision(decision: Decision, request: RequestFacts) -> None:
    """Record one decision: set attributes of the current span, and increment the counter `crossorigin.decisions`.

    The span and the counter get the same three attributes:

    - `cors.allowed`: whether the request was allowed, a bool.
    - `cors.reason`: the first `Reason` that refuses, or the reason of the origin if none does.
    - `cors.kind`: `actual`, `preflight` or `websocket`.

    Two kinds of requests are ignored: requests without `Origin`, which are not CORS requests, and refused requests
    from pages of the server's own origin.

    A hook that calls this function needs the decorator `takes_request_facts`, so that it gets the facts to pass on.

    >>> from crossorigin import Policy
    >>> from crossorigin.policy.decide.request_facts import RequestFacts
    >>> decision = Policy(allow_origins=["https://app.example.com"]).decide("GET", origin=[b"https://evil.example"])
    >>> on_decision(decision, RequestFacts(method="GET", path="/items", origin=[b"https://evil.example"]))
    """
    _count(decision, request)


def _kind(decision: Decision, request: RequestFacts) -> str:
    if request.kind == "websocket":
        return "websocket"
    return "preflight" if isinstance(decision, PreflightDecision) else "actual"
