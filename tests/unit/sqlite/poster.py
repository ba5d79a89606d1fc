"""Another process that posts: `python -m tests.unit.sqlite.poster post PATH`."""

import asyncio
import sys

from cortex_adapters.sqlite.store import open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
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


if __name__ == "__main__":
    asyncio.run(post(sys.argv[2]))
