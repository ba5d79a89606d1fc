"""A standby that read-only units may use as long as nobody can tell it from the primary.

Before a unit reads there, the standby must have replayed all that the primary had flushed when the
unit began: so it sees each write that was acknowledged before, by whichever process, and each
event whose bell has rung. Units that begin at the same time ask the primary together; each asks the
standby over its own connection, because an address may lead to several.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final, LiteralString

from cortex_adapters.postgres.connection import Row, hardened
from cortex_adapters.postgres.line import Line
from cortex_adapters.postgres.pool import Pool
from cortex_core.domain.errors import (
    CollisionError,
    CortexError,
    OverloadedError,
    UnavailableError,
)
from cortex_core.ports import NoTelemetry, Telemetry

__all__ = ["ReadLine", "Replica", "open_replica"]

_WRITTEN: Final = """
    SELECT at::text, ('x' || left(pg_walfile_name(at), 8))::bit(32)::int
    FROM pg_current_wal_flush_lsn() AS at
"""
# The timeline, because positions of two histories say nothing about each other. The one of the last
# checkpoint: after a failover a standby is not used until it has seen one by the new primary.
_REPLAYED: Final = """
    SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= $1::text::pg_lsn
        AND timeline_id = $2
    FROM pg_control_checkpoint()
"""
_PATIENCE: Final = 0.05  # seconds that a unit waits for either of the two
_EVERY: Final = 0.004  # seconds between two looks at a standby that is behind
_PAUSE: Final = 1.0  # seconds in which one that was away or behind is left alone
_SECONDS: Final = 2.0  # for the primary's answer
_FAILURES: Final = (UnavailableError, OverloadedError, CollisionError)  # the last: with the replay


class Replica:
    """Knows what the standby must have, asked over the one connection of *primary*.

    *pool* is for the units that read there.
    """

    def __init__(self, primary: Pool, pool: Pool) -> None:
        self.pool = pool
        self._primary = primary
        self._waiting: list[asyncio.Future[Row | None]] = []
        self._asking: asyncio.Task[None] | None = None
        self._until = float("-inf")

    async def written(self) -> Row | None:
        """Return the position of the primary now, None where the standby is to be left alone."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._until:
            return None
        answer: asyncio.Future[Row | None] = loop.create_future()
        self._waiting.append(answer)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        patience = loop.call_later(_PATIENCE, self._give_up, answer)
        try:
            return await answer
        finally:
            patience.cancel()

    async def fresh(self) -> bool:
        """Say whether whoever begins to read now may read there."""
        line = ReadLine(self._primary, self)
        try:
            return await line.choose() is self.pool
        finally:
            line.end()

    def leave_alone(self) -> None:
        """Have nobody read there for a while."""
        self._until = asyncio.get_running_loop().time() + _PAUSE

    def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()

    def _give_up(self, answer: asyncio.Future[Row | None]) -> None:
        if not answer.done():
            self.leave_alone()
            answer.set_result(None)

    async def _ask(self) -> None:
        """Answer those who wait, all at once; who comes meanwhile is next."""
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            found = None
            try:
                found = await self._position()
            except CortexError:
                self.leave_alone()
            for answer in waiting:
                if not answer.done():
                    answer.set_result(found)

    async def _position(self) -> Row:
        line = Line(self._primary)
        line.seconds = _SECONDS
        try:
            [row] = await line.send(_WRITTEN)
        finally:
            line.end()
        return row


class ReadLine(Line):
    """Leads to the standby if that is fresh when the unit begins, else to the primary.

    What fails there is asked again of the primary, which is never behind it.
    """

    def __init__(self, primary: Pool, replica: Replica) -> None:
        super().__init__(primary)
        self._primary = primary
        self._replica = replica
        self._chosen = False

    async def send(
        self,
        sql: LiteralString,
        parameters: tuple[object, ...] = (),
        *,
        lost: type[UnavailableError] = UnavailableError,
        acting: str | None = None,
    ) -> list[Row]:
        if not self._chosen:
            await self.choose()
        if self._pool is self._primary:
            return await super().send(sql, parameters, lost=lost, acting=acting)
        try:
            return await super().send(sql, parameters, lost=lost, acting=acting)
        except _FAILURES:
            self._turn_back()
            return await super().send(sql, parameters, lost=lost, acting=acting)

    async def choose(self) -> Pool:
        """Choose the side to read from, and return it."""
        self._chosen = True
        written = await self._replica.written()
        if written is not None:
            self._pool = self._replica.pool
            self._renewed = True  # another connection may lead to another standby
            try:
                if not await self._reached(written):
                    self.broken = True  # the next connection may lead to one that is not behind
                    self._turn_back()
            except _FAILURES:
                self._turn_back()
        return self._pool

    async def _reached(self, written: Row) -> bool:
        until = monotonic() + _PATIENCE
        while True:
            [(reached,)] = await super().send(_REPLAYED, written)
            if reached or monotonic() > until:
                return bool(reached)
            await asyncio.sleep(_EVERY)

    def _turn_back(self) -> None:
        self._replica.leave_alone()
        self.end()
        self._pool = self._primary
        self._renewed = self.broken = False


@asynccontextmanager
async def open_replica(
    primary: str,
    standby: str,
    *,
    session: Mapping[str, str] | None = None,
    max_size: int,
    max_waiting: int,
    telemetry: Telemetry | None,
) -> AsyncIterator[Replica]:
    """Open the standby at *standby*, which may be away, of the primary at *primary*.

    Units read there with the settings of *session*.

    Raises:
        SettingsError: An address cannot be read.
    """
    asking = Pool(
        hardened(primary), max_size=1, max_waiting=1, wait=_SECONDS, telemetry=NoTelemetry()
    )
    pool = Pool(
        hardened(standby, **(session or {})),
        max_size=max_size,
        max_waiting=max_waiting,
        wait=_PATIENCE,
        telemetry=telemetry or NoTelemetry(),
    )
    replica = Replica(asking, pool)
    try:
        yield replica
    finally:
        replica.close()
        asking.close()
        pool.close()
