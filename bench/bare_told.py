"""The bare application with OpenTelemetry's own middleware around it, as it comes or trimmed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from bench import bare
from cortex_adapters.uvicorn.server import run, serve


def instrumented(app: Any, *, trimmed: bool) -> Any:
    """Return *app* as the middleware wraps it; its SDK reads the `OTEL_*` variables."""
    middleware = import_module("opentelemetry.instrumentation.asgi")  # not among our dependencies
    traces = TracerProvider()
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())])
    return middleware.OpenTelemetryMiddleware(
        app,
        tracer_provider=traces,
        meter_provider=metrics,
        exclude_spans=["send", "receive"] if trimmed else None,
    )


if __name__ == "__main__":
    app = bare.create()
    told = instrumented(app, trimmed=sys.argv[2] == "trimmed")
    run(serve(told, port=int(sys.argv[1]), drain=lambda: bare.leave(app)))
