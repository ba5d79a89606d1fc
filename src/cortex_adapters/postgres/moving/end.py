"""A database as one end of a move."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final

import psycopg

from cortex_adapters.migrations import SchemaStatus
from cortex_adapters.moving.ends import Change, Checkpoint
from cortex_adapters.moving.fitness import Finding, key_fits
from cortex_adapters.moving.questions import quoted
from cortex_adapters.moving.rows import Key, Row, key_text
from cortex_adapters.moving.tables import Table
from cortex_adapters.postgres import move_state as state
from cortex_adapters.postgres import schema
from cortex_adapters.postgres.connection import Connection, connected
from cortex_adapters.postgres.connection import Row as Found
from cortex_adapters.postgres.moving import aside, binary, snapshot, tables
from cortex_adapters.postgres.moving.tables import ABSENT
from cortex_core.domain.errors import BusyError, Fault, InvalidInputError, SchemaError

__all__ = ["PostgresEnd"]

_KEY: Final = 0x636F72746D76  # the advisory lock of those who move
_LOOKS: Final = 20
_LOOK: Final = 0.1
_TRIES: Final = 100
_FEW_TRIES: Final = 3
_SESSION: Final = {
    "idle_in_transaction_session_timeout": "0",
    "statement_timeout": "0",
    "lock_timeout": "1s",
    "row_security": "off",  # rows that a policy would hide are an error, and not left behind
}
_UNFIT: Final = (
    psycopg.errors.DataError,
    psycopg.errors.CheckViolation,
    psycopg.errors.NotNullViolation,
)


class PostgresEnd:
    """A database to move from, or to move to; *name* says which, without a secret."""

    def __init__(self, conninfo: str, name: str) -> None:
        self.name = name
        self._conninfo = conninfo

    async def schema(self) -> SchemaStatus:
        return await schema.status(self._conninfo, moving=True)

    async def upgrade(self) -> None:
        await schema.upgrade(self._conninfo)

    async def tables(self) -> Sequence[Table]:
        async with self._connected() as connection:
            cursor = await connection.execute("SHOW server_encoding")
            if await cursor.fetchone() != ("UTF8",):
                raise SchemaError(f"{self.name}: its encoding must be UTF8.")
            return await tables.describe(connection)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        async with self._connected() as connection:
            for left in reversed(range(_LOOKS)):
                cursor = await connection.execute("SELECT pg_try_advisory_lock($1)", (_KEY,))
                if await cursor.fetchone() == (True,):
                    break
                if not left:
                    raise BusyError(f"{self.name}: another move is using this database.")
                await asyncio.sleep(_LOOK)  # one that was killed is missed after a moment
            yield

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[snapshot.PostgresSnapshot]:
        async with self._connected() as connection, snapshot.take(connection) as taken:
            yield taken

    async def state(self) -> Mapping[str, str]:
        async with self._connected() as connection:
            return await state.read(connection)

    async def note(self, **noted: str) -> None:
        async with self._writing() as connection:
            await state.note(connection, noted)

    async def capture(self, tables: Sequence[Table], *, move: str) -> None:
        async def work(connection: Connection) -> None:
            await state.note(connection, {"move": move, "role": "source", "phase": "capturing"})
            await state.capture(connection, tables)

        await self._locking(work)

    async def forget(self, changes: Sequence[Change]) -> None:
        async with self._writing() as connection:
            await connection.execute(
                "DELETE FROM move_changes WHERE seq = ANY ($1)",
                ([change.seq for change in changes],),
            )

    async def freeze(self, tables: Sequence[Table]) -> None:
        async def work(connection: Connection) -> None:
            await state.note(connection, {"phase": "frozen"})
            await state.freeze(connection, tables)

        await self._locking(work)

    async def thaw(self) -> None:
        async with self._writing() as connection:
            await state.thaw(connection)
            await state.note(connection, {"phase": "capturing"})
            await state.take_back(connection, "frozen_at")

    async def release(self, *, keep: Mapping[str, str]) -> None:
        async with self._writing() as connection:
            if keep:
                await state.note(connection, keep)
            else:
                await state.thaw(connection)
        if keep:
            with suppress(BusyError):  # nothing is written any more: what stays does no harm
                await self._locking(state.drop_capture, tries=_FEW_TRIES)
        else:
            await self._locking(_dropped)

    async def prepare(self, tables: Sequence[Table], *, move: str) -> None:
        async with self._writing() as connection:
            await state.note(connection, {"move": move, "role": "target", "phase": "copying"})
            await state.prepare(connection)
            await aside.put(connection, tables)

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        rows = await self._read("SELECT tbl, row_count, last, done FROM move_checkpoints")
        return {table: Checkpoint(count, last, done) for table, count, last, done in rows}

    async def quarantined(self) -> Sequence[Finding]:
        rows = await self._read("SELECT tbl, key, col, reason FROM move_quarantine")
        return [Finding(*row) for row in rows]

    async def apply(
        self,
        table: Table,
        *,
        delete: Sequence[Key] = (),
        insert: Sequence[Row] = (),
        refused: Sequence[Finding] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        try:
            async with self._writing() as connection:
                await _delete(connection, table, delete)
                await _insert(connection, table, insert)
                for each in refused:
                    await connection.execute(
                        "INSERT INTO move_quarantine (tbl, key, col, reason) "
                        "VALUES ($1, $2, $3, $4) ON CONFLICT (tbl, key, col) DO NOTHING",
                        (each.table, each.key, each.column, each.reason),
                    )
                if checkpoint is not None:
                    await connection.execute(
                        "INSERT INTO move_checkpoints (tbl, row_count, last, done) "
                        "VALUES ($1, $2, $3, $4) ON CONFLICT (tbl) DO UPDATE SET "
                        "row_count = excluded.row_count, last = excluded.last, "
                        "done = excluded.done",
                        (table.name, checkpoint.rows, checkpoint.last, checkpoint.done),
                    )
        except _UNFIT as error:
            reason = error.diag.message_primary or type(error).__name__
            raise InvalidInputError(Fault(f"/{table.name}", "constraint", reason)) from error

    async def rebuild(self) -> None:
        async with self._writing() as connection:
            await aside.rebuild(connection)

    async def finish(self) -> None:
        async with self._writing() as connection:
            await aside.restore(connection)
            await state.drop_tables(connection)

    async def settle(self) -> None:
        async with self._connected() as connection:
            await aside.settle(connection)

    async def _locking(
        self, work: Callable[[Connection], Awaitable[None]], *, tries: int = _TRIES
    ) -> None:
        """Do *work*, which locks tables, in a moment when nobody is in the way.

        Who waits for a lock makes all wait who come later: so it waits briefly, and often.
        """
        for left in reversed(range(tries)):
            try:
                async with self._writing() as connection:
                    await connection.execute("SET LOCAL lock_timeout = '100ms'")
                    await work(connection)
            except BusyError:
                if not left:
                    raise
                await asyncio.sleep(random.uniform(0.02, 0.2))  # noqa: S311 - no secret
            else:
                return

    async def _read(self, sql: str) -> Sequence[Found]:
        async with self._connected() as connection:
            cursor = await connection.execute(sql.encode())
            return await cursor.fetchall()

    def _connected(self) -> AbstractAsyncContextManager[Connection]:
        return connected(self._conninfo, **_SESSION)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Connection]:
        async with self._connected() as connection, connection.transaction():
            yield connection


async def _dropped(connection: Connection) -> None:
    await state.drop_capture(connection)
    await state.drop_freeze(connection)
    await state.drop_tables(connection)


async def _delete(connection: Connection, table: Table, keys: Sequence[Key]) -> None:
    if not keys:
        return
    if fit := [*filter(key_fits(table), keys)]:
        joined, parameters = snapshot.given(table, fit)
        using = joined.removeprefix("JOIN ").replace(" ON ", " WHERE ", 1)
        sql = f"DELETE FROM {quoted(table.name)} AS t USING {using}"  # noqa: S608 - names
        await connection.execute(sql.encode(), parameters)
    await connection.execute(
        "DELETE FROM move_quarantine WHERE tbl = $1 AND key = ANY ($2)",
        (table.name, [key_text(key) for key in keys]),
    )


async def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if not rows:
        return
    names = ", ".join(map(quoted, table.names))
    sql = f"COPY {quoted(table.name)} ({names}) FROM STDIN (FORMAT BINARY)"
    body = binary.encoder(table)([_completed(table, row) for row in rows])
    async with connection.cursor().copy(sql.encode()) as copy:
        await copy.write(binary.START)
        await copy.write(body)
        await copy.write(binary.END)


def _completed(table: Table, row: Row) -> Row:
    for place, column in enumerate(table.columns):
        source = ABSENT.get((table.name, column.name))
        if source is not None and row[place] is None:
            row = (*row[:place], row[table.names.index(source)], *row[place + 1 :])
    return row
