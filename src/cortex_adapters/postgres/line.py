"""A unit of work's connection."""

from __future__ import annotations

from typing import Final, LiteralString

from cortex_adapters.postgres.connection import Connection, Row
from cortex_adapters.postgres.errors import ends_session
from cortex_adapters.postgres.pool import Pool
from cortex_core.domain.errors import (
    FrozenError,
    StorageForbiddenError,
    StorageFullError,
    UnavailableError,
)

__all__ = ["Line"]

_SECONDS: Final = 5.0  # what the server gives each statement, see `connection`


class Line:
    """Comes from the pool with the first statement, and goes back at the end.

    A statement that fails because the connection had died is sent once more on a fresh one, as
    long as nothing is *bound* to the connection, and unless it may have been done.
    """

    def __init__(self, pool: Pool) -> None:
        self.seconds = _SECONDS
        self.bound = False
        self.broken = False
        self._pool = pool
        self._connection: Connection | None = None
        self._renewed = False

    async def send(
        self,
        sql: LiteralString,
        parameters: tuple[object, ...] = (),
        *,
        lost: type[UnavailableError] = UnavailableError,
        acting: str | None = None,
    ) -> list[Row]:
        """Send a statement and return its rows; *lost* is raised if the connection goes away.

        Who is *acting* is said with it, where that is not clear yet.
        """
        if self._connection is None:
            self._connection = await self._pool.take()
        try:
            return await self._try(self._connection, sql, parameters, lost, acting)
        except UnavailableError as error:
            if self.bound or self._renewed or type(error) is not UnavailableError:
                raise
        fresh = await self._renew(self._connection)
        return await self._try(fresh, sql, parameters, lost, acting)

    def end(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._pool.give(self._connection, broken=self.broken)
            self._connection = None

    async def _renew(self, dead: Connection) -> Connection:
        self._renewed = True
        self.end()
        self._pool.forget(dead)
        self._connection = await self._pool.take()
        self.broken = False
        return self._connection

    async def _try(
        self,
        connection: Connection,
        sql: LiteralString,
        parameters: tuple[object, ...],
        lost: type[UnavailableError],
        acting: str | None,
    ) -> list[Row]:
        try:
            return await self._pool.send(
                connection, sql, parameters, lost=lost, seconds=self.seconds, acting=acting
            )
        except BaseException as error:
            self.broken |= _breaks(error)
            raise


def _breaks(error: BaseException) -> bool:
    """Say whether a connection is of no use after *error*."""
    if isinstance(error, UnavailableError):
        return not isinstance(error, FrozenError | StorageFullError | StorageForbiddenError)
    # Any other Exception is the server's answer, or ours. Whoever is cancelled does not know what
    # the server is still doing.
    return not isinstance(error, Exception) or ends_session(error)
