"""What libraries say through the standard library's logging, in our log."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from cortex_adapters.telemetry.errors import told
from cortex_adapters.telemetry.lines import Record
from cortex_adapters.telemetry.logs import Log
from cortex_adapters.telemetry.redaction import redacted_argument
from cortex_core.ports import Level

_NUMBERS: Final[dict[Level, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class LogHandler(logging.Handler):
    """Passes records on to a `Log`."""

    def __init__(self, log: Log, levels: Collection[str] = ()) -> None:
        super().__init__()
        self._log = log
        self._asked = tuple(f"{name}." for name in levels)

    def emit(self, record: logging.LogRecord) -> None:
        level = _level(record.levelno)
        asked = f"{record.name}.".startswith(self._asked)
        if not (asked or self._log.takes(level)):
            return
        error = record.exc_info[1] if record.exc_info else None
        self._log.write(
            Record(
                at=datetime.fromtimestamp(record.created, UTC),
                level=level,
                event=record.name,
                attributes={"message": _message(record)},
                block=told(error) if error else "",
            ),
            asked=asked,
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
def capturing(log: Log, levels: Mapping[str, Level] | None = None) -> Iterator[None]:
    """Have what libraries log written to *log* while inside.

    From warnings on, or from the level that *levels* has for the name of their logger; those are
    written whatever the level of *log* is.
    """
    levels = levels or {}
    root = logging.getLogger()
    handler = LogHandler(log, levels)
    wanted = {"": logging.WARNING, **{name: _NUMBERS[level] for name, level in levels.items()}}
    before = {name: logging.getLogger(name).level for name in wanted}
    root.addHandler(handler)
    for name, number in wanted.items():
        logging.getLogger(name).setLevel(number)
    try:
        yield
    finally:
        for name, number in before.items():
            logging.getLogger(name).setLevel(number)
        root.removeHandler(handler)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"
