"""Places are given in turn, and nobody waits longer than promised."""

import asyncio
import time

import pytest

from cortex_adapters.postgres.places import Places
from cortex_core.domain.errors import OverloadedError


async def test_there_are_as_many_places_as_were_said() -> None:
    places = Places(2, max_waiting=0)
    await places.enter(timeout=1)
    await places.enter(timeout=1)
    with pytest.raises(OverloadedError):
        await places.enter(timeout=1)
    places.leave()
    await places.enter(timeout=1)


async def test_a_full_queue_is_refused_at_once() -> None:
    places = Places(1, max_waiting=2)
    await places.enter(timeout=1)
    waiting = [asyncio.create_task(places.enter(timeout=5)) for _ in range(2)]
    await asyncio.sleep(0)
    began = time.monotonic()
    with pytest.raises(OverloadedError):
        await places.enter(timeout=5)
    assert time.monotonic() - began < 0.05
    for task in waiting:
        places.leave()
        await task


async def test_who_waited_too_long_gives_up_and_is_forgotten() -> None:
    """A queue of those who gave up is an empty queue."""
    places = Places(1, max_waiting=2)
    await places.enter(timeout=1)
    for _ in range(3):
        outcomes = await asyncio.gather(
            *(places.enter(timeout=0.01) for _ in range(2)), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [OverloadedError] * 2
    waiting = asyncio.create_task(places.enter(timeout=1))
    await asyncio.sleep(0)
    places.leave()
    await waiting


async def test_whoever_came_first_is_let_in_first() -> None:
    places = Places(1, max_waiting=9)
    await places.enter(timeout=1)
    order: list[int] = []

    async def enter(number: int) -> None:
        await places.enter(timeout=1)
        order.append(number)

    tasks = [asyncio.create_task(enter(number)) for number in range(9)]
    await asyncio.sleep(0)
    for _ in tasks:
        places.leave()
    await asyncio.gather(*tasks)
    assert order == list(range(9))


async def test_no_place_is_lost_to_those_who_are_cancelled() -> None:
    """Also when their turn has come in the same instant."""
    places = Places(2, max_waiting=99)
    for round_ in range(50):
        await places.enter(timeout=1)
        await places.enter(timeout=1)
        tasks = [asyncio.create_task(places.enter(timeout=1)) for _ in range(6)]
        await asyncio.sleep(0)
        places.leave()
        tasks[round_ % 6].cancel()
        places.leave()
        tasks[(round_ + 1) % 6].cancel()
        for _ in range(20):
            await asyncio.sleep(0)
            for task in tasks:
                if task.done() and not task.cancelled():
                    tasks.remove(task)
                    places.leave()
                    break
        await asyncio.gather(*tasks, return_exceptions=True)
        await places.enter(timeout=0.1)
        await places.enter(timeout=0.1)
        places.leave()
        places.leave()


async def test_no_place_is_lost_to_those_who_give_up_as_their_turn_comes() -> None:
    places = Places(1, max_waiting=9)
    for delay in range(20):
        await places.enter(timeout=1)
        waiting = asyncio.create_task(places.enter(timeout=0.005))
        await asyncio.sleep(0.004 + delay / 10_000)
        places.leave()
        if (await asyncio.gather(waiting, return_exceptions=True))[0] is None:
            places.leave()
        await places.enter(timeout=0.1)
        places.leave()
