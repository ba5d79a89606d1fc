"""Another process that writes: `python -m tests.unit.sqlite.poster post|count PATH [ARGUMENT]`."""

import asyncio
import sys

from msgspec.structs import replace

from cortex_adapters.sqlite.store import open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.ids import ConversationId
from cortex_core.domain.policy import WRITERS


async def post(path: str) -> None:
    """Post messages, four at once, and say each one's conversation, id and place once stored."""
    async with open_store(path) as store:
        scene = await stored_scene(store)

        async def go_on() -> None:
            while True:
                note = make.message(scene.conversation, scene.owner)
                async with store.begin(single=True) as work:
                    placed = await work.messages.post(note, turn=make.turn(note), roles=WRITERS)
                assert placed is not None
                print(scene.conversation.id, placed.id, placed.seq, flush=True)  # noqa: T201

        await asyncio.gather(*(go_on() for _ in range(4)))


async def count(path: str, conversation_id: str) -> None:
    """Read a conversation and write one more into its topic, 100 times."""
    async with open_store(path) as store:
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        for _ in range(100):
            async with store.begin() as work:
                talk = await work.conversations.get(ConversationId(conversation_id))
                more = replace(talk, topic=str(int(talk.topic) + 1), version=talk.version + 1)
                await work.conversations.update(more, version=talk.version)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["post", path]:
            asyncio.run(post(path))
        case ["count", path, conversation_id]:
            asyncio.run(count(path, conversation_id))
