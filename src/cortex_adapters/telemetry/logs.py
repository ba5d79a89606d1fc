"""Telemetry that is a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from cortex_adapters.telemetry.lines import Line, Place, Record, json_lines, now, text_line
from cortex_adapters.telemetry.writer import CAPACITY, LineWriter
from cortex_core.domain.correlation import correlation_id
from cortex_core.ports import AttributeValue, Level, NoTelemetry

STDERR: Final = 2
_RANK: Final[dict[Level, int]] = {"debug": 0, "info": 1, "warning": 2, "error": 3}
_URGENT: Final = frozenset[Level]({"warning", "error"})


class Log:
    """Where lines of a *level* or above go; never raises, and never waits."""

    def __init__(
        self,
        writer: LineWriter,
        line: Line,
        level: Level,
        *,
        place: Callable[[], Place],
    ) -> None:
        self._writer = writer
        self._line = line
        self.level: Level = level
        self._place = place

    def takes(self, level: Level) -> bool:
        """Say whether lines of *level* are written at all."""
        return _RANK[level] >= _RANK[self.level]

    @property
    def dropped(self) -> int:
        """Return how many lines were dropped so far."""
        return self._writer.dropped

    def write(self, record: Record, *, asked: bool = False) -> None:
        """Write *record*, if its level is high enough or somebody *asked* for it."""
        if not (asked or self.takes(record.level)):
            return
        try:
            line = self._line(record, self._place())
            self._writer.put(line, urgent=record.level in _URGENT)
        except Exception:  # noqa: BLE001 - whoever logs has something better to do
            self._writer.dropped += 1


def correlated() -> Place:
    """Return what is known of the place without traces: the correlation id, where there is one."""
    return Place(correlation_id())


@contextmanager
def open_log(
    *,
    level: Level = "info",
    json: bool = True,
    fd: int = STDERR,
    capacity: int = CAPACITY,
    always: Mapping[str, AttributeValue] | None = None,
    place: Callable[[], Place] = correlated,
) -> Iterator[Log]:
    """Open a log on *fd*; what it has taken is written when it closes, unless *fd* is stuck.

    Up to *capacity* lines wait for a slow reader, and in a quarter of that room warnings and errors
    alone; how many more were dropped is logged. Each line has the *place* where it is written; and
    in JSON, where nobody has to read it again and again, what *always* holds.
    """
    line = json_lines(always) if json else text_line

    def lost(count: int) -> bytes:
        said = Record(at=now(), level="warning", event="log.dropped", attributes={"count": count})
        return line(said, Place())

    writer = LineWriter(fd, capacity=capacity, lost=lost)
    writer.start()
    try:
        yield Log(writer, line, level, place=place)
    finally:
        writer.close()


class LogTelemetry(NoTelemetry):
    """Writes log lines; spans and numbers are dropped."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        if self._log.takes(level):
            record = Record(at=now(), level=level, event=event, attributes=attributes)
            self._log.write(record, asked=True)
