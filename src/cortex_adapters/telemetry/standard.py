"""What libraries say through the standard library's logging, in our log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from cortex_adapters.telemetry.errors import told
from cortex_adapters.telemetry.lines import Record
from cortex_adapters.telemetry.logs import Log
from cortex_adapters.telemetry.redaction import redacted_argument
from cortex_core.ports import Level


class LogHandler(logging.Handler):
    """Passes records on to a `Log`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        level = _level(record.levelno)
        if not self._log.takes(level):
            return
        error = record.exc_info[1] if record.exc_info else None
        self._log.write(
            Record(
                at=datetime.fromtimestamp(record.created, UTC),
                level=level,
                event=record.name,
                attributes={"message": _message(record)},
                block=told(error) if error else "",
            )
        )


def _message(record: logging.LogRecord) -> str:
    try:
        if not record.args:
            return record.getMessage()
        arguments = redacted_argument(record.args)
        return str(record.msg) % arguments
    except Exception:  # noqa: BLE001 - their arguments do not fit their words
        return record.msg if isinstance(record.msg, str) else type(record.msg).__qualname__


@contextmanager
def capturing(log: Log) -> Iterator[None]:
    """Have what libraries log, from warnings on, written to *log* while inside."""
    root = logging.getLogger()
    handler = LogHandler(log)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"
