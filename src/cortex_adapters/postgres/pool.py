"""The connections that units of work share.

Not psycopg_pool 3.3, which was tried: callers who gave up stay in its queue, so that after an
outage it refuses all; its reconnecting lags behind the server and cannot be told from being busy;
and a caller who is cancelled while giving a connection back can lose it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from functools import partial
from time import monotonic
from typing import Final, LiteralString

from cortex_adapters.postgres.connection import (
    Connection,
    Row,
    alive,
    connect,
    hang_up,
    watched,
)
from cortex_adapters.postgres.errors import translated
from cortex_adapters.postgres.places import Places
from cortex_adapters.postgres.told import observing, statement
from cortex_core.domain.errors import OverloadedError, UnavailableError
from cortex_core.ports import Telemetry

__all__ = ["ACT", "Pool", "open_pool"]

ACT: Final = "SELECT set_config('cortex.caller', $1, true)"
"""Says who acts, until the transaction ends; see `walls`."""
_GRACE: Final = 1.0  # seconds by which we wait longer for a statement than the server does
_PAUSE: Final = 0.2  # seconds between attempts to connect
_IDLE: Final = 600.0  # seconds after which a connection that nobody needed is closed
_LIFETIME: Final = 3_600.0  # seconds after which a connection is made anew


class Pool:
    """Lends out connections, and counts the *statements* that are sent over them."""

    def __init__(
        self,
        conninfo: str,
        *,
        max_size: int,
        max_waiting: int,
        wait: float,
        telemetry: Telemetry,
        prepares: bool = True,
    ) -> None:
        self.statements = 0
        self._telemetry = telemetry
        self._connect = partial(connect, conninfo, prepares=prepares)
        self._wait = wait
        self._places = Places(max_size, max_waiting=max_waiting)
        self._idle: deque[tuple[float, Connection]] = deque()  # since when; newest last
        self._forgot = 0.0
        self._away = False
        self._closed = False

    def observing(self) -> AbstractContextManager[None]:
        """Have the gauges of this pool read while inside."""
        return observing(
            self._telemetry,
            size=self._places.size,
            idle=lambda: len(self._idle),
            used=lambda: self._places.used,
            waiting=lambda: self._places.waiting,
        )

    async def warm(self, count: int) -> None:
        """Connect *count* times ahead of need."""
        for _ in range(count):
            with translated():
                self._idle.append((monotonic(), await self._connect()))

    async def take(self) -> Connection:
        """Lend out a connection that the server has not closed.

        Raises:
            OverloadedError: All are in use and stay so for too long, or too many callers wait.
            UnavailableError: None can be made.
        """
        if self._closed:
            raise RuntimeError("The store is closed.")
        began = monotonic()
        deadline = began + self._wait
        waits = self._places.used == self._places.size
        try:
            await self._places.enter(timeout=self._wait)
        except OverloadedError as error:
            self._telemetry.count("db.client.connection.timeouts")
            raise UnavailableError if self._away else error from error.__cause__
        finally:
            if waits:
                self._telemetry.measure("db.client.connection.wait_time", monotonic() - began)
        try:
            return self._ready() or await self._connected(deadline)
        except BaseException:
            self._places.leave()
            raise

    def give(self, connection: Connection, *, broken: bool = False) -> None:
        """Take a connection back; waits for nothing, so that no cancellation can lose one."""
        now = monotonic()
        if broken or self._closed or now - connection.born > _LIFETIME:
            hang_up(connection)
        else:
            self._idle.append((now, connection))
        if self._idle and now - self._idle[0][0] > _IDLE:
            hang_up(self._idle.popleft()[1])
        self._places.leave()

    def forget(self, dead: Connection) -> None:
        """Close all that idle, unless that was done since the *dead* connection was made."""
        if dead.born > self._forgot:
            self._forgot = monotonic()
            self._close_idle()

    def close(self) -> None:
        """Close what idles now, and the rest when it is given back."""
        self._closed = True
        self._close_idle()

    async def send(
        self,
        connection: Connection,
        sql: LiteralString,
        parameters: tuple[object, ...],
        *,
        lost: type[UnavailableError],
        seconds: float,
        acting: str | None = None,
    ) -> list[Row]:
        """Send one statement, to which the server gives *seconds*, and return its rows.

        Who is *acting* is said ahead of it, in the same transaction and on the same way there.
        """
        self.statements += 1
        with (
            statement(self._telemetry, sql),
            translated(lost=lost),
            watched(connection, seconds + _GRACE),
        ):
            if acting is None:
                cursor = await connection.execute(sql, parameters or None)
            else:
                async with connection.pipeline():  # one transaction, as long as nobody says BEGIN
                    await connection.execute(ACT, (acting,))
                    cursor = await connection.execute(sql, parameters or None)
            # What says whether there are rows to fetch is dear in `description`.
            return await cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []

    def _ready(self) -> Connection | None:
        """Return the connection that was used last; the others may be let go one day."""
        while self._idle:
            _, connection = self._idle.pop()
            if alive(connection):
                return connection
            hang_up(connection)
        return None

    async def _connected(self, deadline: float) -> Connection:
        """Connect, again and again until *deadline*: a server that restarts is soon back."""
        while True:
            try:
                with translated():
                    connection = await self._connect()
            except (OverloadedError, UnavailableError):
                self._away = True
                if monotonic() + _PAUSE > deadline:
                    raise
            else:
                self._away = False
                return connection
            await asyncio.sleep(_PAUSE)
            if ready := self._ready():
                return ready

    def _close_idle(self) -> None:
        while self._idle:
            hang_up(self._idle.pop()[1])


@asynccontextmanager
async def open_pool(
    conninfo: str,
    *,
    min_size: int,
    max_size: int,
    max_waiting: int,
    wait: float,
    telemetry: Telemetry,
    prepares: bool = True,
) -> AsyncIterator[Pool]:
    """Open a pool to a `hardened` *conninfo*, whose connections may prepare statements or not.

    Raises:
        OverloadedError: The database has no room for *min_size* connections.
        UnavailableError: The database cannot be reached.
    """
    pool = Pool(
        conninfo,
        max_size=max_size,
        max_waiting=max_waiting,
        wait=wait,
        telemetry=telemetry,
        prepares=prepares,
    )
    try:
        await pool.warm(min_size)
        with pool.observing():
            yield pool
    finally:
        pool.close()
