"""What the repositories of one unit of work share: where their work runs, and how it ends."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, Protocol, TypeVar

from cortex_adapters.sqlite.connections import Lane, Work, patiently
from cortex_adapters.sqlite.errors import primary_code, translated
from cortex_adapters.sqlite.files import OpenFiles
from cortex_adapters.sqlite.lanes import Readers, Writer
from cortex_core.domain.errors import (
    ConflictError,
    CortexError,
    DeadlineError,
    NotFoundError,
    OutcomeUnknownError,
    StaleVersionError,
    StorageReadOnlyError,
    UnavailableError,
)

T = TypeVar("T")

_ANSWERS: Final = (NotFoundError, ConflictError, StaleVersionError)


class Transaction(Protocol):
    """Runs the work of repository calls; each piece of work takes effect as a whole."""

    async def read(self, work: Work[T]) -> T: ...
    async def write(self, work: Work[T]) -> T: ...


class Counted:
    """Refuses calls after the end of the unit, and the second call of a single one."""

    def __init__(self, transaction: Transaction, *, single: bool) -> None:
        self._transaction = transaction
        self._single = single
        self._calls = 0
        self._ended = False

    async def read(self, work: Work[T]) -> T:
        self._count()
        return await self._transaction.read(work)

    async def write(self, work: Work[T]) -> T:
        self._count()
        return await self._transaction.write(work)

    def end(self) -> None:
        self._ended = True

    def _count(self) -> None:
        self._calls += 1
        if self._ended:
            raise RuntimeError("This unit of work has ended.")
        if self._single and self._calls > 1:
            raise RuntimeError("A single unit of work makes one call.")


class Reading:
    """Changes nothing; reads what was committed before each call, where a lane is free."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def read(self, work: Work[T]) -> T:
        return await self._readers.run(work)

    async def write(self, work: Work[T]) -> T:  # noqa: ARG002
        raise StorageReadOnlyError


class Single:
    """Makes one call, which begins and commits in one piece of work."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer
        self._given_up = False

    async def read(self, work: Work[T]) -> T:
        return await self._readers.run(work)

    async def write(self, work: Work[T]) -> T:
        async with self._writer.turn() as lane:
            try:
                return await lane.run(partial(self._whole, lane.files, work))
            except asyncio.CancelledError:
                self._given_up = True
                raise

    def _whole(self, files: OpenFiles, work: Work[T], connection: sqlite3.Connection) -> T:
        _begin(connection, self._writer.patience, lambda: self._given_up)
        try:
            result = work(connection)
            if self._given_up:
                raise UnavailableError("Nobody waits for this any more.")
        except BaseException:
            connection.rollback()
            raise
        commit(connection, files)
        return result


class Several:
    """Makes any number of calls, while other units that write wait; the first one begins.

    A call that answers with a refusal has changed nothing. After any other error the whole
    unit is undone, even if nobody lets the error through.
    """

    def __init__(self, lane: Lane, patience: float) -> None:
        self._lane = lane
        self._patience = patience
        self._begun = False
        self._given_up = False
        self._failure: BaseException | None = None

    @classmethod
    @asynccontextmanager
    async def on(cls, writer: Writer) -> AsyncIterator[Several]:
        """Open a unit; commit on a clean exit, roll back on any error."""
        async with writer.turn() as lane:
            unit = cls(lane, writer.patience)
            try:
                yield unit
            except BaseException:
                # Handed in before this can be cancelled: the next unit's work follows it.
                unit._given_up = True
                with suppress(CortexError):
                    await lane.run(sqlite3.Connection.rollback)
                raise
            await lane.run(unit._end)

    async def read(self, work: Work[T]) -> T:
        return await self.write(work)

    async def write(self, work: Work[T]) -> T:
        try:
            return await self._lane.run(partial(self._step, work))
        except asyncio.CancelledError:
            # The work may be done all the same, so this unit can only be undone.
            self._failure = DeadlineError()
            raise

    def _step(self, work: Work[T], connection: sqlite3.Connection) -> T:
        if self._failure is not None:
            raise UnavailableError("This unit of work was undone.") from self._failure
        try:
            with translated():
                if not self._begun:
                    _begin(connection, self._patience, lambda: self._given_up)
                    self._begun = True
                connection.execute("SAVEPOINT step")
                result = work(connection)
                connection.execute("RELEASE step")
        except _ANSWERS:
            connection.execute("ROLLBACK TO step")
            connection.execute("RELEASE step")
            raise
        except BaseException as error:
            self._failure = error
            connection.rollback()
            raise
        return result

    def _end(self, connection: sqlite3.Connection) -> None:
        if self._failure is not None:
            connection.rollback()
            raise self._failure
        if self._begun:
            commit(connection, self._lane.files)


def _begin(connection: sqlite3.Connection, patience: float, given_up: Callable[[], bool]) -> None:
    if connection.in_transaction:  # a rollback before this failed
        connection.rollback()
    patiently(connection, "BEGIN IMMEDIATE", patience, given_up)


def commit(connection: sqlite3.Connection, files: OpenFiles) -> None:
    try:
        files.require_in_place()
        connection.execute("COMMIT")
    except UnavailableError:
        connection.rollback()
        raise
    except (sqlite3.Error, MemoryError) as error:
        with suppress(sqlite3.Error):
            connection.rollback()
        if primary_code(error) == sqlite3.SQLITE_IOERR:
            # The commit may have reached the disk all the same, and be found after a crash.
            raise OutcomeUnknownError from error
        raise
