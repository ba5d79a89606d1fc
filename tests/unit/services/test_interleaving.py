"""Whatever is written, lost on the way and resumed: each event once, in order."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_core import Cortex
from cortex_core.contract import make
from cortex_core.domain.commands import ChangeConversation
from cortex_core.services.following import Following
from cortex_core.services.reception import Reception
from tests.unit.services.scene import PATIENCE, Link, Scene, set_scene, turns
from tests.unit.services.streams import following

# What a writer does, and how many turns of the loop it waits before that.
WRITES = st.lists(
    st.tuples(st.sampled_from(["say", "change", "say unheard", "delta"]), st.integers(0, 4)),
    min_size=1,
    max_size=25,
)
# How many events a reader takes before it hangs up, and how many turns it stays away.
VISITS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=1, max_size=10)


@settings(max_examples=60)
@given(
    writes=WRITES,
    readers=st.lists(VISITS, min_size=1, max_size=3),
    distance=st.integers(0, 3),
    named=st.booleans(),
)
async def test_each_event_once_and_in_order(
    writes: list[tuple[str, int]], readers: list[list[tuple[int, int]]], distance: int, named: bool
) -> None:
    link = Link()
    ports = ports_around(link)
    scene = await set_scene(Cortex(ports))
    elsewhere = scene.at(Cortex(ports_around(link, events=MemoryEventStream())))
    service = Following(ports, Reception(ports), sweep=0.001)
    link.distance = distance
    epoch = await service.epoch() if named else None
    last = 1 + sum(what != "delta" for what, _ in writes)

    async def read(visits: list[tuple[int, int]]) -> list[int]:
        seen: list[int] = []
        while len(seen) < last:
            for take, pause in visits:
                await turns(pause)
                async with following(
                    scene, after=len(seen), epoch=epoch, service=service
                ) as follower:
                    seen += await follower.seqs(min(take, last - len(seen)))
            visits = [(last, 0)]
        return seen

    async with asyncio.timeout(PATIENCE):
        reading = [asyncio.create_task(read(visits)) for visits in readers]
        await _write(scene, elsewhere, writes)
        assert await asyncio.gather(*reading) == [list(range(1, last + 1))] * len(readers)
    assert service.streams == 0


async def _write(scene: Scene, elsewhere: Scene, writes: list[tuple[str, int]]) -> None:
    here = scene.conversation.id
    for number, (what, pause) in enumerate(writes):
        await turns(pause)
        match what:
            case "say":
                await scene.say()
            case "change":
                await scene.cortex.conversations.change(
                    scene.editor, here, ChangeConversation(topic=f"New {number}")
                )
            case "say unheard":
                await elsewhere.say()
            case _:
                await scene.cortex.ports.events.publish(make.delta(here))
