"""`Telemetry` with OpenTelemetry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from cortex_adapters.otel.instruments import Instruments
from cortex_adapters.otel.spans import W3C, Work
from cortex_core.ports import AttributeValue, Carrier, Level, Reading

SCOPE = "cortex_core"


class Lines(Protocol):
    """Where log lines go."""

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        """Write one log line."""
        ...


class OpenTelemetry:
    """Spans and numbers go to the providers, lines to *lines*."""

    def __init__(self, traces: TracerProvider, metrics: MeterProvider, lines: Lines) -> None:
        self._tracer = traces.get_tracer(SCOPE)
        self._instruments = Instruments(metrics.get_meter(SCOPE))
        self._lines = lines

    def span(
        self,
        name: str,
        parent: Carrier | None = None,
        links: Sequence[Carrier] = (),
        /,
        **attributes: AttributeValue,
    ) -> Work:
        return Work(self._tracer, self._instruments, name, parent, links, attributes)

    def carrier(self) -> Carrier:
        carried: dict[str, str] = {}
        with suppress(Exception):
            W3C.inject(carried)
        return carried

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        with suppress(Exception):
            self._instruments.record(name, value, attributes)

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        with suppress(Exception):
            self._instruments.record(name, value, attributes)

    def observe(
        self, name: str, read: Callable[[], Iterable[Reading]], /
    ) -> AbstractContextManager[None]:
        return self._instruments.observing(name, read)

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        self._lines.log(event, level=level, **attributes)
