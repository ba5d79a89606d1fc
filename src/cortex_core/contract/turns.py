"""What a `TurnRepository` must do as a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import Scene, StoreContract, same, stored_scene, undone
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.models import Turn, TurnError, TurnStatus
from cortex_core.domain.policy import WRITERS
from cortex_core.ports import Store


class TurnsContract(StoreContract):
    """Answers under way: who takes which turn, and when."""

    async def test_a_turn_that_is_not_there_is_not_found(self, store: Store) -> None:
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.turns.get(make.turn_id())

    async def test_nothing_is_due_in_an_empty_queue(self, store: Store) -> None:
        await stored_scene(store)
        assert await lease(store, "one", now=99) == []

    async def test_a_turn_is_due_when_it_was_added(self, store: Store) -> None:
        turn = await queued(store, await stored_scene(store), at=5)
        assert await lease(store, "one", now=4.999999) == []
        assert [taken.id for taken in await lease(store, "one", now=5)] == [turn.id]

    async def test_what_is_taken_is_running_and_counts_an_attempt(self, store: Store) -> None:
        turn = await queued(store, await stored_scene(store))
        expected = replace(turn, status=TurnStatus.RUNNING, attempts=1, updated_at=make.at(3))
        assert same(await lease(store, "one", now=3), [expected])
        assert same(await stored_turn(store, turn), expected)

    async def test_a_turn_keeps_what_led_to_it(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(scene.conversation, scene.owner)
        turn = replace(make.turn(note), correlation_id="word", traceparent="00-1-2-01")
        async with store.begin() as work:
            assert await work.messages.post(note, turn=turn, roles=WRITERS, correlation_id="w")
        [taken] = await lease(store, "one", now=1)
        for found in (taken, await stored_turn(store, turn)):
            assert (found.correlation_id, found.traceparent) == ("word", "00-1-2-01")

    async def test_the_backlog_is_what_is_not_at_its_end(self, store: Store) -> None:
        scene = await stored_scene(store)
        assert await _backlog(store) == {}
        first = await queued(store, scene, at=1)
        await queued(store, scene, at=3)
        await queued(store, scene, at=2)
        assert await _backlog(store) == {TurnStatus.QUEUED: (3, make.at(1))}
        await lease(store, "one", now=2.5, until=9)
        assert await _backlog(store) == {
            TurnStatus.QUEUED: (1, make.at(3)),
            TurnStatus.RUNNING: (2, make.at(1)),
        }
        async with store.begin() as work:
            finished = replace(await work.turns.get(first.id), status=TurnStatus.COMPLETED)
            await work.turns.finish(finished, worker="one")
        assert (await _backlog(store))[TurnStatus.RUNNING] == (1, make.at(2))

    async def test_what_is_taken_is_not_taken_again(self, store: Store) -> None:
        await queued(store, await stored_scene(store))
        assert len(await lease(store, "one", now=1, until=10)) == 1
        for worker in ("one", "two"):
            assert await lease(store, worker, now=9.999999, until=20) == []

    async def test_a_lease_that_has_ended_is_due_again(self, store: Store) -> None:
        turn = await queued(store, await stored_scene(store))
        for attempt, worker in enumerate(("one", "two", "two"), start=1):
            now = attempt * 10
            taken = await lease(store, worker, now=now, until=now + 10)
            expected = replace(
                turn, status=TurnStatus.RUNNING, attempts=attempt, updated_at=make.at(now)
            )
            assert same(taken, [expected])

    async def test_the_oldest_due_are_taken_first(self, store: Store) -> None:
        """Whatever the order in which they came; leases that ended stand among the queued."""
        scene, other = await stored_scene(store), await stored_scene(store)
        third = await queued(store, scene, at=3)
        first = await queued(store, scene, at=1)
        assert [turn.id for turn in await lease(store, "x", now=1, until=5)] == [first.id]
        fourth = await queued(store, other, at=6)
        second = await queued(store, other, at=2)
        late = await queued(store, other, at=100)
        order = [second, third, first, fourth]
        two = await lease(store, "y", now=9, until=99, limit=2)
        assert [turn.id for turn in two] == [turn.id for turn in order[:2]]
        rest = await lease(store, "y", now=9, until=99, limit=9)
        assert [turn.id for turn in rest] == [turn.id for turn in order[2:]]
        assert (await stored_turn(store, late)).status is TurnStatus.QUEUED

    async def test_of_turns_due_at_once_the_lower_id_is_first(self, store: Store) -> None:
        scene = await stored_scene(store)
        ids = [(await queued(store, scene)).id for _ in range(6)]
        found = [(await lease(store, "one", now=1, limit=2)) for _ in range(3)]
        assert [turn.id for pair in found for turn in pair] == sorted(ids)

    @pytest.mark.parametrize("limit", [1, 3, 7])
    async def test_workers_at_once_never_take_the_same_turn(self, store: Store, limit: int) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        ids = {(await queued(store, place)).id for place in (scene, other) for _ in range(10)}

        async def work_off(worker: str) -> list[Turn]:
            taken: list[Turn] = []
            while found := await lease(store, worker, now=1, until=99, limit=limit):
                taken += found
                await asyncio.sleep(0)
            return taken

        shares = await asyncio.gather(*(work_off(f"worker {n}") for n in range(8)))
        taken = [turn for share in shares for turn in share]
        assert len(taken) == 20
        assert {turn.id for turn in taken} == ids
        assert {turn.attempts for turn in taken} == {1}

    async def test_workers_at_once_never_take_over_the_same_turn(self, store: Store) -> None:
        await queued(store, await stored_scene(store))
        await lease(store, "gone", now=1, until=2)
        shares = await asyncio.gather(
            *(lease(store, f"worker {n}", now=5, until=99) for n in range(8))
        )
        assert [turn.attempts for share in shares for turn in share] == [2]

    async def test_an_undone_lease_leaves_the_turn_in_the_queue(self, store: Store) -> None:
        turn = await queued(store, await stored_scene(store))
        await undone(
            store,
            lambda work: work.turns.lease(worker="x", now=make.at(1), until=make.at(9), limit=9),
        )
        assert same(await stored_turn(store, turn), turn)
        assert [taken.attempts for taken in await lease(store, "one", now=1)] == [1]

    @pytest.mark.parametrize("status", [TurnStatus.COMPLETED, TurnStatus.FAILED])
    async def test_a_finished_turn_is_never_due_again(
        self, store: Store, status: TurnStatus
    ) -> None:
        turn = await queued(store, await stored_scene(store))
        [taken] = await lease(store, "one", now=1, until=2)
        error = TurnError(code="timeout", message="Too late. \N{PILE OF POO}")
        finished = replace(
            taken,
            status=status,
            error=error if status is TurnStatus.FAILED else None,
            updated_at=make.at(2),
        )
        async with store.begin() as work:
            await work.turns.finish(finished, worker="one")
        assert same(await stored_turn(store, turn), finished)
        assert await lease(store, "two", now=10**6) == []

    async def test_a_turn_and_what_it_brings_are_one(self, store: Store) -> None:
        """Lease and log, in one unit of work, as the worker does it."""
        scene = await stored_scene(store)
        turn = await queued(store, scene)
        async with store.begin() as work:
            await work.turns.lease(worker="one", now=make.at(1), until=make.at(9), limit=1)
            recorded = await work.events.append(make.event(scene.conversation, scene.owner))
        assert recorded.seq == 2
        assert (await stored_turn(store, turn)).status is TurnStatus.RUNNING


async def _backlog(store: Store) -> dict[TurnStatus, tuple[int, datetime]]:
    async with store.begin(read_only=True, single=True) as work:
        found = await work.turns.backlog()
    return {each.status: (each.count, each.oldest) for each in found}


async def queued(store: Store, scene: Scene, *, at: float = 0) -> Turn:
    """Post a message that asks for an answer."""
    note = make.message(scene.conversation, scene.owner)
    turn = make.turn(note, created_at=make.at(at))
    async with store.begin() as work:
        assert await work.messages.post(note, turn=turn, roles=WRITERS)
    return turn


async def lease(
    store: Store, worker: str, *, now: float, until: float | None = None, limit: int = 9
) -> Sequence[Turn]:
    """Take what is due; times are seconds after noon."""
    end = make.at(now + 1_000 if until is None else until)
    async with store.begin() as work:
        taken = await work.turns.lease(worker=worker, now=make.at(now), until=end, limit=limit)
    return list(taken)


async def stored_turn(store: Store, turn: Turn) -> Turn:
    async with store.begin(read_only=True) as work:
        return await work.turns.get(turn.id)
