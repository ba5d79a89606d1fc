"""A file as one end of a move."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, TypeVar

from cortex_adapters.migrations import SchemaStatus
from cortex_adapters.moving.ends import Change, Checkpoint
from cortex_adapters.moving.fitness import Finding
from cortex_adapters.moving.questions import listed, quoted
from cortex_adapters.moving.rows import Key, Row, key_text
from cortex_adapters.moving.tables import Table
from cortex_adapters.sqlite import move_state as state
from cortex_adapters.sqlite import schema
from cortex_adapters.sqlite.connections import MIGRATOR, READER, Work, open_lane, patiently
from cortex_adapters.sqlite.files import exists
from cortex_adapters.sqlite.lock import moving
from cortex_adapters.sqlite.moving import snapshot, tables
from cortex_core.domain.errors import Fault, InvalidInputError

T = TypeVar("T")

_PATIENCE: Final = 30.0


class SqliteEnd:
    """A file to move from, or to move to."""

    def __init__(self, path: str) -> None:
        self.name = f"sqlite:///{path}"
        self._path = path

    async def schema(self) -> SchemaStatus:
        return await schema.status(self._path, moving=True)

    async def upgrade(self) -> None:
        await schema.upgrade(self._path)

    async def tables(self) -> Sequence[Table]:
        if not exists(self._path):
            return []
        return await self._read(tables.describe)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        with moving(self._path):
            yield

    def snapshot(self) -> AbstractAsyncContextManager[snapshot.SqliteSnapshot]:
        return snapshot.take(self._path, patience=_PATIENCE)

    async def state(self) -> Mapping[str, str]:
        if not exists(self._path):
            return {}
        return await self._read(state.read)

    async def note(self, **noted: str) -> None:
        await self._write(lambda connection: state.note(connection, noted))

    async def capture(self, tables: Sequence[Table], *, move: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            state.note(connection, {"move": move, "role": "source", "phase": "capturing"})
            for table in tables:
                state.capture(connection, table)

        await self._write(work)

    async def forget(self, changes: Sequence[Change]) -> None:
        seqs = [(change.seq,) for change in changes]
        await self._write(
            lambda connection: connection.executemany(
                "DELETE FROM move_changes WHERE seq = ?", seqs
            )
        )

    async def freeze(self, tables: Sequence[Table]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            state.note(connection, {"phase": "frozen"})
            for table in tables:
                state.freeze(connection, table)

        await self._write(work)

    async def thaw(self) -> None:
        def work(connection: sqlite3.Connection) -> None:
            state.drop_triggers(connection, "freeze")
            state.note(connection, {"phase": "capturing"})
            state.take_back(connection, "frozen_at")

        await self._write(work)

    async def release(self, *, keep: Mapping[str, str]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            state.drop_triggers(connection, "capture")
            if not keep:
                state.drop_triggers(connection, "freeze")
            state.drop_tables(connection)
            if keep:
                state.note(connection, keep)

        await self._write(work)

    async def prepare(self, tables: Sequence[Table], *, move: str) -> None:  # noqa: ARG002 - the port's
        def work(connection: sqlite3.Connection) -> None:
            state.note(connection, {"move": move, "role": "target", "phase": "copying"})
            state.prepare(connection)

        await self._write(work)

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        def work(connection: sqlite3.Connection) -> Mapping[str, Checkpoint]:
            if not state.has(connection, "move_checkpoints"):
                return {}
            rows = connection.execute("SELECT tbl, row_count, last, done FROM move_checkpoints")
            return {table: Checkpoint(count, last, bool(done)) for table, count, last, done in rows}

        return await self._read(work)

    async def quarantined(self) -> Sequence[Finding]:
        def work(connection: sqlite3.Connection) -> Sequence[Finding]:
            if not state.has(connection, "move_quarantine"):
                return []
            rows = connection.execute("SELECT tbl, key, col, reason FROM move_quarantine")
            return [Finding(*row) for row in rows]

        return await self._read(work)

    async def apply(
        self,
        table: Table,
        *,
        delete: Sequence[Key] = (),
        insert: Sequence[Row] = (),
        refused: Sequence[Finding] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _delete(connection, table, delete)
            connection.executemany(_insertion(table), insert)
            for each in refused:
                connection.execute(
                    "INSERT OR REPLACE INTO move_quarantine VALUES (?, ?, ?, ?)",
                    (each.table, each.key, each.column, each.reason),
                )
            if checkpoint is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO move_checkpoints VALUES (?, ?, ?, ?)",
                    (table.name, checkpoint.rows, checkpoint.last, checkpoint.done),
                )

        try:
            await self._write(work)
        except sqlite3.IntegrityError as error:
            raise InvalidInputError(Fault(f"/{table.name}", "constraint", str(error))) from error

    async def rebuild(self) -> None:
        """Nothing was put away: keeping an index is cheap here."""

    async def finish(self) -> None:
        await self._write(state.drop_tables)

    async def settle(self) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA optimize")

        async with open_lane(self._path, MIGRATOR, patience=_PATIENCE) as lane:
            await lane.run(work)

    async def _read(self, work: Work[T]) -> T:
        async with open_lane(
            self._path, READER, patience=_PATIENCE, busy_timeout=_PATIENCE
        ) as lane:
            return await lane.run(work)

    async def _write(self, work: Work[object]) -> None:
        def whole(connection: sqlite3.Connection) -> None:
            patiently(connection, "BEGIN IMMEDIATE", _PATIENCE)
            try:
                work(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

        async with open_lane(self._path, MIGRATOR, patience=_PATIENCE) as lane:
            await lane.run(whole)


def _delete(connection: sqlite3.Connection, table: Table, keys: Sequence[Key]) -> None:
    if not keys:
        return
    where = " AND ".join(f"{quoted(name)} = ?" for name in table.key)
    connection.executemany(f"DELETE FROM {quoted(table.name)} WHERE {where}", keys)  # noqa: S608 - names
    connection.executemany(
        "DELETE FROM move_quarantine WHERE tbl = ? AND key = ?",
        [(table.name, key_text(key)) for key in keys],
    )


def _insertion(table: Table) -> str:
    marks = ", ".join("?" for _ in table.columns)
    return f"INSERT INTO {quoted(table.name)} ({listed(table.names)}) VALUES ({marks})"  # noqa: S608 - names
