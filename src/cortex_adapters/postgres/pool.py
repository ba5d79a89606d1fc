"""The connections that units of work share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final, LiteralString

from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from cortex_adapters.postgres.connection import CONNECT, Connection, Row, alive, watched
from cortex_adapters.postgres.errors import translated
from cortex_core.domain.errors import UnavailableError

__all__ = ["Pool", "open_pool"]

_GRACE: Final = 1.0  # seconds by which we wait longer for a statement than the server does
_PAUSE: Final = 0.1  # seconds between attempts to connect while somebody waits


class Pool:
    """Lends out connections, and counts the *statements* that are sent over them."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self.statements = 0
        self._pool = pool
        self._lent = 0
        self._renewed = 0.0

    async def take(self) -> Connection:
        """Lend out a connection that the server has not closed.

        Raises:
            OverloadedError: All are in use, and stay so for too long, or too many callers wait.
            UnavailableError: None can be made.
        """
        while True:
            with translated():
                connection = await self._next()
            self._lent += 1
            if alive(connection):
                return connection
            await self.give(connection, broken=True)

    async def _next(self) -> Connection:
        try:
            return await self._pool.getconn()
        except (PoolTimeout, TooManyRequests) as error:
            if self._lent < self._pool.max_size:
                raise UnavailableError from error
            raise

    async def give(self, connection: Connection, *, broken: bool = False) -> None:
        """Take a connection back; never waits, so that no cancellation can lose one."""
        self._lent -= 1
        if broken:
            await connection.close()
        await self._pool.putconn(connection)

    async def renew(self, dead: Connection) -> None:
        """Replace all connections that are as old as the *dead* one."""
        if dead.born > self._renewed:
            self._renewed = monotonic()
            await self._pool.drain()

    async def send(
        self,
        connection: Connection,
        sql: LiteralString,
        parameters: tuple[object, ...],
        *,
        lost: type[UnavailableError],
        seconds: float,
    ) -> list[Row]:
        """Send one statement, to which the server gives *seconds*, and return its rows."""
        self.statements += 1
        with translated(lost=lost), watched(connection, seconds + _GRACE):
            cursor = await connection.execute(sql, parameters or None)
            return await cursor.fetchall() if cursor.description else []


@asynccontextmanager
async def open_pool(
    conninfo: str, *, min_size: int, max_size: int, max_waiting: int, wait: float
) -> AsyncIterator[Pool]:
    """Open a pool to a `hardened` *conninfo*."""
    pool = AsyncConnectionPool(
        conninfo,
        connection_class=Connection,
        kwargs=CONNECT,
        min_size=min_size,
        max_size=max_size,
        max_waiting=max_waiting,
        timeout=wait,
        # Its own back-off lags behind an outage: give up at once, and see `_try_again`.
        reconnect_timeout=0,
        reconnect_failed=_try_again,
        # With a reset function, putconn hands over to a worker and does not wait.
        reset=_nothing,
        # One worker per connection to be made, so that one is always free to take some back.
        num_workers=max_size + 1,
        open=False,
    )
    async with pool:
        yield Pool(pool)


async def _try_again(pool: AsyncConnectionPool[Any]) -> None:
    """Connect anew while somebody waits for it; without this, only the next caller would."""
    if pool.get_stats()["requests_waiting"]:
        await asyncio.sleep(_PAUSE)
        await pool.check()


async def _nothing(connection: Connection) -> None:
    """Leave the connection as it is: a unit of work ends its own transaction."""
