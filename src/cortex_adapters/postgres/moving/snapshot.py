"""A database as it was at one moment: one transaction that sees nothing later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Final

from cortex_adapters.moving import questions
from cortex_adapters.moving.ends import PAGE_BYTES, PAGE_ROWS, Change
from cortex_adapters.moving.fitness import key_fits
from cortex_adapters.moving.questions import quoted
from cortex_adapters.moving.rows import Key, Row, size_of
from cortex_adapters.moving.tables import Column, Kind, Table
from cortex_adapters.postgres.connection import Connection
from cortex_adapters.postgres.connection import Row as Found
from cortex_adapters.postgres.errors import translated
from cortex_adapters.postgres.moving.tables import LEFT_OUT

__all__ = ["KEY_TYPES", "PostgresSnapshot", "given", "take"]

KEY_TYPES: Final = {
    Kind.TEXT: "text",
    Kind.UUID: "uuid",
    Kind.INTEGER: "bigint",
    Kind.SHORT: "integer",
}
_LAST: Final = (1 << 63) - 1
_FEWEST: Final = 8  # rows fetched at once, where they may be large
_MOST: Final = 500
_FETCHED: Final = 1 << 20  # bytes at once


class PostgresSnapshot:
    """What was committed when it was taken."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self, table: Table) -> int:
        [(count,)] = await self._all(f"SELECT count(*) FROM {quoted(table.name)}")  # noqa: S608 - a name
        return int(count)

    async def page(
        self, table: Table, *, after: Key | None, upto: Key | None = None
    ) -> Sequence[Row]:
        bounds = [(">", after)] if after is not None else []
        if upto is not None:
            bounds.append(("<=", upto))
        parameters: list[object] = []
        where = []
        for sign, key in bounds:
            marks = []
            for value, column in zip(key, table.key_columns, strict=True):
                parameters.append(value)
                marks.append(_ordered(f"${len(parameters)}::{KEY_TYPES[column.kind]}", column))
            where.append(f"({_order(table)}) {sign} ({', '.join(marks)})")
        sql = (
            f"DECLARE move_page NO SCROLL CURSOR FOR {_selected(table)} AS t "
            f"{'WHERE ' if where else ''}{' AND '.join(where)} ORDER BY {_order(table)}"
        )
        most, size = (PAGE_ROWS, PAGE_BYTES) if upto is None else (PAGE_ROWS * 2, 1 << 62)
        with translated():
            await self._connection.execute(sql.encode(), parameters or None)
            rows: list[Row] = []
            few = _FEWEST
            while len(rows) < most and size > 0:
                cursor = await self._connection.execute(b"FETCH %d FROM move_page" % few)
                some = await cursor.fetchall()
                if not some:
                    break
                rows += some
                took = size_of(some)
                size -= took
                few = min(_MOST, max(_FEWEST, len(some) * _FETCHED // max(took, 1)))
            await self._connection.execute("CLOSE move_page")
        return rows

    async def these(self, table: Table, keys: Collection[Key]) -> Sequence[Row]:
        keys = [*filter(key_fits(table), keys)]
        if not keys:
            return []
        joined, parameters = given(table, keys)
        return await self._all(f"{_selected(table)} AS t {joined}", parameters)

    async def changes(self, after: int, *, limit: int) -> Sequence[Change]:
        if await self._all("SELECT 1 WHERE to_regclass('move_changes') IS NULL"):
            return []
        rows = await self._all(
            "SELECT seq, tbl, key FROM move_changes WHERE seq > $1 ORDER BY seq LIMIT $2",
            [after, limit],
        )
        return [Change(*row) for row in rows]

    async def repeated(self, table: Table, columns: tuple[str, ...]) -> Sequence[Row]:
        return await self._all(questions.repeated(table, columns))

    async def orphans(self, table: Table, place: int) -> Sequence[Key]:
        return await self._all(questions.orphans(table, place))

    async def _all(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Found]:
        with translated():
            cursor = await self._connection.execute(sql.encode(), parameters or None)
            return await cursor.fetchall()


def given(table: Table, keys: Collection[Key]) -> tuple[str, list[object]]:
    """Return a join of the table t with *keys*, and its parameters."""
    arrays = ", ".join(
        f"${place}::{KEY_TYPES[column.kind]}[]" for place, column in enumerate(table.key_columns, 1)
    )
    names = ", ".join(f"k{place}" for place in range(len(table.key)))
    same = " AND ".join(f"t.{quoted(name)} = k{place}" for place, name in enumerate(table.key))
    columns: list[object] = [list(part) for part in zip(*keys, strict=True)]
    return f"JOIN unnest({arrays}) AS given ({names}) ON {same}", columns


def _selected(table: Table) -> str:
    parts = ", ".join(_expression(table, column) for column in table.columns)
    return f"SELECT {parts} FROM {quoted(table.name)}"  # noqa: S608 - names


def _expression(table: Table, column: Column) -> str:
    name = f"t.{quoted(column.name)}"
    match column.kind:
        case Kind.BOOLEAN:
            name = f"{name}::int"
        case Kind.INSTANT:
            # Never and ever have no microseconds: what stands for them is in no calendar.
            name = (
                f"CASE WHEN isfinite({name}) THEN (extract(epoch FROM {name}) * 1000000)::bigint "
                f"WHEN {name} > now() THEN {_LAST} WHEN {name} < now() THEN -{_LAST} END"
            )
        case _:
            pass
    if left_out := LEFT_OUT.get((table.name, column.name)):
        name = f"CASE WHEN {left_out} THEN NULL ELSE {name} END"
    return name


def _order(table: Table) -> str:
    return ", ".join(_ordered(f"t.{quoted(each.name)}", each) for each in table.key_columns)


def _ordered(expression: str, column: Column) -> str:
    return f'{expression} COLLATE "C"' if column.kind is Kind.TEXT else expression


@asynccontextmanager
async def take(connection: Connection) -> AsyncIterator[PostgresSnapshot]:
    """Take a snapshot over *connection*, which serves nothing else meanwhile."""
    with translated():
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.execute("SELECT 1 FROM pg_class LIMIT 1")
    try:
        yield PostgresSnapshot(connection)
    finally:
        with translated():
            await connection.execute("ROLLBACK")
