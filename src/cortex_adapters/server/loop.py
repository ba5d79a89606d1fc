"""How late the event loop comes back to what is due, because something keeps it from there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from cortex_core.domain.errors import OverloadedError
from cortex_core.ports import Telemetry

EVERY: Final = 0.1
NOTICED: Final = 0.25
TOO_LONG: Final = 5.0
REMEMBERED: Final = 10.0


class LoopWatch:
    """Measures the lag of the loop, and logs where it was blocked; all times are in seconds."""

    def __init__(self, telemetry: Telemetry, clock: Callable[[], float] = time.monotonic) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._due = float("inf")
        self._over = float("-inf")

    async def require_responsive(self) -> None:
        """Raise OverloadedError if the loop was blocked too long, now or a moment ago."""
        now = self._clock()
        # Asked right after a block, this may come before the watch itself.
        if now - self._due > TOO_LONG or now - self._over < REMEMBERED:
            raise OverloadedError

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            self._due = self._clock() + EVERY
            await asyncio.sleep(EVERY)
            self.note(self._clock() - self._due)

    def note(self, late: float) -> None:
        """Take note that the loop came back so *late*."""
        self._telemetry.measure("cortex.loop.lag", max(0.0, late))
        if late > NOTICED:
            self._telemetry.log("loop.blocked", level="warning", seconds=round(late, 3))
        if late > TOO_LONG:
            self._over = self._clock()


@asynccontextmanager
async def watching(telemetry: Telemetry) -> AsyncIterator[LoopWatch]:
    """Watch the loop while inside."""
    found = LoopWatch(telemetry)
    task = asyncio.create_task(found.watch(), name="cortex-loop-watch")
    try:
        yield found
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
