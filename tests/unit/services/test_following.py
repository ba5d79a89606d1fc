"""Following a conversation live: replay, resume and live delivery are one path."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from msgspec import structs

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.store import MemoryStore
from cortex_core import Cortex
from cortex_core.contract import make
from cortex_core.domain.events import Event, MessageCreated, Recorded, TurnCompleted, TurnDelta
from cortex_core.domain.models import ASSISTANT
from cortex_core.domain.text import CONTENT_LENGTH
from cortex_core.services.following import PAGE, Following, Quiet
from cortex_core.services.reception import Reception
from tests.unit.services.scene import Link, Scene, until
from tests.unit.services.streams import following


async def test_what_was_comes_first_and_then_what_happens(scene: Scene) -> None:
    for n in range(3):
        await scene.say(f"{n}")
    async with following(scene) as follower:
        assert await follower.seqs(4) == [1, 2, 3, 4]
        await scene.say("live")
        item = await follower.next()
        assert isinstance(item, Recorded)
        assert isinstance(item.data, MessageCreated)
        assert (item.seq, item.data.message.content) == (5, "live")


@pytest.mark.parametrize("after", range(5))
async def test_resuming_goes_on_exactly_after_that_place(scene: Scene, after: int) -> None:
    for n in range(3):
        await scene.say(f"{n}")
    epoch = await scene.cortex.following.epoch()
    for word in (epoch, None):
        async with following(scene, after=after, epoch=word) as follower:
            await scene.say("live")
            last = (
                await scene.cortex.conversations.get(scene.owner, scene.conversation.id)
            ).last_seq
            assert await follower.seqs(last - after) == list(range(after + 1, last + 1))


@pytest.mark.parametrize(("after", "epoch"), [(2, "another"), (0, ""), (5, None), (10**18, None)])
async def test_what_cannot_be_resumed_is_reset_and_told_from_the_start(
    scene: Scene, after: int, epoch: str | None
) -> None:
    for n in range(3):
        await scene.say(f"{n}")
    async with following(scene, after=after, epoch=epoch) as follower:
        assert await follower.reset() == 1
        assert await follower.seqs(4) == [1, 2, 3, 4]
        await scene.say("live")
        assert await follower.seqs(1) == [5]


async def test_a_place_beyond_the_last_is_reset_though_the_epoch_is_ours(scene: Scene) -> None:
    epoch = await scene.cortex.following.epoch()
    async with following(scene, after=2, epoch=epoch) as follower:
        assert await follower.reset() == 1
        assert await follower.seqs(1) == [1]


async def test_an_epoch_is_one_for_all_processes_and_new_with_the_history(
    scene: Scene, link: Link
) -> None:
    epoch = await scene.cortex.following.epoch()
    assert epoch.isalnum()
    assert await Cortex(ports_around(link)).following.epoch() == epoch
    assert await Cortex(ports_around(MemoryStore())).following.epoch() != epoch


async def test_an_empty_conversation_is_silent_until_something_happens(scene: Scene) -> None:
    guest = await scene.id_of(scene.guest)
    await scene.cortex.participants.remove(scene.owner, scene.conversation.id, guest)
    async with following(scene, after=2) as follower:
        waiting = asyncio.create_task(follower.next())
        await until(lambda: scene.cortex.following.streams == 1)
        await scene.say()
        item = await waiting
        assert isinstance(item, Recorded)
        assert item.seq == 3


@pytest.mark.parametrize("count", [PAGE - 2, PAGE - 1, PAGE, 2 * PAGE - 1, 2 * PAGE + 1])
async def test_a_log_of_any_length_is_told_whole_without_waiting(scene: Scene, count: int) -> None:
    ports = scene.cortex.ports
    service = Following(ports, Reception(ports), heartbeat=3600, sweep=3600)
    for _ in range(count):
        await scene.say()
    async with following(scene, service=service) as follower:
        assert await follower.seqs(count + 1) == list(range(1, count + 2))
        await scene.say()
        assert await follower.seqs(1) == [count + 2]


@pytest.mark.parametrize(
    ("content", "reads"),
    [pytest.param("x" * CONTENT_LENGTH, 4, id="long"), pytest.param("x", 1, id="short")],
)
async def test_long_messages_are_read_few_at_a_time(
    scene: Scene, link: Link, content: str, reads: int
) -> None:
    """What a reader has not taken yet is in memory: at most two long messages, or a page."""
    ports = scene.cortex.ports
    service = Following(ports, Reception(ports), heartbeat=3600, sweep=3600)
    for _ in range(8):
        await scene.say(content)
    async with following(scene, service=service) as follower:
        assert await follower.seqs(1) == [1]
        before = link.units
        assert await follower.seqs(8) == list(range(2, 10))
        assert link.units - before == reads - 1


async def test_quiet_is_told_and_nothing_is_lost_meanwhile(scene: Scene) -> None:
    ports = scene.cortex.ports
    service = Following(ports, Reception(ports), heartbeat=0.001)
    async with following(scene, after=1, service=service) as follower:
        for seq in range(2, 5):
            for _ in range(3):
                assert isinstance(await follower.any(), Quiet)
            await scene.say()
            assert await follower.seqs(1) == [seq]


async def test_what_passes_comes_in_order_behind_what_was_logged_before(scene: Scene) -> None:
    here, publish = scene.conversation.id, scene.cortex.ports.events.publish
    async with following(scene) as follower:
        assert await follower.seqs(1) == [1]
        waiting = asyncio.create_task(follower.next())
        await asyncio.sleep(0)
        await scene.say()
        await publish(*(make.delta(here, index) for index in range(5)))
        await scene.say()
        items = [await waiting, *[await follower.next() for _ in range(6)]]
    passed = [item for item in items if isinstance(item, TurnDelta)]
    assert passed == [make.delta(here, index) for index in range(5)]
    assert [item.seq for item in items if isinstance(item, Recorded)] == [2, 3]
    assert isinstance(items[0], Recorded)


async def test_pieces_of_an_answer_never_come_behind_its_end(scene: Scene) -> None:
    """The log may be read past what waits in the queue; then those pieces are old news."""
    here, publish = scene.conversation.id, scene.cortex.ports.events.publish
    late, other = make.delta(here), make.delta(here, 7)
    completed = TurnCompleted(
        turn_id=late.turn_id, message_id=make.message_id(), answer_id=make.message_id()
    )
    async with following(scene) as follower:
        assert await follower.seqs(1) == [1]
        await publish(late)
        async with scene.cortex.ports.store.begin() as work:
            await work.events.append(
                Event(conversation_id=here, at=make.NOON, actor=ASSISTANT, data=completed)
            )
        await publish(make.bell(here, 2), structs.replace(late, index=1))
        await publish(structs.replace(other, turn_id=make.turn_id()))
        assert await follower.next() == late
        assert await follower.seqs(1) == [2]
        item = await follower.next()
        assert isinstance(item, TurnDelta)
        assert item.index == 7


async def test_a_follower_hears_its_own_conversation_only(scene: Scene) -> None:
    async with following(scene, after=1) as follower:
        waiting = asyncio.create_task(follower.next())
        await until(lambda: scene.cortex.following.streams == 1)
        await scene.cortex.ports.events.publish(make.delta(make.conversation_id()))
        await scene.say()
        item = await waiting
        assert isinstance(item, Recorded)


async def test_a_slow_reader_gets_every_event_and_holds_nobody_up(scene: Scene) -> None:
    here, publish = scene.conversation.id, scene.cortex.ports.events.publish
    async with following(scene) as follower:
        assert await follower.seqs(1) == [1]
        for _ in range(300):
            await scene.say()
            await publish(*(make.delta(here, index) for index in range(5)))
        assert await follower.seqs(300) == list(range(2, 302))


async def test_events_that_are_written_while_a_reader_begins_come_once(scene: Scene) -> None:
    async def write() -> None:
        for _ in range(100):
            await scene.say()
            await asyncio.sleep(0)

    async with AsyncExitStack() as stack:
        writing = asyncio.create_task(write())
        followers = []
        for _ in range(25):
            followers.append(await stack.enter_async_context(following(scene)))
            await asyncio.sleep(0)
        found = await asyncio.gather(*(follower.seqs(101) for follower in followers))
        await writing
    assert all(seqs == list(range(1, 102)) for seqs in found)
