"""A file as it was at one moment: one read transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager

from cortex_adapters.moving import questions
from cortex_adapters.moving.ends import PAGE_BYTES, PAGE_ROWS, Change
from cortex_adapters.moving.questions import listed, quoted
from cortex_adapters.moving.rows import Key, Row, Value, size_of
from cortex_adapters.moving.tables import Table
from cortex_adapters.sqlite.connections import READER, Lane, open_lane
from cortex_adapters.sqlite.move_state import has


class SqliteSnapshot:
    """What was committed when it was taken."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def count(self, table: Table) -> int:
        sql = f"SELECT count(*) FROM {quoted(table.name)}"  # noqa: S608 - a name
        [(count,)] = await self._all(sql)
        return int(count)  # type: ignore[arg-type]  # count(*) is a number

    async def page(
        self, table: Table, *, after: Key | None, upto: Key | None = None
    ) -> Sequence[Row]:
        bounds = [(">", after)] if after is not None else []
        if upto is not None:
            bounds.append(("<=", upto))
        where = " AND ".join(_compared(table, sign, key) for sign, key in bounds)
        sql = (
            f"SELECT {listed(table.names)} FROM {quoted(table.name)} "  # noqa: S608 - names
            f"{'WHERE ' if where else ''}{where} ORDER BY {listed(table.key)} LIMIT {PAGE_ROWS * 2}"
        )
        parameters = tuple(_bound(value) for _, key in bounds for value in key)
        most = (PAGE_ROWS * 2, 1 << 62) if upto is not None else (PAGE_ROWS, PAGE_BYTES)

        def work(connection: sqlite3.Connection) -> list[Row]:
            return list(_some(connection.execute(sql, parameters), *most))

        return await self._lane.run(work)

    async def these(self, table: Table, keys: Collection[Key]) -> Sequence[Row]:
        where = " AND ".join(f"{quoted(name)} = ?" for name in table.key)
        sql = f"SELECT {listed(table.names)} FROM {quoted(table.name)} WHERE {where}"  # noqa: S608 - names

        def work(connection: sqlite3.Connection) -> list[Row]:
            return [row for key in keys for row in connection.execute(sql, key)]

        return await self._lane.run(work)

    async def changes(self, after: int, *, limit: int) -> Sequence[Change]:
        def work(connection: sqlite3.Connection) -> list[Change]:
            if not has(connection, "move_changes"):
                return []
            found = connection.execute(
                "SELECT seq, tbl, key FROM move_changes WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, limit),
            )
            return [Change(*row) for row in found]

        return await self._lane.run(work)

    async def repeated(self, table: Table, columns: tuple[str, ...]) -> Sequence[Row]:
        return await self._all(questions.repeated(table, columns))

    async def orphans(self, table: Table, place: int) -> Sequence[Key]:
        return await self._all(questions.orphans(table, place))

    async def _all(self, sql: str) -> Sequence[Row]:
        return await self._lane.run(lambda connection: connection.execute(sql).fetchall())


def _some(rows: Iterator[Row], most: int, size: int) -> Iterator[Row]:
    for count, row in enumerate(rows, 1):
        yield row
        size -= size_of([row])
        if count >= most or size <= 0:
            return


def _compared(table: Table, sign: str, key: Key) -> str:
    marks = ", ".join("?" if _plain(value) else "CAST(? AS TEXT)" for value in key)
    return f"({listed(table.key)}) {sign} ({marks})"


def _plain(value: Value) -> bool:
    return not isinstance(value, str) or isinstance(_bound(value), str)


def _bound(value: Value) -> Value:
    """Return *value* as it can be bound; bytes for text that is not UTF-8."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogateescape")
    return value


def _text(stored: bytes) -> str:
    return str(stored, "utf-8", "surrogateescape")


def begin(connection: sqlite3.Connection) -> None:
    """Begin to read what is committed now."""
    # What is not UTF-8 must come through as far as to where it is named.
    connection.text_factory = _text
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


@asynccontextmanager
async def take(path: str, *, patience: float) -> AsyncIterator[SqliteSnapshot]:
    """Take a snapshot of the file at *path*; nothing is written to it."""
    async with open_lane(path, READER, patience=patience, busy_timeout=patience) as lane:
        await lane.run(begin)
        try:
            yield SqliteSnapshot(lane)
        finally:
            await lane.run(sqlite3.Connection.rollback)
