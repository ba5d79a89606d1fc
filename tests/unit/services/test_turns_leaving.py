"""Leaving: what is held is handed back as if nothing had begun."""

import asyncio

import pytest

from cortex_core.domain.models import TurnStatus
from cortex_core.services.turns import TurnWorker
from tests.unit.services.assistants import Gated, echo, fails
from tests.unit.services.scene import PATIENCE, Link, turns, until
from tests.unit.services.workers import House, working

LEASE = 30.0


async def _cancelled(task: asyncio.Task[None], worker: TurnWorker) -> None:
    task.cancel()


async def _asked_to_leave(task: asyncio.Task[None], worker: TurnWorker) -> None:
    worker.leave()


ENDS = pytest.mark.parametrize("end", [_asked_to_leave, _cancelled])


@ENDS
async def test_leaving_hands_back_as_if_nothing_had_begun(house: House, end) -> None:
    assistant = Gated()
    asked = [await house.ask(f"{n}") for n in range(3)]
    worker = house.worker(assistant, slots=2)
    task = asyncio.create_task(worker.run())
    await until(lambda: assistant.waiting == 2)
    await end(task, worker)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(task, return_exceptions=True)
    assert assistant.closed == 2
    held = [await house.turn(turn_id) for turn_id in asked]
    assert {(turn.status, turn.attempts) for turn in held} == {(TurnStatus.QUEUED, 0)}
    other = echo()
    async with working(house.worker(other)):
        await house.ended(3)
    assert sorted(other.asked) == [("0", 1), ("1", 1), ("2", 1)]


async def test_leaving_in_the_moment_of_taking_hands_back_too(house: House) -> None:
    """Whenever it is told to leave while it takes a turn, the turn is due again at once."""
    for distance in range(12):
        turn_id = await house.ask()
        link = Link(house.store)
        link.distance = 3
        worker = house.worker(Gated(), link=link, lease=LEASE)
        task = asyncio.create_task(worker.run())
        await turns(distance)
        worker.leave()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(task, return_exceptions=True)
        turn = await house.turn(turn_id)
        assert (turn.status, turn.attempts) == (TurnStatus.QUEUED, 0), distance


async def test_leaving_while_a_failure_is_being_stored_loses_nothing(house: House) -> None:
    for distance in range(1, 30):
        turn_id = await house.ask()
        link = Link(house.store)
        link.distance = 3
        assistant = fails(RuntimeError())
        worker = house.worker(assistant, link=link, attempts=1, lease=LEASE)
        task = asyncio.create_task(worker.run())
        await assistant.asked_times(1)
        await turns(distance)
        worker.leave()
        async with asyncio.timeout(PATIENCE):
            await task
        turn = await house.turn(turn_id)
        assert (turn.status, turn.attempts) in {
            (TurnStatus.QUEUED, 0),
            (TurnStatus.FAILED, 1),
        }, distance
        async with working(house.worker(echo())):
            await house.ended(distance)


async def test_who_leaves_takes_no_more(house: House) -> None:
    worker = house.worker(echo())
    worker.leave()
    await house.ask()
    async with asyncio.timeout(PATIENCE):
        await worker.run()
    assert await house.types() == ["message.created"]


async def test_leaving_waits_for_no_store_that_is_away_or_hangs(house: House) -> None:
    for hang in (False, True):
        await house.ask()
        link, assistant = Link(house.store), Gated()
        worker = house.worker(assistant, link=link, lease=LEASE, parting=0.01)
        task = asyncio.create_task(worker.run())
        await assistant.begun()
        link.away, link.distance = not hang, 10**9 if hang else 0
        worker.leave()
        async with asyncio.timeout(PATIENCE):
            await task
        house.clock.advance(LEASE)
    assert not house.errors.reports
    async with working(house.worker(echo())):
        await house.ended(2)
