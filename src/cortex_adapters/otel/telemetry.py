"""`Telemetry` with OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from random import getrandbits
from typing import Final, Protocol

from cortex_adapters.otel.instruments import Instruments
from cortex_adapters.otel.sampling import Sampling
from cortex_adapters.otel.spans import Kind, Placed, Timed, Work, current_work
from cortex_adapters.otel.tracing import Tracing, carried, carrier_of
from cortex_core.domain import signals
from cortex_core.ports import AttributeValue, Carrier, Level, NoTelemetry, Reading, Span

_UNTOLD: Final = NoTelemetry().span("")
"""A span that is neither kept nor measured."""


class Lines(Protocol):
    """Where log lines go."""

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        """Write one log line."""
        ...


class OpenTelemetry:
    """Traces are kept as *sampling* says, spans go where *tracing* says, numbers to *instruments*.

    Lines go to *lines*.
    """

    def __init__(
        self, sampling: Sampling, tracing: Tracing, instruments: Instruments, lines: Lines
    ) -> None:
        self._keeps = sampling.keeps
        self._tracing = tracing
        self._instruments = instruments
        self.log = lines.log  # as it is: what goes through one more call is packed once more
        self._kinds = {
            name: Kind.of(kind, instruments.recorder(kind.duration.name) if kind.duration else None)
            for name, kind in signals.SPANS.items()
        }

    def span(
        self,
        name: str,
        parent: Carrier | None = None,
        links: Sequence[Carrier] = (),
        /,
        **attributes: AttributeValue,
    ) -> AbstractContextManager[Span]:
        kind = self._kinds.get(name) or Kind.of(signals.SpanKind(name=name, meaning=""), None)
        within = current_work() if parent is None else None
        if within is None:
            return self._begun(kind, parent, links, attributes)
        if within.sampled:
            return Work(
                kind,
                attributes,
                trace_id=within.trace_id,
                span_id=getrandbits(64) or 1,
                state=within.state,
                tracing=self._tracing,
                above=within.place,
                links=links,
            )
        return _UNTOLD if kind.record is None else Timed(kind, attributes)

    def _begun(
        self,
        kind: Kind,
        parent: Carrier | None,
        links: Sequence[Carrier],
        attributes: dict[str, AttributeValue],
    ) -> Placed:
        """Return work that begins a trace, or goes on with the one that *parent* carries."""
        trace_id, span_id = getrandbits(128) or 1, getrandbits(64) or 1
        above, state, kept = None, None, False
        try:
            if parent and (above := carried(parent)):
                trace_id = above.trace_id
            kept, state = self._keeps(trace_id, kind.name, kind.role, above)
        except Exception:  # noqa: BLE001, S110 - a trace less is no reason to fail
            pass
        if not kept:
            return Placed(kind, attributes, trace_id=trace_id, span_id=span_id, state=state)
        return Work(
            kind,
            attributes,
            trace_id=trace_id,
            span_id=span_id,
            state=state,
            tracing=self._tracing,
            above=above,
            links=links,
        )

    def carrier(self) -> Carrier:
        with suppress(Exception):
            if work := current_work():
                return carrier_of(work.place)
        return {}

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        with suppress(Exception):
            self._instruments.recorder(name)(value, attributes)

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        with suppress(Exception):
            self._instruments.recorder(name)(value, attributes)

    def observe(
        self, name: str, read: Callable[[], Iterable[Reading]], /
    ) -> AbstractContextManager[None]:
        return self._instruments.observing(name, read)
