"""The server goes away and comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_adapters.postgres.stream import open_stream
from cortex_core.contract import make
from cortex_core.contract.store import Scene, stored_scene
from cortex_core.domain.errors import OverloadedError, UnavailableError
from cortex_core.domain.policy import WRITERS
from tests.unit.postgres.cluster import Cluster
from tests.unit.postgres.waiting import until

Request = Callable[[PostgresStore, Scene], Awaitable[object]]


async def _read(store: PostgresStore, scene: Scene) -> None:
    async with store.begin(read_only=True, single=True) as work:
        await work.conversations.access(scene.owner.id, scene.conversation.id)


async def _post(store: PostgresStore, scene: Scene) -> None:
    note = make.message(scene.conversation, scene.owner)
    async with store.begin(single=True) as work:
        assert await work.messages.post(note, turn=None, roles=WRITERS)


async def _write(store: PostgresStore, scene: Scene) -> None:
    async with store.begin() as work:
        await work.messages.add(make.message(scene.conversation, scene.owner))
        await work.events.append(make.event(scene.conversation, scene.owner))


async def _read_and_write(store: PostgresStore, scene: Scene) -> None:
    async with store.begin() as work:
        await work.users.get(scene.owner.id)
        await work.messages.add(make.message(scene.conversation, scene.owner))


REQUESTS = [_read, _post, _write, _read_and_write]


@pytest.fixture
async def store(cluster: Cluster) -> AsyncIterator[PostgresStore]:
    async with open_store(cluster.uri, min_size=10) as store:
        yield store


async def _in_use(store: PostgresStore) -> Scene:
    """Use all ten connections at once."""
    scene = await stored_scene(store)
    await asyncio.gather(*(_read(store, scene) for _ in range(50)))
    return scene


@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("request_", REQUESTS)
async def test_fault_5_the_first_request_after_a_restart_is_answered_within_a_second(
    cluster: Cluster, store: PostgresStore, mode: str, request_: Request
) -> None:
    """With ten idle connections, all of them dead."""
    scene = await _in_use(store)
    cluster.restart(mode)
    began = time.monotonic()
    await request_(store, scene)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_all_requests_after_a_restart_are_answered(
    cluster: Cluster, store: PostgresStore, mode: str
) -> None:
    scene = await _in_use(store)
    cluster.restart(mode)
    async with asyncio.timeout(2):
        await asyncio.gather(*(one(store, scene) for one in REQUESTS for _ in range(15)))


async def test_fault_7_while_it_is_away_requests_fail_in_time_and_then_go_on(
    cluster: Cluster,
) -> None:
    async with open_store(cluster.uri, max_size=4, max_waiting=8, wait=0.5) as store:
        scene = await stored_scene(store)
        cluster.stop()
        for _ in range(2):
            began = time.monotonic()
            outcomes = await asyncio.gather(
                *(_post(store, scene) for _ in range(20)), return_exceptions=True
            )
            assert time.monotonic() - began < 1
            assert {type(outcome) for outcome in outcomes} == {UnavailableError}
        cluster.start()
        began = time.monotonic()
        await _post(store, scene)
        assert time.monotonic() - began < 1


async def test_who_waits_alone_is_answered_when_it_is_back(cluster: Cluster) -> None:
    async with open_store(cluster.uri, wait=10) as store:
        scene = await stored_scene(store)
        cluster.stop()
        waiting = asyncio.create_task(_post(store, scene))
        await asyncio.sleep(1.5)
        assert not waiting.done()
        await asyncio.to_thread(cluster.start)
        began = time.monotonic()
        await waiting
        assert time.monotonic() - began < 1


async def test_a_store_does_not_open_while_it_is_away(cluster: Cluster) -> None:
    cluster.stop()
    try:
        with pytest.raises(UnavailableError) as caught:
            async with open_store(cluster.uri):
                pass
        assert "socket" not in str(caught.value)
    finally:
        cluster.start()


async def test_a_stream_opens_while_it_is_away_and_connects_later(cluster: Cluster) -> None:
    cluster.stop()
    here = make.conversation_id()
    try:
        async with (
            open_stream(cluster.uri, MemoryEventStream()) as near,
            open_stream(cluster.uri, MemoryEventStream()) as far,
            far.subscribe(here) as live,
        ):
            assert not near.connected
            await near.publish(make.bell(here, 1))
            await asyncio.to_thread(cluster.start)
            assert await live.next(timeout=3) is not None
            assert far.connected
    finally:
        cluster.restart("fast")


def _more_than(answered: set[str], before: int) -> bool:
    return len(answered) > before


async def test_fault_4_all_writes_that_were_answered_survive_a_crash(
    cluster: Cluster, store: PostgresStore
) -> None:
    """And those that were not are there whole, or not at all."""
    scene = await _in_use(store)
    answered: set[str] = set()
    unexpected: list[BaseException] = []
    leaving = asyncio.Event()

    async def write() -> None:
        while not leaving.is_set():
            note = make.message(scene.conversation, scene.owner)
            try:
                async with store.begin(single=True) as work:
                    await work.messages.post(note, turn=make.turn(note), roles=WRITERS)
            except (UnavailableError, OverloadedError):
                await asyncio.sleep(0.01)
            except BaseException as error:
                unexpected.append(error)
                raise
            else:
                answered.add(note.id)

    writers = [asyncio.create_task(write()) for _ in range(8)]
    for mode in ("immediate", "fast", "immediate"):
        await asyncio.sleep(0.5)
        before = len(answered)
        await asyncio.to_thread(cluster.restart, mode)
        await until(partial(_more_than, answered, before), seconds=1)
    leaving.set()
    await asyncio.gather(*writers)
    assert not unexpected
    async with store.begin(read_only=True) as work:
        inside = scene.conversation.id
        log = await work.events.since(inside, seq=0, limit=10**6)
        stored = await work.messages.in_conversation(inside, after=None, limit=10**6)
        talk = await work.conversations.get(inside)
    assert answered <= {message.id for message in stored}
    assert [message.seq for message in stored] == [event.seq for event in log]
    assert [event.seq for event in log] == list(range(1, talk.last_seq + 1))
