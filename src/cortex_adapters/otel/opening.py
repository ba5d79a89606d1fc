"""Everything of OpenTelemetry opened and closed, as its own `OTEL_*` variables say.

Spans, metrics and incidents go out over OTLP (HTTP, protobuf) where an endpoint is named; the
metrics are there for Prometheus in any case.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import Sampler
from prometheus_client import CollectorRegistry

from cortex_adapters.otel.endpoints import wanted
from cortex_adapters.otel.errors import SpanErrorReporter
from cortex_adapters.otel.exposition import exposition
from cortex_adapters.otel.instruments import Instruments
from cortex_adapters.otel.reader import SharedReader
from cortex_adapters.otel.sampling import BoundedSampling, SdkSampling
from cortex_adapters.otel.telemetry import Lines, OpenTelemetry
from cortex_adapters.otel.tracing import SCOPE, Tracing
from cortex_core.ports import ErrorReporter

_SAMPLER: Final = "OTEL_TRACES_SAMPLER"
_INTERVAL: Final = "OTEL_METRIC_EXPORT_INTERVAL"
_INTERNAL: Final = "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED"
_HEADERS: Final = "opentelemetry.trace"
_QUEUES: Final = "opentelemetry.sdk._shared_internal"
_TIMEOUT: Final = 5.0
_PARTING: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the server works with; *page* gives the metrics of this process to Prometheus."""

    telemetry: OpenTelemetry
    page: Callable[[], bytes]
    reporting: Callable[[ErrorReporter], ErrorReporter]


@contextmanager
def open_telemetry(
    lines: Lines,
    *,
    resource: Mapping[str, str],
    ratio: float,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Opened]:
    """Open the providers; what they hold is sent when they close, for 2 s at the most.

    *ratio* of the requests that are not part of another's trace is sampled, as far as
    `BoundedSampling` allows, unless `OTEL_TRACES_SAMPLER` says otherwise.

    Raises:
        ValueError: A variable asks for what cannot be.
    """
    asked = os.environ if environ is None else environ
    # the SDK's own account of what it dropped
    os.environ.setdefault(_INTERNAL, "true")
    # it is a number; a warning for each span that finds the queue full costs more than the span
    logging.getLogger(_QUEUES).setLevel(logging.ERROR)
    # what callers write into their headers is no warning of ours, and nothing for our log
    logging.getLogger(_HEADERS).setLevel(logging.ERROR)
    own = Resource.create(dict(resource))
    registry = CollectorRegistry(auto_describe=False)
    reader = SharedReader(registry, own, interval=_seconds(asked.get(_INTERVAL), 60.0))
    metrics = MeterProvider(
        [reader], own, exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
    )
    instruments = Instruments(metrics.get_meter(SCOPE))
    reader.include(instruments.collected)
    exporters = _exporters(asked, metrics)
    spans = BatchSpanProcessor(exporters.spans, meter_provider=metrics) if exporters.spans else None
    sampling = SdkSampling(_asked_for()) if _SAMPLER in asked else BoundedSampling(ratio)
    logs = LoggerProvider(own, shutdown_on_exit=False)
    if exporters.logs is not None:
        logs.add_log_record_processor(
            BatchLogRecordProcessor(exporters.logs, meter_provider=metrics)
        )
    if exporters.metrics is not None:
        reader.push_to(exporters.metrics)

    def reporting(other: ErrorReporter) -> ErrorReporter:
        return SpanErrorReporter(other, logs)

    try:
        yield Opened(
            telemetry=OpenTelemetry(sampling, Tracing(spans, own), instruments, lines),
            page=lambda: exposition(registry),
            reporting=reporting,
        )
    finally:
        leaving = [logs.shutdown, reader.push, *([spans.shutdown] if spans else [])]
        _all_within(_PARTING, leaving)
        metrics.shutdown()


@dataclass(frozen=True, slots=True)
class _Exporters:
    spans: SpanExporter | None = None
    metrics: MetricExporter | None = None
    logs: LogRecordExporter | None = None


def _exporters(asked: Mapping[str, str], own: MeterProvider) -> _Exporters:
    """Return an exporter for each signal that is wanted.

    They count in *own* what they could not send.
    """
    signals = wanted(asked)
    if not signals:
        return _Exporters()
    # requests and protobuf take 0.2 s to import: only who exports pays
    from opentelemetry.exporter.otlp.proto.http._log_exporter import (  # noqa: PLC0415
        OTLPLogExporter,
    )
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415
        OTLPMetricExporter,
    )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    timeout = None if "OTEL_EXPORTER_OTLP_TIMEOUT" in asked else _TIMEOUT
    return _Exporters(
        OTLPSpanExporter(timeout=timeout, meter_provider=own) if "TRACES" in signals else None,
        OTLPMetricExporter(timeout=timeout, meter_provider=own) if "METRICS" in signals else None,
        OTLPLogExporter(timeout=timeout, meter_provider=own) if "LOGS" in signals else None,
    )


def _asked_for() -> Sampler:
    """Return the sampler that `OTEL_TRACES_SAMPLER` names, as the SDK reads it."""
    return TracerProvider(shutdown_on_exit=False, meter_provider=NoOpMeterProvider()).sampler


def _seconds(millis: str | None, default: float) -> float:
    try:
        return max(0.1, float(millis or "") / 1000)
    except ValueError:
        return default


def _all_within(seconds: float, works: list[Callable[[], None]]) -> None:
    """Do all *works* side by side, and leave behind what takes longer."""

    def quietly(work: Callable[[], None]) -> None:
        with suppress(Exception):
            work()

    threads = [threading.Thread(target=quietly, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
