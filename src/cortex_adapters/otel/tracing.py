"""Traces: where their spans go, and how they go on elsewhere."""

from __future__ import annotations

from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cortex_core.ports import Carrier

SCOPE: Final = "cortex_core"
EMPTY: Final = Context()
_W3C: Final = TraceContextTextMapPropagator()


class Tracing:
    """Spans go to *processor*; without any, a trace has its ids for the log, and no spans."""

    def __init__(self, processor: SpanProcessor | None, resource: Resource) -> None:
        self.sends = processor is not None
        self.resource = resource
        self.scope = InstrumentationScope(SCOPE)
        self._processor = processor

    def send(self, span: ReadableSpan) -> None:
        """Hand on a span that has ended."""
        if self._processor is not None:
            self._processor.on_end(span)


def around(place: SpanContext) -> Context:
    """Return *place* in the form that OpenTelemetry's own parts ask for."""
    return set_span_in_context(NonRecordingSpan(place), EMPTY)


def carried(carrier: Carrier) -> SpanContext | None:
    """Return the place in a trace that *carrier* holds, if it does (W3C Trace Context)."""
    place = get_current_span(_W3C.extract(carrier, EMPTY)).get_span_context()
    return place if place.is_valid else None


def carrier_of(place: SpanContext) -> Carrier:
    """Return what carries *place* to another process."""
    headers: dict[str, str] = {}
    _W3C.inject(headers, around(place))
    return headers
