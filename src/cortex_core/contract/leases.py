"""What a `TurnRepository` must do to keep a worker from what is no longer its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import StoreContract, same, stored_scene
from cortex_core.contract.turns import lease, queued, stored_turn
from cortex_core.domain.errors import LeaseLostError
from cortex_core.domain.models import Turn, TurnStatus
from cortex_core.ports import Store

Act = Callable[[Store, Turn, str], Awaitable[None]]


async def _renew(store: Store, turn: Turn, worker: str) -> None:
    async with store.begin(single=True) as work:
        await work.turns.renew(turn, worker=worker, until=make.at(50))


async def _release(store: Store, turn: Turn, worker: str) -> None:
    async with store.begin(single=True) as work:
        back = replace(turn, status=TurnStatus.QUEUED, updated_at=make.at(40))
        await work.turns.release(back, worker=worker, due=make.at(50))


async def _finish(store: Store, turn: Turn, worker: str) -> None:
    async with store.begin() as work:
        done = replace(turn, status=TurnStatus.COMPLETED, updated_at=make.at(40))
        await work.turns.finish(done, worker=worker)


ACTS: Final[list[Act]] = [_renew, _release, _finish]
each_act = pytest.mark.parametrize("act", ACTS, ids=["renew", "release", "finish"])


class LeasesContract(StoreContract):
    """Renewing, releasing and finishing are fenced by the lease."""

    async def test_a_renewed_lease_ends_later(self, store: Store) -> None:
        turn = await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=10)
        await _renew(store, taken, "one")
        assert same(await stored_turn(store, turn), taken)
        assert await lease(store, "two", now=49.999999) == []
        assert [again.attempts for again in await lease(store, "two", now=50)] == [2]

    async def test_a_lease_can_be_shortened(self, store: Store) -> None:
        await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=90)
        await _renew(store, taken, "one")
        assert len(await lease(store, "two", now=50)) == 1

    @pytest.mark.parametrize("attempts", [0, 1, 5])
    async def test_a_released_turn_is_queued_as_it_is_given_back(
        self, store: Store, attempts: int
    ) -> None:
        turn = await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=99)
        async with store.begin() as work:
            back = replace(taken, attempts=attempts, updated_at=make.at(2))
            await work.turns.release(back, worker="one", due=make.at(7))
        expected = replace(turn, attempts=attempts, updated_at=make.at(2))
        assert same(await stored_turn(store, turn), expected)
        assert await lease(store, "two", now=6.999999) == []
        assert [again.attempts for again in await lease(store, "two", now=7)] == [attempts + 1]

    async def test_a_released_turn_may_be_taken_by_the_same_worker(self, store: Store) -> None:
        await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=99)
        await _release(store, taken, "one")
        [again] = await lease(store, "one", now=60, until=99)
        await _finish(store, again, "one")

    @each_act
    async def test_a_lease_that_has_ended_holds_until_another_takes_it(
        self, store: Store, act: Act
    ) -> None:
        """No work is thrown away that nobody has begun anew."""
        await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=2)
        await act(store, taken, "one")

    @each_act
    async def test_another_worker_is_refused(self, store: Store, act: Act) -> None:
        turn = await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=99)
        for worker in ("two", "", "ONE", "one "):
            with pytest.raises(LeaseLostError):
                await act(store, taken, worker)
        assert same(await stored_turn(store, turn), taken)
        assert await lease(store, "two", now=98) == []

    @each_act
    async def test_whoever_lost_the_turn_to_another_is_refused(
        self, store: Store, act: Act
    ) -> None:
        turn = await queued(store, await stored_scene(store))
        [lost] = await lease(store, "one", now=1, until=2)
        [taken] = await lease(store, "two", now=3, until=99)
        for stale in (lost, taken):
            with pytest.raises(LeaseLostError):
                await act(store, stale, "one")
        assert same(await stored_turn(store, turn), taken)
        assert await lease(store, "three", now=98) == []
        await _finish(store, taken, "two")

    @pytest.mark.parametrize("act", [_renew, _finish], ids=["renew", "finish"])
    async def test_an_earlier_attempt_of_the_same_worker_is_refused(
        self, store: Store, act: Act
    ) -> None:
        turn = await queued(store, await stored_scene(store))
        [first] = await lease(store, "one", now=1, until=2)
        [second] = await lease(store, "one", now=3, until=99)
        with pytest.raises(LeaseLostError):
            await act(store, first, "one")
        assert same(await stored_turn(store, turn), second)
        await act(store, second, "one")

    @each_act
    async def test_a_turn_that_was_never_taken_is_held_by_nobody(
        self, store: Store, act: Act
    ) -> None:
        turn = await queued(store, await stored_scene(store))
        for claimed in (turn, replace(turn, attempts=1)):
            for worker in ("one", ""):
                with pytest.raises(LeaseLostError):
                    await act(store, claimed, worker)
        assert same(await stored_turn(store, turn), turn)

    @each_act
    async def test_a_turn_that_was_released_is_held_by_nobody(self, store: Store, act: Act) -> None:
        turn = await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=99)
        await _release(store, taken, "one")
        before = await stored_turn(store, turn)
        with pytest.raises(LeaseLostError):
            await act(store, taken, "one")
        assert same(await stored_turn(store, turn), before)

    @each_act
    async def test_a_finished_turn_is_held_by_nobody(self, store: Store, act: Act) -> None:
        turn = await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=99)
        await _finish(store, taken, "one")
        before = await stored_turn(store, turn)
        with pytest.raises(LeaseLostError):
            await act(store, taken, "one")
        assert same(await stored_turn(store, turn), before)

    @each_act
    async def test_a_turn_that_is_gone_is_held_by_nobody(self, store: Store, act: Act) -> None:
        """Also when its conversation was deleted while it was being answered."""
        scene = await stored_scene(store)
        await queued(store, scene)
        [taken] = await lease(store, "one", now=1, until=99)
        async with store.begin() as work:
            await work.conversations.delete(scene.conversation.id, version=None)
        with pytest.raises(LeaseLostError):
            await act(store, taken, "one")

    async def test_of_rivals_who_finish_a_turn_its_holder_does(self, store: Store) -> None:
        turn = await queued(store, await stored_scene(store))
        [lost] = await lease(store, "one", now=1, until=2)
        [taken] = await lease(store, "two", now=3, until=99)
        outcomes = await asyncio.gather(
            *(_finish(store, stale, "one") for stale in (lost, taken) for _ in range(3)),
            _finish(store, taken, "two"),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes[:-1]] == [LeaseLostError] * 6
        assert outcomes[-1] is None
        assert (await stored_turn(store, turn)).status is TurnStatus.COMPLETED

    async def test_a_turn_is_finished_once(self, store: Store) -> None:
        await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=99)
        outcomes = await asyncio.gather(
            *(_finish(store, taken, "one") for _ in range(5)), return_exceptions=True
        )
        assert outcomes.count(None) == 1
        assert [type(o) for o in outcomes if o is not None] == [LeaseLostError] * 4
