"""Following a conversation whose beginning is not kept any more."""

import pytest

from cortex_core.contract import make
from cortex_core.domain.events import Bell
from cortex_core.ports import Horizon, Pruned
from cortex_core.services.following import PAGE
from tests.unit.services.scene import Scene
from tests.unit.services.streams import following

# The first place is not a message: somebody was added by name.
ALL = Horizon(messages=make.at(10**9), events=make.at(10**9))


async def _prune(scene: Scene, *, limit: int = 999) -> Pruned:
    async with scene.cortex.ports.store.begin(single=True) as work:
        return await work.retention.prune(scene.conversation.id, ALL, limit=limit)


async def _say(scene: Scene, count: int) -> None:
    for n in range(count):
        await scene.say(f"{n}")


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_who_comes_too_late_is_told_where_the_log_begins(scene: Scene, after: int) -> None:
    await _say(scene, 5)
    await _prune(scene, limit=3)
    epoch = await scene.cortex.following.epoch()
    for word, last in ((epoch, 7), (None, 8)):
        async with following(scene, after=after, epoch=word) as follower:
            assert await follower.reset() == 5
            await scene.say("live")
            assert await follower.seqs(last - 4) == list(range(5, last + 1))


async def test_who_is_in_time_by_one_place_goes_on(scene: Scene) -> None:
    await _say(scene, 5)
    await _prune(scene, limit=3)
    async with following(scene, after=4) as follower:
        assert await follower.seqs(2) == [5, 6]


async def test_who_comes_when_nothing_is_left_is_reset_and_hears_what_comes(scene: Scene) -> None:
    await _say(scene, 3)
    await _prune(scene)
    for after, epoch in ((2, None), (0, None), (4, "another")):
        async with following(scene, after=after, epoch=epoch) as follower:
            assert await follower.reset() == 5
    async with following(scene, after=2) as late, following(scene, after=4) as current:
        assert await late.reset() == 5
        await scene.say("live")
        assert await late.seqs(1) == [5]
        assert await current.seqs(1) == [5]


async def test_a_slow_reader_that_is_overtaken_is_reset_and_misses_nothing_in_silence(
    scene: Scene,
) -> None:
    await _say(scene, PAGE + 9)
    async with following(scene) as follower:
        assert await follower.seqs(1) == [1]
        await _prune(scene, limit=PAGE + 3)
        assert await follower.seqs(PAGE - 1) == list(range(2, PAGE + 1))
        assert await follower.reset() == PAGE + 5
        assert await follower.seqs(6) == list(range(PAGE + 5, PAGE + 11))


async def test_a_live_reader_from_whom_all_was_taken_is_reset(scene: Scene) -> None:
    await _say(scene, 2)
    async with following(scene, after=2) as follower:
        assert await follower.seqs(1) == [3]
        async with scene.cortex.ports.store.begin() as work:
            author = await work.users.get(await scene.id_of(scene.owner))
            await work.messages.add(make.message(scene.conversation, author))
        await _prune(scene)
        await _ring(scene, 4)
        assert await follower.reset() == 5
        await scene.say("live")
        assert await follower.seqs(1) == [5]


async def test_a_bell_before_its_event_can_be_read_resets_nobody(scene: Scene) -> None:
    await _say(scene, 2)
    async with following(scene, after=3) as follower:
        await _ring(scene, 9)
        await scene.say("live")
        assert await follower.seqs(1) == [4]


async def _ring(scene: Scene, seq: int) -> None:
    await scene.cortex.ports.events.publish(Bell(conversation_id=scene.conversation.id, seq=seq))
