"""What the core said about itself, kept for whoever asks."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from cortex_core.ports import AttributeValue, Carrier, Level, Reading

KEPT: Final = 1_000


_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class RecordedSpan:
    """A stretch of work, the number of the one around it, and the error that ended it if any."""

    name: str
    attributes: dict[str, AttributeValue]
    number: int = field(default=0, compare=False)
    parent: int | None = field(default=None, compare=False)
    links: tuple[int, ...] = field(default=(), compare=False)
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
        self._numbers = count(1)
        self._current: ContextVar[int | None] = ContextVar("current", default=None)
        self._gauges: list[tuple[str, Callable[[], Iterable[Reading]]]] = []

    @contextmanager
    def span(
        self,
        name: str,
        parent: Carrier | None = None,
        links: Sequence[Carrier] = (),
        /,
        **attributes: AttributeValue,
    ) -> Iterator[RecordedSpan]:
        span = RecordedSpan(
            name,
            attributes,
            number=next(self._numbers),
            parent=self._current.get() if parent is None else _carried(parent),
            links=tuple(found for carrier in links if (found := _carried(carrier)) is not None),
        )
        self.spans.append(span)
        around = self._current.get()
        self._current.set(span.number)
        try:
            yield span
        except BaseException as error:
            span.error = error
            raise
        finally:
            self._current.set(around)

    def carrier(self) -> Carrier:
        number = self._current.get()
        return {} if number is None else {"traceparent": f"00-{number:032x}-{number:016x}-01"}

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        self.counts.append(Number(name, value, attributes))

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        self.measurements.append(Number(name, value, attributes))

    @contextmanager
    def observe(self, name: str, read: Callable[[], Iterable[Reading]], /) -> Iterator[None]:
        gauge = (name, read)
        self._gauges.append(gauge)
        try:
            yield
        finally:
            self._gauges.remove(gauge)

    def gauges(self) -> list[Number]:
        """Return what every gauge shows now."""
        return [
            Number(name, value, attributes)
            for name, read in self._gauges
            for value, attributes in read()
        ]

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        self.lines.append(Line(event, level, attributes))


def _carried(carrier: Carrier) -> int | None:
    match = _TRACEPARENT.fullmatch(carrier.get("traceparent", ""))
    return int(match[1], 16) if match else None
