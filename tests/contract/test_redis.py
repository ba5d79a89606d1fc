"""The adapter for Redis keeps every promise."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.redis.stream import open_stream
from cortex_adapters.signals.stream import SharedStream
from cortex_core.contract import SharedEventStreamContract
from tests.redis import RedisServer, running_redis


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


class TestRedisEventStream(SharedEventStreamContract):
    @pytest.fixture
    async def streams(self, redis: RedisServer) -> AsyncIterator[tuple[SharedStream, SharedStream]]:
        async with (
            open_stream(redis.url, MemoryEventStream()) as one,
            open_stream(redis.url, MemoryEventStream()) as two,
        ):
            yield one, two

    @pytest.fixture
    def interrupt(
        self, redis: RedisServer, streams: tuple[SharedStream, SharedStream]
    ) -> Callable[[], Awaitable[None]]:
        async def cut() -> None:
            redis.kill()
            for _ in range(500):
                await asyncio.sleep(0.02)
                if not any(stream.connected for stream in streams):
                    break
            await asyncio.to_thread(redis.start)
            for _ in range(500):
                await asyncio.sleep(0.02)
                if all(stream.connected for stream in streams):
                    return
            pytest.fail("The streams did not come back.")

        return cut
