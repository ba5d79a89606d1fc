"""A client of the live stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from msgspec.structs import replace

from cortex_core import Principal
from cortex_core.domain.events import Bell, Recorded, Signal, TurnDelta
from cortex_core.services.following import Following, Goodbye, Item, Quiet, Reset, Resume
from tests.unit.services.scene import PATIENCE, Scene


class Follower:
    """Reads one stream, an item at a time."""

    def __init__(self, items: AsyncIterator[Item]) -> None:
        self._items = items

    async def next(self) -> Item:
        """Return the next item that is not a heartbeat."""
        async with asyncio.timeout(PATIENCE):
            while isinstance(item := await anext(self._items), Quiet):
                pass
        return item

    async def any(self) -> Item:
        """Return the next item, a heartbeat too."""
        async with asyncio.timeout(PATIENCE):
            return await anext(self._items)

    async def seqs(self, count: int) -> list[int]:
        """Return the places of the next *count* events; whatever passes is left out."""
        found: list[int] = []
        while len(found) < count:
            item = await self.next()
            if not isinstance(item, TurnDelta):
                assert isinstance(item, Recorded), item
                found.append(item.seq)
        return found

    async def end(self) -> list[Item]:
        """Return what comes before the goodbye."""
        before: list[Item] = []
        while not isinstance(item := await self.next(), Goodbye):
            before.append(item)
        async with asyncio.timeout(PATIENCE):
            assert await anext(self._items, None) is None
        return before

    async def goodbye(self) -> Goodbye:
        """Return the last item, and see that it is."""
        item = await self.next()
        assert isinstance(item, Goodbye), item
        async with asyncio.timeout(PATIENCE):
            assert await anext(self._items, None) is None
        return item

    async def reset(self) -> int:
        """Return the oldest place that a reset names."""
        item = await self.next()
        assert isinstance(item, Reset), item
        return item.oldest


def untraced(signal: Signal | None) -> Signal | None:
    """Return *signal* without the trace that it was given in."""
    return replace(signal, traceparent="") if isinstance(signal, Bell) else signal


@asynccontextmanager
async def following(
    scene: Scene,
    *,
    who: Principal | None = None,
    after: int = 0,
    epoch: str | None = None,
    service: Following | None = None,
) -> AsyncIterator[Follower]:
    """Follow the scene's conversation while inside."""
    stream = await (service or scene.cortex.following).open(
        who or scene.viewer, scene.conversation.id, Resume(seq=after, epoch=epoch)
    )
    async with aclosing(stream):
        yield Follower(stream)
