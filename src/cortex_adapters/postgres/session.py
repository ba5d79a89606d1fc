"""One unit of work's way to the database: statements, and a transaction where there is need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, LiteralString

from cortex_adapters.postgres.connection import Row
from cortex_adapters.postgres.line import Line
from cortex_adapters.postgres.pool import ACT
from cortex_core.domain.errors import (
    CortexError,
    DeadlineError,
    OutcomeUnknownError,
    StorageReadOnlyError,
)

__all__ = ["Session"]

# Said in full: a server that has become a standby refuses READ WRITE before anything is done.
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_PATIENCE: Final = "SELECT set_config('statement_timeout', $1, true)"
_MINUTE: Final = 60


class Session:
    """Sends statements.

    Reads need no transaction: in READ COMMITTED they see the same without. BEGIN goes before
    the first write, and in a *single* unit only before a call of several statements. Row-level
    security goes by who is *acting*: each statement says so, or the transaction does.
    """

    def __init__(
        self, line: Line, *, read_only: bool, single: bool, acting: str | None = None
    ) -> None:
        self._line = line
        self._read_only = read_only
        self._single = single
        self._acting = acting
        self._turn = asyncio.Lock()
        self._calls = 0
        self._begun = False
        self._ended = False
        self._failure: BaseException | None = None

    async def read(self, sql: LiteralString, *parameters: object) -> list[Row]:
        """Send a statement that neither changes nor locks anything; return its rows."""
        async with self._turn:
            self._admit()
            if self._read_only:
                return await self._line.send(sql, parameters, acting=self._acting)
            with self._undoing():
                acting = None if self._begun else self._acting
                return await self._line.send(sql, parameters, acting=acting)

    async def write(self, sql: LiteralString, *parameters: object) -> list[Row]:
        """Send a statement that changes or locks something; return its rows."""
        async with self._turn:
            self._admit(writing=True)
            if self._single and not self._begun:
                return await self._line.send(
                    sql, parameters, lost=OutcomeUnknownError, acting=self._acting
                )
            with self._undoing():
                await self._begin()
                return await self._line.send(sql, parameters)

    async def several(self, *, patient: bool = False) -> None:
        """Begin a call of several writing statements; *patient* lets each take a minute."""
        async with self._turn:
            self._admit(writing=True)
            with self._undoing():
                await self._begin()
                if patient:
                    await self._line.send(_PATIENCE, (f"{_MINUTE}s",))
                    self._line.seconds = _MINUTE

    async def end(self, error: BaseException | None) -> None:
        """Commit, or undo after an *error*.

        Raises:
            OutcomeUnknownError: The connection was lost during the commit.
        """
        self._ended = True
        try:
            if error is not None and not isinstance(error, Exception):
                self._line.broken = True  # cancelled: to hang up undoes, and waits for nothing
            elif self._begun:
                await self._conclude(undo=bool(error or self._failure))
            if error is None:
                self._refuse()
        finally:
            self._line.end()

    def _admit(self, *, writing: bool = False) -> None:
        if self._ended:
            raise RuntimeError("This unit of work has ended.")
        if self._single and not self._begun:
            self._calls += 1
            if self._calls > 1:
                raise RuntimeError("A single unit of work makes one call.")
        if writing and self._read_only:
            raise StorageReadOnlyError

    async def _begin(self) -> None:
        if not self._begun:
            await self._line.send(_BEGIN)
            self._begun = self._line.bound = True
            if self._acting is not None:
                await self._line.send(ACT, (self._acting,))

    async def _conclude(self, *, undo: bool) -> None:
        if not undo:
            await self._line.send("COMMIT", lost=OutcomeUnknownError)
        elif not self._line.broken:
            with suppress(CortexError):  # then the connection is gone, which undoes, too
                await self._line.send("ROLLBACK")

    @contextmanager
    def _undoing(self) -> Iterator[None]:
        """Let no failure inside be forgotten, should the caller go on as if there was none."""
        self._refuse()
        try:
            yield
        except BaseException as error:
            self._failure = error
            raise

    def _refuse(self) -> None:
        if self._failure is not None:
            raise self._failure if isinstance(self._failure, Exception) else DeadlineError
