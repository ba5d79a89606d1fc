"""Stretches of work: a span in a trace where it is sampled, and a duration always.

Spans are made here, whole, when they end: the SDK's own, which anybody may change at any time from
any thread, take five times as long. The SDK samples them and sends them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar, Token
from time import perf_counter, time_ns
from types import TracebackType
from typing import ClassVar, Final, Self

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


class Timed(msgspec.Struct, eq=False):
    """One stretch of work within a trace that is not kept: it is measured, and that is all.

    Structs, with few calls between them: each request makes several.
    """

    kind: Kind
    attributes: dict[str, AttributeValue]
    began: float = 0.0

    def __enter__(self) -> Self:
        self.began = perf_counter()
        return self

    def set(self, /, **attributes: AttributeValue) -> None:
        """Say more about this work."""
        self.attributes.update(attributes)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        took = perf_counter() - self.began
        if error is not None:
            self.fail(error)
        record = self.kind.record
        if record is not None:
            record(took, self.attributes)

    def fail(self, error: BaseException) -> None:
        """Say which *error* ended this work, where the registry asks for it."""
        if self.kind.tells_error:
            self.attributes.setdefault("error.type", _type(error))


class Placed(Timed, kw_only=True, eq=False):
    """The outermost stretch of work in a trace that is not kept: a place, for the log, no span."""

    trace_id: int
    span_id: int
    state: TraceState | None
    token: Token[Placed | None] | None = None

    sampled: ClassVar[bool] = False

    def __enter__(self) -> Self:
        self.token = _current.set(self)
        self.began = perf_counter()
        return self

    def note(self, event: str, attributes: Mapping[str, AttributeValue]) -> None:
        """Say that something happened in this moment."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        took = perf_counter() - self.began
        if error is not None:
            self.fail(error)
        record = self.kind.record
        if record is not None:
            record(took, self.attributes)
        token, self.token = self.token, None
        if token is not None:
            try:  # noqa: SIM105 - suppress() costs as much as the rest of this
                _current.reset(token)
            except ValueError:
                pass  # it ends in another task than it began in

    @property
    def place(self) -> SpanContext:
        """Return where in its trace this is."""
        flags = _SAMPLED if self.sampled else _UNSAMPLED
        return SpanContext(self.trace_id, self.span_id, False, flags, self.state)


class Work(Placed, kw_only=True, eq=False):
    """One stretch of work in a trace that is kept, below *above*: a span."""

    tracing: Tracing
    above: SpanContext | None
    links: Sequence[Carrier] = ()
    events: list[Event] = msgspec.field(default_factory=list)
    at: int = 0

    sampled: ClassVar[bool] = True

    def __enter__(self) -> Self:
        self.at = time_ns()
        return super().__enter__()

    def note(self, event: str, attributes: Mapping[str, AttributeValue]) -> None:
        self.events.append(Event(event, clean(attributes)))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        took = perf_counter() - self.began
        super().__exit__(kind, error, trace)
        if self.tracing.sends:
            with suppress(Exception):  # a span less is no reason to fail
                self.tracing.send(self._span(took, error))

    def _span(self, took: float, error: BaseException | None) -> ReadableSpan:
        attributes = self.attributes
        title = " ".join([str(attributes[name]) for name in self.kind.title if name in attributes])
        failure = _failure(error, attributes)
        return ReadableSpan(
            text(title) if title else self.kind.name,
            self.place,
            self.above,
            self.tracing.resource,
            clean(attributes),
            self.events,
            [Link(place) for each in self.links if (place := carried(each))],
            self.kind.role,
            status=Status(StatusCode.ERROR, failure) if failure else _UNSET,
            start_time=self.at,
            end_time=self.at + int(took * 1e9),
            instrumentation_scope=self.tracing.scope,
        )


_current: Final[ContextVar[Placed | None]] = ContextVar("cortex_work", default=None)


current_work: Final = _current.get
"""Returns the innermost work that has a place in a trace."""


def _failure(error: BaseException | None, attributes: Mapping[str, AttributeValue]) -> str:
    """Return what kind of failure that was, of ours and not of a caller's; empty for none."""
    if error is None:
        return str(attributes.get("error.type", ""))
    return "" if isinstance(error, CortexError) and error.severity == "info" else _type(error)


def _type(error: BaseException) -> str:
    """Return what kind of error that is; its words may hold what is nobody's business."""
    return error.code if isinstance(error, CortexError) else type(error).__qualname__
