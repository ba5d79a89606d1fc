"""The backlog, as a gauge."""

from cortex_core import Ports
from cortex_core.services.turns.census import count_backlog
from tests.unit.services.assistants import Gated
from tests.unit.services.workers import House, working


async def _told(house: House) -> dict[tuple[str, object], float]:
    house.telemetry.measurements.clear()
    ports: Ports = house.scene.cortex.ports
    await count_backlog(ports)
    return {
        (number.name, number.attributes["state"]): number.value
        for number in house.telemetry.measurements
    }


async def test_the_backlog_is_told_by_state_and_age(house: House) -> None:
    assert set((await _told(house)).values()) == {0}
    await house.ask()
    house.clock.advance(7)
    told = await _told(house)
    assert told["cortex.turns", "queued"] == 1
    assert told["cortex.turn.age", "queued"] == 7
    assistant = Gated()
    async with working(house.worker(assistant)):
        await assistant.begun()
        told = await _told(house)
        assert (told["cortex.turns", "queued"], told["cortex.turns", "running"]) == (0, 1)
        assistant.gate.set()
        await house.ended()
    assert set((await _told(house)).values()) == {0}
