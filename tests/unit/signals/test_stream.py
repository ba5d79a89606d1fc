"""Whatever carries the texts, a stream ends when it is to end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.signals.stream import SharedStream
from cortex_core.contract import make


class Deaf:
    """Swallows the first time that it is told to stop, as some libraries do now and then."""

    failures: tuple[type[Exception], ...] = (OSError,)

    def __init__(self) -> None:
        self.swallowed = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        yield self._texts()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator["Deaf"]:
        yield self

    async def alive(self) -> bool:
        return True

    async def send(self, texts: Sequence[str]) -> None:
        await self._swallow()

    async def _texts(self) -> AsyncIterator[str]:
        while True:
            await self._swallow()
            yield ""

    async def _swallow(self) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.swallowed += 1
            if self.swallowed > 2:
                raise


async def test_a_stream_ends_though_a_library_swallows_the_word() -> None:
    carrier = Deaf()
    stream = SharedStream(carrier, MemoryEventStream())
    async with asyncio.timeout(10):
        async with stream.running():
            await stream.publish(make.bell(make.conversation_id(), 1))
            await asyncio.sleep(0.05)
    assert carrier.swallowed >= 2
