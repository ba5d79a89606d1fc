"""The level of the log at run time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from cortex_adapters.telemetry.lines import Record, now
from cortex_adapters.telemetry.logs import Log

SWITCH: Final = signal.SIGUSR1
"""Switches between the level that was set and `debug`."""


@contextmanager
def switching(log: Log) -> Iterator[None]:
    """While inside, have `SWITCH` change the level of *log*; of the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    configured = log.level

    def switch(_number: int, _frame: FrameType | None) -> None:
        log.level = configured if log.level == "debug" != configured else "debug"
        said = Record(at=now(), level="info", event="log.level", attributes={"now": log.level})
        log.write(said, asked=True)

    before = signal.signal(SWITCH, switch)
    try:
        yield
    finally:
        signal.signal(SWITCH, before)
