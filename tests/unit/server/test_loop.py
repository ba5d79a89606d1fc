"""An event loop that is kept from its work: measured, logged, and known to readiness."""

import asyncio
import time

import pytest

from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_adapters.server.loop import NOTICED, REMEMBERED, TOO_LONG, LoopWatch, watching
from cortex_core.domain.errors import OverloadedError


class Watch:
    """A watch of a loop, and its clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.telemetry = MemoryTelemetry()
        self.loop = LoopWatch(self.telemetry, clock=lambda: self.now)

    @property
    def said(self) -> list[object]:
        return [line.attributes["seconds"] for line in self.telemetry.lines]

    async def is_ready(self) -> bool:
        try:
            await self.loop.require_responsive()
        except OverloadedError:
            return False
        return True


@pytest.fixture
def watch() -> Watch:
    return Watch()


async def test_fault_55_a_blocked_loop_is_measured_and_logged():
    telemetry = MemoryTelemetry()
    async with watching(telemetry) as loop:
        await asyncio.sleep(0.05)
        assert not telemetry.lines
        time.sleep(0.5)  # noqa: ASYNC251 - the fault itself
        await asyncio.sleep(0.05)
        await loop.require_responsive()
    [line] = telemetry.lines
    assert (line.event, line.level) == ("loop.blocked", "warning")
    assert NOTICED < float(line.attributes["seconds"]) < 2
    assert max(number.value for number in telemetry.measurements) > NOTICED
    assert {number.name for number in telemetry.measurements} == {"cortex.loop.lag"}


async def test_fault_55_who_was_blocked_too_long_is_not_ready_for_a_while(watch: Watch):
    assert await watch.is_ready()
    watch.loop.note(TOO_LONG + 0.1)
    assert not await watch.is_ready()
    watch.now += REMEMBERED - 0.1
    assert not await watch.is_ready()
    watch.now += 0.2
    assert await watch.is_ready()


async def test_readiness_knows_before_the_watch_does(watch: Watch):
    task = asyncio.create_task(watch.loop.watch())
    await asyncio.sleep(0)
    assert await watch.is_ready()
    watch.now += TOO_LONG + 1
    assert not await watch.is_ready()
    task.cancel()


@pytest.mark.parametrize(("late", "count"), [(-0.001, 0), (NOTICED, 0), (NOTICED + 0.001, 1)])
async def test_a_short_lag_is_measured_only(watch: Watch, late: float, count: int):
    watch.loop.note(late)
    assert len(watch.said) == count
    [number] = watch.telemetry.measurements
    assert number.value == max(0, late)
    assert await watch.is_ready()
