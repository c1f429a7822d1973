"""Hand decisions to OpenTelemetry: attributes of the current span, and one counter.

Give `on_decision` to the middleware. Nothing that a request brought becomes a value, only codes of closed lists: a
label that strangers choose would grow a metrics store without end, and an origin can name a person.

https://opentelemetry.io/docs/specs/otel/metrics/api/
"""

from __future__ import annotations

from crossorigin.adapters.asgi.headers import lines_of
from crossorigin.policy.decide.decisions import Decision, PreflightDecision, Reason
from crossorigin.policy.decide.same_origin import is_same_origin

try:
    from opentelemetry import metrics, trace
except ImportError as error:
    message = "crossorigin.telemetry.otel needs opentelemetry-api: pip install 'crossorigin[otel]'"
    raise ImportError(message, name=error.name, path=error.path) from error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crossorigin.adapters.common.asgi_types import Scope

ALLOWED = "cors.allowed"
REASON = "cors.reason"
KIND = "cors.kind"


def counting(meter_provider: metrics.MeterProvider | None = None) -> Callable[[Decision, Scope], None]:
    """Make an `on_decision` that counts with a meter provider of its own; without one, the global one.

    https://opentelemetry.io/docs/specs/otel/metrics/api/#meterprovider
    """
    meter = metrics.get_meter("crossorigin", meter_provider=meter_provider)
    counter = meter.create_counter("crossorigin.decisions", unit="{decision}", description="What was decided by CORS.")

    def count(decision: Decision, scope: Scope) -> None:
        # https://fetch.spec.whatwg.org/#cors-request: without an Origin it is none.
        if decision.origin is Reason.ORIGIN_ABSENT:
            return
        reason = next(iter(decision.refusals), None)
        headers = scope.get("headers", ())
        # A page of the server's own needs no policy's leave.
        if reason is not None and is_same_origin(lines_of(headers, b"origin"), headers):
            return
        attributes = {
            ALLOWED: reason is None,
            REASON: (reason or decision.origin).value,
            KIND: _kind(decision, scope),
        }
        counter.add(1, attributes)
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attributes(attributes)

    return count


_count = counting()


def on_decision(decision: Decision, scope: Scope) -> None:
    """Set attributes of the current span, and count, for one decision.

    The attributes, and the labels of the counter `crossorigin.decisions`, are `cors.allowed`, a bool; `cors.reason`,
    the first `Reason` that refuses, or that of the origin if none does; and `cors.kind`, one of `actual`, `preflight`
    and `websocket`. A request without `Origin` is no CORS request: it has none of them, and is not counted; nor is one
    that is refused but comes from a page of the server's own.

    >>> from crossorigin import Policy
    >>> decision = Policy(allow_origins=["https://app.example.com"]).decide("GET", origin=[b"https://evil.example"])
    >>> on_decision(decision, {"type": "http"})
    """
    _count(decision, scope)


def _kind(decision: Decision, scope: Scope) -> str:
    if scope["type"] == "websocket":
        return "websocket"
    return "preflight" if isinstance(decision, PreflightDecision) else "actual"
