"""OpenTelemetry is given codes of closed lists, and nothing that a request brought."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from crossorigin import CORSMiddleware, Policy, Reason
from crossorigin.policy.decide.decisions import Decision
from crossorigin.policy.decide.request_facts import RequestFacts
from crossorigin.starlette import install
from crossorigin.telemetry import otel

APP = b"https://app.example.com"
EVIL = b"https://evil.example"
POLICY = Policy(allow_origins=[APP.decode()])
HTTP = RequestFacts()
ALLOWED = POLICY.decide("GET", origin=[APP])
REFUSED = POLICY.decide("GET", origin=[EVIL])
ABSENT = POLICY.decide("GET")


def preflight(origin: bytes, method: bytes, headers: bytes = b"") -> Decision:
    """A decision on a preflight."""
    return POLICY.decide("OPTIONS", origin=[origin], request_method=[method], request_headers=[headers])


CASES = [
    pytest.param(ALLOWED, HTTP, (True, "origin-listed", "actual"), id="allowed"),
    pytest.param(REFUSED, HTTP, (False, "origin-not-listed", "actual"), id="refused"),
    pytest.param(REFUSED, RequestFacts(kind="websocket"), (False, "origin-not-listed", "websocket"), id="handshake"),
    pytest.param(preflight(APP, b"GET"), HTTP, (True, "origin-listed", "preflight"), id="preflight"),
    pytest.param(preflight(APP, b"PUT", b"x-a"), HTTP, (False, "method-not-listed", "preflight"), id="its method"),
    pytest.param(preflight(EVIL, b"PUT"), HTTP, (False, "origin-not-listed", "preflight"), id="its origin"),
]


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    """A reader of the counter, with its own provider."""
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


@pytest.mark.parametrize(("decision", "facts", "expected"), CASES)
def test_a_decision_is_counted_and_stands_in_the_span(
    reader: InMemoryMetricReader, decision: Decision, facts: RequestFacts, expected: tuple[bool, str, str]
) -> None:
    """Both have the outcome, the first reason and the kind."""
    on_decision = otel.counting(MeterProvider([reader]))
    attributes = dict(zip(("cors.allowed", "cors.reason", "cors.kind"), expected, strict=True))
    assert span_of(lambda: on_decision(decision, facts)).attributes == attributes
    (point,) = points_of(reader)
    assert (point.value, point.attributes) == (1, attributes)
    assert type(point.attributes["cors.reason"]) is str


def test_a_request_without_origin_is_not_counted(reader: InMemoryMetricReader) -> None:
    """It is not a CORS request."""
    on_decision = otel.counting(MeterProvider([reader]))
    assert span_of(lambda: on_decision(ABSENT, HTTP)).attributes == {}
    assert points_of(reader) == []


def test_untrusted_origins_add_no_labels(reader: InMemoryMetricReader) -> None:
    """For any number of origins, there is one series for each reason and kind."""
    on_decision = otel.counting(MeterProvider([reader]))
    for number in range(100):
        on_decision(POLICY.decide("GET", origin=[b"https://t%d.example" % number]), HTTP)
    (point,) = points_of(reader)
    assert point.value == 100
    assert {value for value in point.attributes.values() if isinstance(value, str)} <= {*map(str, Reason), "actual"}


def test_without_a_span_it_counts_all_the_same(reader: InMemoryMetricReader) -> None:
    """Metrics work without tracing."""
    assert not trace.get_current_span().is_recording()
    otel.counting(MeterProvider([reader]))(REFUSED, HTTP)
    assert len(points_of(reader)) == 1


def test_the_plain_one_counts_with_the_global_provider() -> None:
    """Also if the provider is set after the import; in its own process, for it is set once."""
    program = (
        "from crossorigin import Policy\n"
        "from crossorigin.policy.decide.request_facts import RequestFacts\n"
        "from crossorigin.telemetry import otel\n"
        "from opentelemetry import metrics\n"
        "from opentelemetry.sdk.metrics import MeterProvider\n"
        "from opentelemetry.sdk.metrics.export import InMemoryMetricReader\n"
        "reader = InMemoryMetricReader()\n"
        "metrics.set_meter_provider(MeterProvider([reader]))\n"
        "otel.on_decision(Policy().decide('GET', origin=[b'null']), RequestFacts())\n"
        "print(reader.get_metrics_data().to_json())\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert '"name": "crossorigin.decisions"' in run.stdout
    assert '"cors.reason": "origin-null"' in run.stdout


def test_the_plain_one_sets_the_attributes_of_the_span() -> None:
    """It is what `counting` makes, without its own provider."""
    attributes = span_of(lambda: otel.on_decision(ALLOWED, HTTP)).attributes
    assert attributes == {"cors.allowed": True, "cors.reason": "origin-listed", "cors.kind": "actual"}


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command."""
    monkeypatch.delitem(sys.modules, "crossorigin.telemetry.otel")
    for name in ("opentelemetry", "opentelemetry.metrics", "opentelemetry.trace"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'crossorigin\[otel\]'"):
        __import__("crossorigin.telemetry.otel")


def test_the_package_does_not_load_what_observes() -> None:
    """Each start imports crossorigin, which loads no logging, no hook and no OpenTelemetry."""
    program = (
        "import sys, crossorigin\n"
        "late = {'logging', 'crossorigin.telemetry.refusal_log', 'crossorigin.telemetry.otel', 'opentelemetry'}\n"
        "print(late & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "set()\n"


SAME_ORIGIN = [
    RequestFacts(origin=[EVIL], host=[b"evil.example"]),
    RequestFacts(origin=[EVIL], host=[b"api.example.com"], sec_fetch_site=[b"same-origin"]),
]


@pytest.mark.parametrize("facts", SAME_ORIGIN, ids=["by its host", "by Sec-Fetch-Site"])
def test_a_page_of_the_servers_own_is_not_refused(reader: InMemoryMetricReader, facts: RequestFacts) -> None:
    """It needs no policy, so it is neither counted nor marked. An allowed request is."""
    on_decision = otel.counting(MeterProvider([reader]))
    assert span_of(lambda: on_decision(REFUSED, facts)).attributes == {}
    assert points_of(reader) == []
    on_decision(ALLOWED, facts)
    assert len(points_of(reader)) == 1


class Traced:
    """An app of FastAPI, and the spans of what it served."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.app = FastAPI()

        def crash() -> None:
            raise ZeroDivisionError

        self.app.get("/crash")(crash)

    def instrument(self) -> None:
        """Do what its users do."""
        FastAPIInstrumentor.instrument_app(self.app, tracer_provider=self.provider)

    def uninstrument(self) -> None:
        """Undo it."""
        FastAPIInstrumentor.uninstrument_app(self.app)

    def add(self) -> None:
        """Add the middleware in the usual way."""
        self.app.add_middleware(CORSMiddleware, policy=POLICY, on_decision=otel.on_decision, on_refused="block")

    def install(self) -> None:
        """Install it."""
        install(self.app, POLICY, on_decision=otel.on_decision, on_refused="block")

    def ask(self, client: TestClient, origin: bytes, method: str = "GET", **headers: str) -> tuple[Any, Any]:
        """Send a request; return its answer and the attributes of each of its server's spans."""
        self.exporter.clear()
        answer = client.request(method, "/crash", headers={"Origin": origin.decode(), **headers})
        spans = [span for span in self.exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER]
        marks = [{key: span.attributes[key] for key in span.attributes if "cors." in key} for span in spans]  # type: ignore[index, union-attr]
        return answer, marks


@pytest.fixture
def traced() -> Iterator[Traced]:
    """An app that is instrumented by nothing at the end, for some of that is of the process."""
    traced = Traced()
    yield traced
    traced.uninstrument()
    traced.provider.shutdown()


def marks(reason: str, kind: str = "actual", *, allowed: bool = True) -> list[dict[str, Any]]:
    """Return the attributes of one span."""
    return [{"cors.allowed": allowed, "cors.reason": reason, "cors.kind": kind}]


lifespans = pytest.mark.parametrize("served", [lambda client: client, nullcontext], ids=["lifespan", "no lifespan"])
PREFLIGHT = {"Access-Control-Request-Method": "GET"}


@lifespans
@pytest.mark.parametrize("way", [Traced.add, Traced.install], ids=["added", "installed"])
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_the_tracer_stays_outside(
    *,
    way: Callable[[Traced], None],
    first: bool,
    served: Callable[[Any], Any],
    traced: Traced,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whichever came first, each request has one span with what was decided, a preflight and a crash too."""
    for step in (way, Traced.instrument) if first else (Traced.instrument, way):
        step(traced)
    client = TestClient(traced.app, raise_server_exceptions=False)
    with served(client):
        client.get("/")
        answer, spans = traced.ask(client, APP)
        assert (answer.status_code, spans) == (500, marks("origin-listed"))
        assert answer.headers.get_list("access-control-allow-origin") == [APP.decode()]
        answer, spans = traced.ask(client, APP, "OPTIONS", **PREFLIGHT)
        assert (answer.status_code, spans) == (200, marks("origin-listed", "preflight"))
        answer, spans = traced.ask(client, EVIL)
        assert (answer.status_code, spans) == (403, marks("origin-not-listed", allowed=False))
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "steps",
    [
        [Traced.add, Traced.instrument, Traced.uninstrument],
        [Traced.instrument, Traced.add, Traced.uninstrument],
        [Traced.install, Traced.instrument, Traced.uninstrument],
        # What instrumented the app puts back what it found.
        [Traced.instrument, Traced.install, Traced.uninstrument, Traced.install],
    ],
    ids=["added", "added behind it", "installed", "installed again"],
)
def test_what_is_traced_no_more_has_its_headers(steps: list[Callable[[Traced], None]], traced: Traced) -> None:
    """Without a tracer the layer decides as before, and nothing is traced."""
    for step in steps:
        step(traced)
    client = TestClient(traced.app, raise_server_exceptions=False)
    client.get("/")
    answer, spans = traced.ask(client, APP)
    assert (answer.status_code, spans) == (500, [])
    assert answer.headers.get_list("access-control-allow-origin") == [APP.decode()]
    assert traced.ask(client, EVIL)[0].status_code == 403
