"""Whoever is cancelled, wherever, leaves nothing behind and nobody waiting."""

import asyncio
import time

import anyio
import pytest

from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.errors import DeadlineError
from cortex_core.domain.policy import WRITERS
from tests.unit.sqlite import child


async def _write(store: SqliteStore, name: str = "late", *, single: bool = False) -> None:
    async with store.begin(single=single) as work:
        await work.registry.ensure(name, "1")


async def _read(store: SqliteStore, name: str) -> str | None:
    async with store.begin(read_only=True) as work:
        return await work.registry.get(name)


@pytest.mark.parametrize("single", [False, True])
async def test_waiting_for_another_process_can_be_cancelled(
    store: SqliteStore, path: str, single: bool
) -> None:
    """At once, though the thread is in the middle of its statement; and it stays undone."""
    process = child.start("hold", path)
    assert child.said(process) == "held"
    waiting = asyncio.create_task(_write(store, single=single))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert time.monotonic() - began < 1  # of the five seconds of patience
    child.end(process)
    await _write(store, "next")
    assert await _read(store, "late") is None


async def test_waiting_for_a_turn_can_be_cancelled(store: SqliteStore) -> None:
    async with store.begin() as work:
        waiting = [asyncio.create_task(_write(store, single=bool(n % 2))) for n in range(6)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await work.registry.ensure("first", "1")
    async with asyncio.timeout(1):
        await _write(store, "next")
    assert await _read(store, "late") is None


@pytest.mark.parametrize("single", [False, True])
async def test_posts_cancelled_at_any_time_are_there_as_a_whole_or_not_at_all(
    store: SqliteStore, single: bool
) -> None:
    scene = await stored_scene(store)

    async def post() -> None:
        async with store.begin(single=single) as work:
            note = make.message(scene.conversation, scene.owner)
            assert await work.messages.post(note, turn=make.turn(note), roles=WRITERS)

    for n in range(150):
        tasks = [asyncio.create_task(post()) for _ in range(3)]
        await asyncio.sleep(n * 0.000_01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5):
        await post()
    async with store.begin() as work:
        log = await work.events.since(scene.conversation.id, seq=0, limit=9_999)
        notes = await work.messages.in_conversation(scene.conversation.id, after=None, limit=9_999)
        talk = await work.conversations.get(scene.conversation.id)
        turns = await work.turns.lease(worker="w", now=make.at(1), until=make.at(2), limit=9_999)
    assert len(log) == len(notes) == len(turns) == talk.last_seq
    assert [recorded.seq for recorded in log] == list(range(1, talk.last_seq + 1))


async def test_a_scope_that_cancels_again_and_again_is_survived(store: SqliteStore) -> None:
    """An anyio scope cancels every await until it is left, also those that clean up."""
    for _ in range(20):
        with anyio.CancelScope() as scope:
            async with store.begin() as work:
                await work.registry.ensure("late", "1")
                scope.cancel()
                await asyncio.sleep(1)
        await _write(store, "next")
    assert await _read(store, "late") is None


async def test_a_unit_with_a_call_that_was_given_up_is_undone(
    store: SqliteStore, path: str
) -> None:
    """The call may have been done all the same, so that nobody could say what was committed."""
    process = child.start("hold", path)
    assert child.said(process) == "held"

    async def give_up() -> None:
        async with store.begin() as work:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await work.registry.ensure("late", "1")
            child.end(process)

    with pytest.raises(DeadlineError):
        await give_up()
    assert await _read(store, "late") is None
    await _write(store, "next")


async def test_reads_can_be_cancelled(store: SqliteStore) -> None:
    scene = await stored_scene(store)

    async def read() -> None:
        async with store.begin(read_only=True) as work:
            await work.conversations.get(scene.conversation.id)

    for n in range(100):
        tasks = [asyncio.create_task(read()) for _ in range(6)]
        await asyncio.sleep(n * 0.000_01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(2):
        await asyncio.gather(*(read() for _ in range(20)))


async def test_a_store_closes_whoever_is_cancelled(path: str) -> None:
    """Also while it opens; a thread that is left would keep the process alive."""
    for n in range(60):

        async def begin() -> None:
            async with open_store(path) as store:
                await _write(store)

        task = asyncio.create_task(begin())
        await asyncio.sleep(n * 0.000_2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with open_store(path) as store:
        await _write(store, "next")


async def test_after_its_end_a_unit_takes_no_calls(store: SqliteStore) -> None:
    for read_only, single in ((False, False), (True, False), (False, True), (True, True)):
        async with store.begin(read_only=read_only, single=single) as work:
            registry = work.registry
        with pytest.raises(RuntimeError):
            await registry.get("late")
