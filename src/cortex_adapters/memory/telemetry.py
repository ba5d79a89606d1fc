"""What the core said about itself, kept for whoever asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from cortex_core.ports import AttributeValue, Level

KEPT: Final = 1_000


@dataclass(slots=True)
class RecordedSpan:
    """A stretch of work, and the error that ended it if one did."""

    name: str
    attributes: dict[str, AttributeValue]
    error: BaseException | None = field(default=None, compare=False)

    def set(self, /, **attributes: AttributeValue) -> None:
        self.attributes.update(attributes)


@dataclass(frozen=True, slots=True)
class Number:
    """A count or a measurement."""

    name: str
    value: float
    attributes: Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Line:
    """A log line."""

    event: str
    level: Level
    attributes: Mapping[str, AttributeValue]


class MemoryTelemetry:
    """Keeps the newest of each kind."""

    def __init__(self) -> None:
        self.spans: deque[RecordedSpan] = deque(maxlen=KEPT)
        self.counts: deque[Number] = deque(maxlen=KEPT)
        self.measurements: deque[Number] = deque(maxlen=KEPT)
        self.lines: deque[Line] = deque(maxlen=KEPT)

    @contextmanager
    def span(self, name: str, /, **attributes: AttributeValue) -> Iterator[RecordedSpan]:
        span = RecordedSpan(name, attributes)
        self.spans.append(span)
        try:
            yield span
        except BaseException as error:
            span.error = error
            raise

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        self.counts.append(Number(name, value, attributes))

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        self.measurements.append(Number(name, value, attributes))

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        self.lines.append(Line(event, level, attributes))
