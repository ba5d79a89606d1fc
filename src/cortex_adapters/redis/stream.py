"""A doorbell that every process on one Redis hears: publish and subscribe.

For many processes that many listen to: NOTIFY of PostgreSQL goes through one lock and one queue.
Redis keeps nothing of what it carries. The log stays the truth: whoever missed a bell reads it
at the next one, and at the next sweep at the latest.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as LostError
from redis.exceptions import RedisError

from cortex_adapters.signals.stream import LocalStream, SharedStream

__all__ = ["open_stream"]

_CONNECT: Final = 2.0  # seconds to connect
_PATIENCE: Final = 5.0  # seconds for an answer
_QUIET: Final = 10.0  # seconds after which a silent connection is tried out


class _Channel:
    """One channel for each number of a database: Redis's own channels know no databases."""

    failures: tuple[type[Exception], ...] = (RedisError, OSError)

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = f"cortex:{parse_url(url).get('db', 0)}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        async with self._client() as client, client.pubsub() as heard:
            await heard.subscribe(self._name)
            if await heard.get_message(timeout=_PATIENCE) is None:
                raise LostError("It does not answer.")
            async with aclosing(_texts(heard)) as texts:
                yield texts

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[_Sender]:
        async with self._client() as client:
            await client.ping()
            yield _Sender(client, self._name)

    def _client(self) -> Redis:
        # It would connect anew by itself, and say nothing of what was lost meanwhile.
        client: Redis = Redis.from_url(
            self._url,
            decode_responses=True,
            socket_connect_timeout=_CONNECT,
            socket_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        return client


class _Sender:
    def __init__(self, client: Redis, channel: str) -> None:
        self._client = client
        self._channel = channel

    async def alive(self) -> bool:
        try:
            await self._client.ping()
        except _Channel.failures:
            return False
        return True

    async def send(self, texts: Sequence[str]) -> None:
        together = self._client.pipeline(transaction=False)
        for text in texts:
            _ = together.publish(self._channel, text)  # queued, and awaited below
        await together.execute()


async def _texts(heard: PubSub) -> AsyncGenerator[str]:
    """Yield what comes in; what is silent is asked, and has to answer."""
    asked = False
    while True:
        message: dict[str, Any] | None = await heard.get_message(
            timeout=_PATIENCE if asked else _QUIET
        )
        if message is not None:
            asked = False
            if message["type"] == "message":
                yield message["data"]
        elif asked:
            raise LostError("It does not answer.")
        else:
            asked = True
            await heard.ping()


@asynccontextmanager
async def open_stream(url: str, local: LocalStream) -> AsyncIterator[SharedStream]:
    """Open the stream at *url*; that Redis is away keeps nobody from opening."""
    stream = SharedStream(_Channel(url), local)
    async with stream.running():
        yield stream
