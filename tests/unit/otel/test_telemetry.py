"""Spans and numbers with OpenTelemetry."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram, InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import SpanKind, StatusCode

from cortex_adapters.otel.instruments import Instruments
from cortex_adapters.otel.numbers import MOST, OVERFLOW, Numbers
from cortex_adapters.otel.opening import open_telemetry
from cortex_adapters.otel.sampling import SdkSampling
from cortex_adapters.otel.spans import current_work
from cortex_adapters.otel.telemetry import OpenTelemetry
from cortex_adapters.otel.tracing import Tracing
from cortex_core.domain.errors import NotFoundError, StorageFullError
from cortex_core.domain.signals import METRICS
from cortex_core.ports import NoTelemetry

PARENT = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
UNSAMPLED = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}


class Bench:
    """A telemetry whose spans and numbers can be read."""

    def __init__(self, *, sampled: bool = True) -> None:
        self.exporter = InMemorySpanExporter()
        sampling = SdkSampling(ParentBased(ALWAYS_ON if sampled else ALWAYS_OFF))
        tracing = Tracing(SimpleSpanProcessor(self.exporter), Resource.get_empty())
        self._reader = InMemoryMetricReader()
        metrics = MeterProvider([self._reader])
        self._instruments = Instruments(metrics.get_meter("test"))
        self.telemetry = OpenTelemetry(sampling, tracing, self._instruments, NoTelemetry())

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}

    def points(self, name: str) -> list[tuple[dict[str, object], float]]:
        """Return labels and number (how many, of a histogram) of each series."""
        data = self._reader.get_metrics_data()
        gauges = [
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        return [
            (dict(point.attributes or {}), getattr(point, "value", getattr(point, "count", 0)))
            for metric in (*gauges, *self._instruments.collected())
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_spans_are_nested_and_titled(bench: Bench) -> None:
    with (
        bench.telemetry.span("http.server.request", **{"http.request.method": "GET"}) as outer,
        bench.telemetry.span("cortex.operation", operation="users.me") as inner,
    ):
        inner.set(outcome="ok")
        outer.set(**{"http.route": "/v1/me"})
    case, request = bench.spans["users.me"], bench.spans["GET /v1/me"]
    assert case.parent is not None
    assert request.context is not None
    assert case.parent.span_id == request.context.span_id
    assert (request.kind, case.kind) == (SpanKind.SERVER, SpanKind.INTERNAL)
    assert case.attributes == {"operation": "users.me", "outcome": "ok"}


def test_a_trace_goes_on_from_its_carrier(bench: Bench) -> None:
    with bench.telemetry.span("cortex.operation", PARENT, operation="a"):
        carried = bench.telemetry.carrier()
        here = current_work()
    span = bench.spans["a"]
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert here is not None
    assert carried["traceparent"] == f"00-{here.trace_id:032x}-{here.span_id:016x}-01"
    assert current_work() is None


def test_a_link_leads_to_another_trace(bench: Bench) -> None:
    with bench.telemetry.span("cortex.operation", {}, [PARENT, {}], operation="a"):
        pass
    span = bench.spans["a"]
    assert span.parent is None
    [link] = span.links
    assert f"{link.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"


def test_who_is_not_sampled_has_no_span_and_is_measured(bench: Bench) -> None:
    with (
        bench.telemetry.span("http.server.request", UNSAMPLED, **{"http.route": "/v1/me"}),
        bench.telemetry.span("cortex.operation", operation="users.me"),
    ):
        here = current_work()
        assert here is not None
        assert f"{here.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
        assert bench.telemetry.carrier()["traceparent"].endswith("-00")
    assert bench.spans == {}
    assert bench.points("cortex.operation.duration") == [({"operation": "users.me"}, 1)]
    assert bench.points("http.server.request.duration") == [({"http.route": "/v1/me"}, 1)]


def test_a_whole_trace_is_sampled_or_none_of_it() -> None:
    bench = Bench(sampled=False)
    with (
        bench.telemetry.span("cortex.operation", operation="outer"),
        bench.telemetry.span("cortex.operation", operation="inner"),
    ):
        here = current_work()
        assert here is not None
        assert here.trace_id
    assert bench.spans == {}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ZeroDivisionError("secret"), StatusCode.ERROR),
        (StorageFullError("secret"), StatusCode.ERROR),
        (NotFoundError("secret"), StatusCode.UNSET),
    ],
)
def test_an_error_is_told_by_its_kind_and_never_in_its_words(
    bench: Bench, error: Exception, status: StatusCode
) -> None:
    with pytest.raises(type(error)), bench.telemetry.span("cortex.operation", operation="a"):
        raise error
    span = bench.spans["a"]
    assert span.status.status_code is status
    assert "secret" not in span.to_json()


def test_an_answer_that_is_our_fault_is_a_failed_span(bench: Bench) -> None:
    with bench.telemetry.span("http.server.request", **{"http.route": "/a"}) as span:
        span.set(**{"error.type": "overloaded"})
    assert bench.spans["/a"].status.status_code is StatusCode.ERROR
    with bench.telemetry.span("http.server.request", **{"http.route": "/b"}) as span:
        span.set(**{"http.response.status_code": 404})
    assert bench.spans["/b"].status.status_code is StatusCode.UNSET


def test_only_labels_of_the_registry_tell_series_apart(bench: Bench) -> None:
    for number in range(1000):
        with bench.telemetry.span(
            "cortex.operation", operation="users.me", user_id=f"user-{number}"
        ) as span:
            span.set(outcome="ok")
        bench.telemetry.count("cortex.identity.refused", reason="expired", subject=f"s{number}")
        bench.telemetry.count(f"made.up.{number}")
        bench.telemetry.measure("cortex.build.info", 1, version="1", host=f"h{number}")
    assert bench.points("cortex.operation.duration") == [
        ({"operation": "users.me", "outcome": "ok"}, 1000)
    ]
    assert bench.points("cortex.identity.refused") == [({"reason": "expired"}, 1000)]
    assert bench.points("cortex.build.info") == [({"version": "1"}, 1)]
    assert bench.points("made.up.1") == []


def test_a_gauge_is_read_while_it_is_observed(bench: Bench) -> None:
    name = "cortex.identity.keys.staleness"
    with bench.telemetry.observe(name, lambda: [(3.0, {"issuer": "a", "more": "b"})]):
        assert bench.points(name) == [({"issuer": "a"}, 3.0)]
    assert bench.points(name) == []


@contextmanager
def _opened() -> Iterator[tuple[OpenTelemetry, list[str]]]:
    page: list[str] = []
    with open_telemetry(NoTelemetry(), resource={"worker": "0"}, ratio=0.0, environ={}) as opened:
        yield opened.telemetry, page
        page += opened.page().decode().splitlines()


def test_prometheus_reads_the_names_of_the_conventions() -> None:
    with _opened() as (telemetry, page):
        telemetry.measure("cortex.build.info", 1, version="1")
        telemetry.count("cortex.identity.refused", reason="expired", issuer="x")
        with telemetry.span("http.server.request", **{"http.route": "/v1/me"}) as span:
            span.set(**{"http.response.status_code": 200})
    assert any(
        re.fullmatch(
            r'http_server_request_duration_seconds_bucket\{http_response_status_code="200",'
            r'http_route="/v1/me",le="0.005",worker="0"\} 1.0',
            line,
        )
        for line in page
    ), page
    refused = 'cortex_identity_refused_total{issuer="x",reason="expired",worker="0"} 1.0'
    assert refused in page


def test_numbers_are_added_up_by_their_labels() -> None:
    numbers = Numbers(METRICS["http.server.request.duration"])
    for seconds in (0.001, 0.002, 3.0, 100.0, float("nan"), -1.0, float("inf")):
        numbers.add(seconds, {"http.route": "/v1/me", "more": "x"})
    numbers.add(1.0, {"http.route": "/v1/me" + "x" * 1_000})
    collected = numbers.collected()
    assert collected is not None
    assert isinstance(collected.data, Histogram)
    point, other = collected.data.data_points
    assert (point.count, point.sum, point.min, point.max) == (4, 103.003, 0.001, 100.0)
    assert [point.bucket_counts[0], point.bucket_counts[1]] == [1, 1], "a bound is in its bucket"
    assert point.bucket_counts[-1] == 1
    assert len(str((other.attributes or {})["http.route"])) == 200


def test_no_metric_has_series_without_end() -> None:
    numbers = Numbers(METRICS["cortex.identity.refused"])
    for number in range(MOST + 500):
        numbers.add(1, {"reason": f"reason-{number}"})
    collected = numbers.collected()
    assert collected is not None
    points = collected.data.data_points
    assert len(points) == MOST + 1
    assert sum(getattr(point, "value", 0) for point in points) == MOST + 500
    assert dict(points[-1].attributes or {}) == OVERFLOW


def test_numbers_come_from_all_threads() -> None:
    numbers = Numbers(METRICS["cortex.identity.refused"])

    def work() -> None:
        for _ in range(2_000):
            numbers.add(1, {"reason": "expired"})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    collected = numbers.collected()
    assert collected is not None
    [point] = collected.data.data_points
    assert getattr(point, "value", 0) == 16_000


@pytest.mark.parametrize(
    "carrier",
    [
        {"tracestate": "Key=CANARY"},
        {"tracestate": "a=CANARY," * 100},
        {"traceparent": "00-" + "CANARY" * 100},
    ],
)
def test_what_callers_write_wrongly_is_not_in_the_log(
    carrier: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with _opened() as (telemetry, _), telemetry.span("cortex.operation", {**PARENT, **carrier}):
        pass
    assert "CANARY" not in caplog.text
    assert not caplog.records
