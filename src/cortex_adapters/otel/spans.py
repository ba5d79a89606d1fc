"""Stretches of work: a span in a trace where it is sampled, and a duration always.

Spans are made here, whole, when they end: the SDK's own, which anybody may change at any time from
any thread, take five times as long. The SDK samples them and sends them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar, Token
from random import getrandbits
from time import perf_counter, time_ns
from types import TracebackType
from typing import Final

import msgspec
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    format_span_id,
    format_trace_id,
)

from cortex_adapters.otel.attributes import clean, text
from cortex_adapters.otel.instruments import Record
from cortex_adapters.otel.tracing import Tracing, carried
from cortex_core.domain import signals
from cortex_core.domain.errors import CortexError
from cortex_core.ports import AttributeValue, Carrier

ROLES: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
Keeps = Callable[[int, str, SpanKind, SpanContext | None], tuple[bool, TraceState | None]]
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_UNSAMPLED: Final = TraceFlags(TraceFlags.DEFAULT)
_UNSET: Final = Status(StatusCode.UNSET)


class Kind(msgspec.Struct, frozen=True):
    """What the registry says of a kind of span, at hand; *record* takes how long each took."""

    name: str
    role: SpanKind
    title: tuple[str, ...]
    tells_error: bool
    record: Record | None

    @classmethod
    def of(cls, kind: signals.SpanKind, record: Record | None) -> Kind:
        """Return *kind* as it is used here."""
        told = "error.type" in kind.attributes
        return cls(kind.name, ROLES[kind.role], kind.title, told, record)


class Timed:
    """One stretch of work below one that is not sampled: it is measured, and in no trace."""

    __slots__ = ("_attributes", "_began", "_kind")

    def __init__(self, kind: Kind, attributes: dict[str, AttributeValue]) -> None:
        self._kind = kind
        self._attributes = attributes

    def __enter__(self) -> Timed:
        self._began = perf_counter()
        return self

    def set(self, /, **attributes: AttributeValue) -> None:
        """Say more about this work."""
        self._attributes.update(attributes)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._kind.record is not None:
            _record(self._kind, self._attributes, perf_counter() - self._began, error)


class Work:
    """One stretch of work, as a context: *within* another that is sampled, or else a trace begins.

    What it goes on from elsewhere, *parent* carries.
    """

    __slots__ = (
        "_above",
        "_at",
        "_attributes",
        "_began",
        "_events",
        "_keeps",
        "_kind",
        "_links",
        "_parent",
        "_token",
        "_tracing",
        "_within",
        "sampled",
        "span_id",
        "state",
        "trace_id",
    )

    sampled: bool
    trace_id: int
    span_id: int
    state: TraceState | None

    def __init__(
        self,
        tracing: Tracing,
        keeps: Keeps,
        kind: Kind,
        within: Work | None,
        parent: Carrier | None,
        links: Sequence[Carrier],
        attributes: dict[str, AttributeValue],
    ) -> None:
        self._tracing = tracing
        self._within = within
        self._keeps = keeps
        self._kind = kind
        self._parent = parent
        self._links = links
        self._attributes = attributes
        self._token: Token[Work | None] | None = None
        self._above: SpanContext | None = None
        self._events: list[Event] = []
        self.sampled = False

    def __enter__(self) -> Work:
        try:
            self._begin()
        except Exception:  # noqa: BLE001 - a trace less is no reason to fail
            self.sampled = False
        self._began = perf_counter()
        return self

    def set(self, /, **attributes: AttributeValue) -> None:
        """Say more about this work."""
        self._attributes.update(attributes)

    def note(self, event: str, attributes: Mapping[str, AttributeValue]) -> None:
        """Say that something happened in this moment."""
        if self.sampled:
            self._events.append(Event(event, clean(attributes)))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        took = perf_counter() - self._began
        _record(self._kind, self._attributes, took, error)
        try:
            if self.sampled and self._tracing.sends:
                self._tracing.send(self._span(took, error))
        except Exception:  # noqa: BLE001, S110 - as above
            pass
        if self._token is not None:
            with suppress(ValueError):  # it may end in another task than it began in
                _current.reset(self._token)
            self._token = None

    @property
    def place(self) -> SpanContext:
        """Return where in its trace this is."""
        flags = _SAMPLED if self.sampled else _UNSAMPLED
        return SpanContext(self.trace_id, self.span_id, False, flags, self.state)

    def _begin(self) -> None:
        within = self._within
        if within is None:
            above = carried(self._parent) if self._parent else None
            self._above = above
            self.trace_id = above.trace_id if above else getrandbits(128) or 1
            self.sampled, self.state = self._keeps(
                self.trace_id, self._kind.name, self._kind.role, above
            )
        else:
            self._above = within.place
            self.trace_id, self.state, self.sampled = within.trace_id, within.state, True
        self.span_id = getrandbits(64) or 1
        self._at = time_ns()
        self._token = _current.set(self)

    def _span(self, took: float, error: BaseException | None) -> ReadableSpan:
        attributes = self._attributes
        title = " ".join([str(attributes[name]) for name in self._kind.title if name in attributes])
        failure = _failure(error, attributes)
        return ReadableSpan(
            text(title) if title else self._kind.name,
            self.place,
            self._above,
            self._tracing.resource,
            clean(attributes),
            self._events,
            [Link(place) for each in self._links if (place := carried(each))],
            self._kind.role,
            status=Status(StatusCode.ERROR, failure) if failure else _UNSET,
            start_time=self._at,
            end_time=self._at + int(took * 1e9),
            instrumentation_scope=self._tracing.scope,
        )


_current: Final[ContextVar[Work | None]] = ContextVar("cortex_work", default=None)


def current_work() -> Work | None:
    """Return the innermost work that has a place in a trace."""
    return _current.get()


def current_trace() -> dict[str, str]:
    """Return the ids of the trace and the span that are current, for a line in the log."""
    work = _current.get()
    if work is None:
        return {}
    return {"trace_id": format_trace_id(work.trace_id), "span_id": format_span_id(work.span_id)}


def _record(
    kind: Kind, attributes: dict[str, AttributeValue], took: float, error: BaseException | None
) -> None:
    try:
        if error is not None and kind.tells_error:
            attributes.setdefault("error.type", _type(error))
        if kind.record is not None:
            kind.record(took, attributes)
    except Exception:  # noqa: BLE001, S110 - a number less is no reason to fail
        pass


def _failure(error: BaseException | None, attributes: Mapping[str, AttributeValue]) -> str:
    """Return what kind of failure that was, of ours and not of a caller's; empty for none."""
    if error is None:
        return str(attributes.get("error.type", ""))
    return "" if isinstance(error, CortexError) and error.severity == "info" else _type(error)


def _type(error: BaseException) -> str:
    """Return what kind of error that is; its words may hold what is nobody's business."""
    return error.code if isinstance(error, CortexError) else type(error).__qualname__
