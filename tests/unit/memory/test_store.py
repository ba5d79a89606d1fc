import time

import pytest

from cortex_adapters.memory.store import MemoryStore
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene


async def test_ten_thousand_messages_are_no_burden() -> None:
    store = MemoryStore()
    scene = await stored_scene(store)
    began = time.monotonic()
    for _ in range(10_000):
        async with store.begin(single=True) as work:
            await work.messages.add(make.message(scene.conversation, scene.owner))
    async with store.begin(read_only=True) as work:
        found = await work.messages.in_conversation(scene.conversation.id, after=9_990, limit=99)
    assert [message.seq for message in found] == list(range(9_991, 10_001))
    assert time.monotonic() - began < 20


async def test_a_unit_that_has_ended_is_of_no_use() -> None:
    store = MemoryStore()
    async with store.begin() as work:
        pass
    with pytest.raises(RuntimeError):
        await work.users.ensure(make.user())
