"""A doorbell that every process on one database hears."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from typing import Final, Protocol

import psycopg

from cortex_adapters.postgres.connection import Connection, alive, connect, hardened, watched
from cortex_adapters.postgres.outbox import Outbox
from cortex_adapters.postgres.wire import Alarm, Unpacker, pack
from cortex_core.domain.events import Signal
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Subscription

__all__ = ["LocalStream", "PostgresEventStream", "open_stream"]

_NOTIFY: Final = "SELECT pg_notify('cortex', payload) FROM unnest($1::text[]) AS payload"
_BATCH: Final = 256  # signals in one statement
_GATHER: Final = 0.005  # seconds between two statements, in which signals gather
_QUIET: Final = 10.0  # seconds after which a silent connection is tried out
_PATIENCE: Final = 5.0  # seconds for a statement
_SOON: Final = 2.0  # seconds to wait for the first connection, and for the last signals
_PAUSES: Final = (0.1, 1.0)  # seconds, shortest and longest, between attempts to connect


class LocalStream(Protocol):
    """Carries signals to the listeners in this process."""

    async def publish(self, *signals: Signal) -> None: ...

    def subscribe(
        self, conversation_id: ConversationId
    ) -> AbstractAsyncContextManager[Subscription]: ...

    def wake(self) -> None:
        """Ring for every listener, because signals may have been lost."""
        ...


class PostgresEventStream:
    """Signals go to the listeners here at once, and to other processes in the background.

    They go there together, in few transactions and none of a use case: NOTIFY takes a lock at
    commit that all who notify share.
    """

    def __init__(self, conninfo: str, local: LocalStream) -> None:
        self._conninfo = conninfo
        self._local = local
        self._origin = secrets.token_hex(8)
        self._outbox = Outbox()
        self._sent = asyncio.Event()
        self._sent.set()
        self._tried = asyncio.Event()
        self._connected = False
        self._away = False  # whether the last attempt to connect, for sending, failed

    @property
    def connected(self) -> bool:
        """Whether signals from other processes come in."""
        return self._connected

    async def publish(self, *signals: Signal) -> None:
        await self._local.publish(*signals)
        for signal in signals:
            self._sent.clear()
            self._outbox.put(signal)

    def subscribe(
        self, conversation_id: ConversationId
    ) -> AbstractAsyncContextManager[Subscription]:
        return self._local.subscribe(conversation_id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep in touch with the other processes."""
        tasks = [
            asyncio.create_task(self._keep(self._hear, failed=self._tried.set)),
            asyncio.create_task(self._keep(self._tell, failed=self._lose)),
        ]
        try:
            await _soon(self._tried)
            yield
            if not self._away:
                await _soon(self._sent)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(
        self, talk: Callable[[Connection], Awaitable[None]], *, failed: Callable[[], None]
    ) -> None:
        """Connect and *talk*, again and again."""
        shortest, longest = _PAUSES
        pause = shortest
        while True:
            try:
                connection = await connect(self._conninfo)
                pause = shortest
                try:
                    await talk(connection)
                finally:
                    await connection.close()
            except (psycopg.Error, OSError):
                failed()
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _hear(self, connection: Connection) -> None:
        await connection.execute("LISTEN cortex")
        unpacker = Unpacker(self._origin)
        self._connected = True
        self._tried.set()
        self._local.wake()
        try:
            while True:
                async with aclosing(connection.notifies(timeout=_QUIET)) as notices:
                    async for notice in notices:
                        await self._heard(unpacker.unpack(notice.payload))
                with watched(connection, _PATIENCE):
                    await connection.execute("SELECT 1")
        finally:
            self._connected = False

    async def _heard(self, signal: Signal | Alarm | None) -> None:
        if isinstance(signal, Alarm):
            self._local.wake()
        elif signal is not None:
            await self._local.publish(signal)

    async def _tell(self, connection: Connection) -> None:
        self._away = False
        while alive(connection):
            signals = self._outbox.take(_BATCH)
            payloads = [text for signal in signals for text in pack(self._origin, signal)]
            with watched(connection, _PATIENCE):
                await connection.execute(_NOTIFY, (payloads,))
            if self._outbox.empty:
                self._sent.set()
            await asyncio.sleep(_GATHER)
            await self._outbox.filled()

    def _lose(self) -> None:
        self._away = True
        self._outbox.lose()


async def _soon(event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_SOON):
            await event.wait()


@asynccontextmanager
async def open_stream(conninfo: str, local: LocalStream) -> AsyncIterator[PostgresEventStream]:
    """Open the stream of the database at *conninfo*; that it is away keeps nobody from opening.

    Raises:
        SettingsError: *conninfo* cannot be read.
    """
    # A signal is gone when the server goes down, so none waits for the disk.
    stream = PostgresEventStream(hardened(conninfo, synchronous_commit="off"), local)
    async with stream.running():
        yield stream
