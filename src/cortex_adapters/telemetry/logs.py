"""Telemetry that is a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

from cortex_adapters.telemetry.lines import Record, json_line, now, text_line
from cortex_adapters.telemetry.writer import CAPACITY, LineWriter
from cortex_core.ports import AttributeValue, Level

STDERR: Final = 2
_RANK: Final[dict[Level, int]] = {"debug": 0, "info": 1, "warning": 2, "error": 3}


class Log:
    """Where lines of a *level* or above go; never raises, and never waits."""

    def __init__(self, writer: LineWriter, line: Callable[[Record], bytes], level: Level) -> None:
        self._writer = writer
        self._line = line
        self._least = _RANK[level]

    def takes(self, level: Level) -> bool:
        """Say whether lines of *level* are written at all."""
        return _RANK[level] >= self._least

    def write(self, record: Record) -> None:
        """Write *record*, if its level is high enough."""
        if not self.takes(record.level):
            return
        try:
            self._writer.put(self._line(record))
        except Exception:  # noqa: BLE001 - whoever logs has something better to do
            self._writer.dropped += 1


@contextmanager
def open_log(
    *, level: Level = "info", json: bool = True, fd: int = STDERR, capacity: int = CAPACITY
) -> Iterator[Log]:
    """Open a log on *fd*; what it has taken is written when it closes, unless *fd* is stuck.

    Up to *capacity* lines wait for a slow reader; how many more were dropped is logged.
    """
    line = json_line if json else text_line

    def lost(count: int) -> bytes:
        attributes = {"count": count}
        return line(Record(at=now(), level="warning", event="log.dropped", attributes=attributes))

    writer = LineWriter(fd, capacity=capacity, lost=lost)
    writer.start()
    try:
        yield Log(writer, line, level)
    finally:
        writer.close()


class _Untraced:
    """A span that nobody records."""

    __slots__ = ()

    def __enter__(self) -> _Untraced:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def set(self, /, **attributes: AttributeValue) -> None:
        pass


_UNTRACED: Final = _Untraced()


class LogTelemetry:
    """Writes log lines; spans, counts and measurements are dropped, and cost next to nothing."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def span(self, name: str, /, **attributes: AttributeValue) -> _Untraced:  # noqa: ARG002
        return _UNTRACED

    def count(self, name: str, value: int = 1, /, **attributes: AttributeValue) -> None:
        pass

    def measure(self, name: str, value: float, /, **attributes: AttributeValue) -> None:
        pass

    def log(self, event: str, /, *, level: Level = "info", **attributes: AttributeValue) -> None:
        if self._log.takes(level):
            self._log.write(Record(at=now(), level=level, event=event, attributes=attributes))
