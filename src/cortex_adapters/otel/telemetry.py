"""`Telemetry` with OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from cortex_adapters.otel.instruments import Instruments
from cortex_adapters.otel.sampling import Sampling
from cortex_adapters.otel.spans import Kind, Timed, Work, current_work
from cortex_adapters.otel.tracing import Tracing, carrier_of
from cortex_core.domain import signals
from cortex_core.ports import AttributeValue, Carrier, Level, Reading


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
        self._lines = lines
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
    ) -> Work | Timed:
        kind = self._kinds.get(name)
        if kind is None:
            kind = Kind.of(signals.SpanKind(name=name, meaning=""), None)
        within = current_work() if parent is None else None
        if within is not None and not within.sampled:
            return Timed(kind, attributes)
        return Work(self._tracing, self._keeps, kind, within, parent, links, attributes)

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

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        self._lines.log(event, level=level, **attributes)
