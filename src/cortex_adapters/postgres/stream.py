"""A doorbell that every process on one database hears: NOTIFY."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Final

import psycopg

from cortex_adapters.postgres.connection import Connection, alive, connect, hardened, watched
from cortex_adapters.signals.stream import LocalStream, SharedStream

__all__ = ["open_stream"]

_NOTIFY: Final = "SELECT pg_notify('cortex', payload) FROM unnest($1::text[]) AS payload"
_QUIET: Final = 10.0  # seconds after which a silent connection is tried out
_PATIENCE: Final = 5.0  # seconds for a statement


class _Notices:
    """Texts go together, in few transactions and none of a use case.

    NOTIFY takes a lock at commit that all who notify share.
    """

    failures: tuple[type[Exception], ...] = (psycopg.Error, OSError)

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        async with self._connected() as connection:
            await connection.execute("LISTEN cortex")
            async with aclosing(_payloads(connection)) as texts:
                yield texts

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[_Sender]:
        async with self._connected() as connection:
            yield _Sender(connection)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        connection = await connect(self._conninfo)
        try:
            yield connection
        finally:
            await connection.close()


class _Sender:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def alive(self) -> bool:
        return alive(self._connection)

    async def send(self, texts: Sequence[str]) -> None:
        with watched(self._connection, _PATIENCE):
            await self._connection.execute(_NOTIFY, (list(texts),))


async def _payloads(connection: Connection) -> AsyncGenerator[str]:
    while True:
        async with aclosing(connection.notifies(timeout=_QUIET)) as notices:
            async for notice in notices:
                yield notice.payload
        with watched(connection, _PATIENCE):
            await connection.execute("SELECT 1")


@asynccontextmanager
async def open_stream(conninfo: str, local: LocalStream) -> AsyncIterator[SharedStream]:
    """Open the stream of the database at *conninfo*; that it is away keeps nobody from opening.

    Raises:
        SettingsError: *conninfo* cannot be read.
    """
    # A signal is gone when the server goes down, so none waits for the disk.
    stream = SharedStream(_Notices(hardened(conninfo, synchronous_commit="off")), local)
    async with stream.running():
        yield stream
