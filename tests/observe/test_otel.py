"""OpenTelemetry is given codes of closed lists, and nothing that a request brought."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from crossorigin import Policy, Reason, otel
from crossorigin.policy.decision import Decision

APP = b"https://app.example.com"
EVIL = b"https://evil.example"
POLICY = Policy(allow_origins=[APP.decode()])
HTTP = {"type": "http"}
ALLOWED = POLICY.decide("GET", origin=[APP])
REFUSED = POLICY.decide("GET", origin=[EVIL])
ABSENT = POLICY.decide("GET")


def preflight(origin: bytes, method: bytes, headers: bytes = b"") -> Decision:
    """A decision on a preflight."""
    return POLICY.decide("OPTIONS", origin=[origin], request_method=[method], request_headers=[headers])


CASES = [
    pytest.param(ALLOWED, HTTP, (True, "origin-listed", "actual"), id="allowed"),
    pytest.param(REFUSED, HTTP, (False, "origin-not-listed", "actual"), id="refused"),
    pytest.param(REFUSED, {"type": "websocket"}, (False, "origin-not-listed", "websocket"), id="handshake"),
    pytest.param(preflight(APP, b"GET"), HTTP, (True, "origin-listed", "preflight"), id="preflight"),
    pytest.param(preflight(APP, b"PUT", b"x-a"), HTTP, (False, "method-not-listed", "preflight"), id="its method"),
    pytest.param(preflight(EVIL, b"PUT"), HTTP, (False, "origin-not-listed", "preflight"), id="its origin"),
]


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    """A reader of what is counted, with a provider of its own."""
    reader = InMemoryMetricReader()
    yield reader
    reader.shutdown()


def points_of(reader: InMemoryMetricReader) -> list[NumberDataPoint]:
    """What was counted."""
    data = reader.get_metrics_data()
    if data is None:
        return []
    (resource,) = data.resource_metrics
    (scope,) = resource.scope_metrics
    (metric,) = scope.metrics
    assert (scope.scope.name, metric.name) == ("crossorigin", "crossorigin.decisions")
    return [point for point in metric.data.data_points if isinstance(point, NumberDataPoint)]


def span_of(call: Any) -> ReadableSpan:
    """Make a call inside a recording span, and return the span."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("test").start_as_current_span("request"):
        call()
    (span,) = exporter.get_finished_spans()
    provider.shutdown()
    return span


@pytest.mark.parametrize(("decision", "scope", "expected"), CASES)
def test_a_decision_is_counted_and_stands_in_the_span(
    reader: InMemoryMetricReader, decision: Decision, scope: dict[str, Any], expected: tuple[bool, str, str]
) -> None:
    """Whether it was allowed, the first reason, and the kind: the same in both."""
    on_decision = otel.counting(MeterProvider([reader]))
    attributes = dict(zip(("cors.allowed", "cors.reason", "cors.kind"), expected, strict=True))
    assert span_of(lambda: on_decision(decision, scope)).attributes == attributes
    (point,) = points_of(reader)
    assert (point.value, point.attributes) == (1, attributes)
    assert type(point.attributes["cors.reason"]) is str


def test_a_request_without_origin_is_not_counted(reader: InMemoryMetricReader) -> None:
    """It is no CORS request."""
    on_decision = otel.counting(MeterProvider([reader]))
    assert span_of(lambda: on_decision(ABSENT, HTTP)).attributes == {}
    assert points_of(reader) == []


def test_strangers_add_no_labels(reader: InMemoryMetricReader) -> None:
    """However many origins ask, there is one series for each reason and kind."""
    on_decision = otel.counting(MeterProvider([reader]))
    for number in range(100):
        on_decision(POLICY.decide("GET", origin=[b"https://t%d.example" % number]), HTTP)
    (point,) = points_of(reader)
    assert point.value == 100
    assert {value for value in point.attributes.values() if isinstance(value, str)} <= {*map(str, Reason), "actual"}


def test_without_a_span_it_counts_all_the_same(reader: InMemoryMetricReader) -> None:
    """Who collects metrics alone needs no tracing."""
    assert not trace.get_current_span().is_recording()
    otel.counting(MeterProvider([reader]))(REFUSED, HTTP)
    assert len(points_of(reader)) == 1


def test_the_plain_one_counts_with_the_global_provider() -> None:
    """Also if the provider is set after the import; in a process of its own, for it is set once."""
    program = (
        "from crossorigin import Policy, otel\n"
        "from opentelemetry import metrics\n"
        "from opentelemetry.sdk.metrics import MeterProvider\n"
        "from opentelemetry.sdk.metrics.export import InMemoryMetricReader\n"
        "reader = InMemoryMetricReader()\n"
        "metrics.set_meter_provider(MeterProvider([reader]))\n"
        "otel.on_decision(Policy().decide('GET', origin=[b'null']), {'type': 'http'})\n"
        "print(reader.get_metrics_data().to_json())\n"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert '"name": "crossorigin.decisions"' in run.stdout
    assert '"cors.reason": "origin-null"' in run.stdout


def test_the_plain_one_sets_the_attributes_of_the_span() -> None:
    """It is what `counting` makes, without a provider of its own."""
    attributes = span_of(lambda: otel.on_decision(ALLOWED, HTTP)).attributes
    assert attributes == {"cors.allowed": True, "cors.reason": "origin-listed", "cors.kind": "actual"}


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is the command."""
    monkeypatch.delitem(sys.modules, "crossorigin.otel")
    for name in ("opentelemetry", "opentelemetry.metrics", "opentelemetry.trace"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'crossorigin\[otel\]'"):
        __import__("crossorigin.otel")


def test_the_package_does_not_load_what_observes() -> None:
    """Importing crossorigin is part of every start: no logging, no observing, no OpenTelemetry."""
    program = (
        "import sys, crossorigin\n"
        "print({'logging', 'crossorigin.observe', 'crossorigin.otel', 'opentelemetry'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
