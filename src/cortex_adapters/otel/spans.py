"""Stretches of work: a span where the trace is sampled, and a duration always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import Token
from time import perf_counter
from types import TracebackType
from typing import Final

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cortex_adapters.otel.attributes import clean, text
from cortex_adapters.otel.instruments import Instruments
from cortex_core.domain import signals
from cortex_core.domain.errors import CortexError
from cortex_core.ports import AttributeValue, Carrier

W3C: Final = TraceContextTextMapPropagator()
_KINDS: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_UNREGISTERED: Final = signals.SpanKind(name="", meaning="")
_EMPTY: Final = Context()


class Work:
    """One stretch of work, as a context.

    Below a request that is not sampled no span is made: what is left is the clock.
    """

    __slots__ = (
        "_attributes",
        "_began",
        "_instruments",
        "_kind",
        "_links",
        "_name",
        "_parent",
        "_span",
        "_token",
        "_tracer",
    )

    def __init__(
        self,
        tracer: Tracer,
        instruments: Instruments,
        name: str,
        parent: Carrier | None,
        links: Sequence[Carrier],
        attributes: dict[str, AttributeValue],
    ) -> None:
        self._tracer = tracer
        self._instruments = instruments
        self._kind = signals.SPANS.get(name, _UNREGISTERED)
        self._name = name
        self._parent = parent
        self._links = links
        self._attributes = attributes
        self._token: Token[Context] | None = None
        self._span: Span = trace.INVALID_SPAN

    def __enter__(self) -> Work:
        with suppress(Exception):  # a trace less is no reason to fail
            self._begin()
        self._began = perf_counter()
        return self

    def set(self, /, **attributes: AttributeValue) -> None:
        """Say more about this work."""
        self._attributes.update(attributes)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_: TracebackType | None,
    ) -> None:
        took = perf_counter() - self._began
        with suppress(Exception):
            if error is not None and "error.type" in self._kind.attributes:
                self._attributes.setdefault("error.type", _type(error))
            if self._kind.duration is not None:
                self._instruments.record(self._kind.duration.name, took, self._attributes)
            if self._span.is_recording():
                self._finish(error)
        if self._token is not None:
            context.detach(self._token)
            self._token = None

    def _begin(self) -> None:
        if self._parent is None:
            within = context.get_current()
            above = trace.get_current_span(within).get_span_context()
            if above.is_valid and not above.trace_flags.sampled:
                return
        else:
            within = W3C.extract(self._parent, _EMPTY)
        self._span = self._tracer.start_span(
            self._name,
            within,
            _KINDS[self._kind.role],
            links=[Link(found) for carrier in self._links if (found := _carried(carrier)).is_valid],
        )
        self._token = context.attach(trace.set_span_in_context(self._span, within))

    def _finish(self, error: BaseException | None) -> None:
        attributes = self._attributes
        title = " ".join(str(attributes[name]) for name in self._kind.title if name in attributes)
        if title:
            self._span.update_name(text(title))
        self._span.set_attributes(clean(attributes))
        if failure := _failure(error, attributes):
            self._span.set_status(Status(StatusCode.ERROR, failure))
        self._span.end()


def _failure(error: BaseException | None, attributes: Mapping[str, AttributeValue]) -> str:
    """Return what kind of failure that was, of ours and not of a caller's; empty for none."""
    if error is None:
        return str(attributes.get("error.type", ""))
    return "" if isinstance(error, CortexError) and error.severity == "info" else _type(error)


def current_trace() -> dict[str, str]:
    """Return the ids of the trace and the span that are current, for a line in the log."""
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(found.trace_id),
        "span_id": trace.format_span_id(found.span_id),
    }


def _carried(carrier: Carrier) -> trace.SpanContext:
    return trace.get_current_span(W3C.extract(carrier, _EMPTY)).get_span_context()


def _type(error: BaseException) -> str:
    """Return what kind of error that is; its words may hold what is nobody's business."""
    return error.code if isinstance(error, CortexError) else type(error).__qualname__
