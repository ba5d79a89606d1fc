"""Taking away what is older than is kept."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core import Ports
from cortex_core.domain.commands import PostMessage, StartConversation
from cortex_core.ports import Pruned
from cortex_core.services.retention import Keep, Retention
from tests.unit.services.scene import Clock, Link, Scene, log_of, until

DAY = timedelta(days=1)
TALK = StartConversation(topic="Hello")
HELLO = PostMessage(content="Hello.")


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    return MemoryTelemetry()


@pytest.fixture
def ports(link: Link, clock: Clock, telemetry: MemoryTelemetry) -> Ports:
    return ports_around(link, clock=clock, telemetry=telemetry)


def _retention(ports: Ports, keep: Keep, *, batch: int = 2) -> Retention:
    return Retention(ports, keep, look=0.005, pause=0, batch=batch, conversations=1)


async def test_a_round_takes_what_is_old_a_few_at_a_time_and_tells(
    scene: Scene, ports: Ports, clock: Clock, telemetry: MemoryTelemetry
) -> None:
    for n in range(5):
        await scene.say(f"{n}")
    clock.advance(3 * 24 * 3600)
    await scene.say("new")
    gone = await _retention(ports, Keep(messages=2 * DAY)).round()
    assert gone == Pruned(messages=5, events=1, places=6)
    assert [each.seq for each in await log_of(ports.store, scene.conversation.id)] == [7]
    counted = {
        each.attributes["table"]: each.value
        for each in telemetry.counts
        if each.name == "cortex.retention.removed"
    }
    assert counted == {"messages": 5, "events": 1}
    [line] = [each for each in telemetry.lines if each.event == "retention.removed"]
    assert line.attributes == {"messages": 5, "events": 1}


async def test_a_round_goes_through_every_conversation(
    scene: Scene, ports: Ports, clock: Clock
) -> None:
    cortex = scene.cortex
    for _ in range(3):
        talk = await cortex.conversations.start(scene.owner, scene.workspace.id, TALK)
        await cortex.exchange.post(scene.owner, talk.id, HELLO)
    clock.advance(3 * 24 * 3600)
    gone = await _retention(ports, Keep(events=2 * DAY)).round()
    assert gone == Pruned(messages=0, events=1, places=4)


async def test_a_round_that_finds_nothing_says_nothing(
    scene: Scene, ports: Ports, telemetry: MemoryTelemetry
) -> None:
    await scene.say()
    assert await _retention(ports, Keep(messages=DAY, events=DAY)).round() == Pruned()
    assert not [each for each in telemetry.lines if each.event == "retention.removed"]


async def test_of_several_processes_one_makes_the_round_of_a_period(
    scene: Scene, ports: Ports, clock: Clock, telemetry: MemoryTelemetry
) -> None:
    keepers = [asyncio.create_task(_retention(ports, Keep(messages=DAY)).keep()) for _ in range(3)]
    try:
        await until(lambda: _asked(telemetry, "retention.turn") > 9)
        assert _asked(telemetry, "retention.look") == 2  # the one conversation, and no more
        clock.advance(3_600)
        await until(lambda: _asked(telemetry, "retention.look") == 4)
    finally:
        await _ended(keepers)


async def test_a_store_that_is_away_for_a_while_is_asked_again(
    scene: Scene, ports: Ports, link: Link, clock: Clock
) -> None:
    await scene.say()
    clock.advance(2 * 24 * 3600)
    link.away = True
    keeper = asyncio.create_task(_retention(ports, Keep(messages=DAY)).keep())
    try:
        units = link.units
        await until(lambda: link.units > units + 2)
        link.away = False
        async with asyncio.timeout(20):
            while await log_of(link.store, scene.conversation.id):  # noqa: ASYNC110 - no bell rings
                await asyncio.sleep(0.002)
    finally:
        await _ended([keeper])


async def test_where_all_is_kept_nobody_looks(ports: Ports, link: Link) -> None:
    async with asyncio.timeout(5):
        await _retention(ports, Keep()).keep()
    assert link.units == 0


def _asked(telemetry: MemoryTelemetry, operation: str) -> int:
    return sum(each.attributes.get("operation") == operation for each in telemetry.spans)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
