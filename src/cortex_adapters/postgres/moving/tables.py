"""The tables of a database, as PostgreSQL describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cortex_adapters.moving.tables import Column, Kind, Reference, Table, is_moved, is_ours
from cortex_adapters.postgres.connection import Connection
from cortex_core.domain.errors import SchemaError

__all__ = ["ABSENT", "LEFT_OUT", "describe"]

LEFT_OUT: Final[Mapping[tuple[str, str], str]] = {
    ("turns", "due_at"): "status IN ('completed', 'failed')",
}
"""Where a value has no meaning: the other side has none there."""
ABSENT: Final[Mapping[tuple[str, str], str]] = {("turns", "due_at"): "updated_at"}
"""What stands here where the other side has no value."""

_KINDS: Final = {
    "text": Kind.TEXT,
    "uuid": Kind.UUID,
    "jsonb": Kind.OBJECT,
    "json": Kind.JSON,
    "boolean": Kind.BOOLEAN,
    "bigint": Kind.INTEGER,
    "integer": Kind.SHORT,
    "timestamp with time zone": Kind.INSTANT,
    "bytea": Kind.BYTES,
}
_COLUMNS: Final = """
    SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY c.relname, a.attnum
    """
_UNIQUE: Final = """
    SELECT c.relname::text, i.indisprimary,
        array(
            SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE place <= i.indnkeyatts ORDER BY place
        )
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND i.indisunique
        AND i.indpred IS NULL AND i.indexprs IS NULL
    ORDER BY c.relname, i.indexrelid
    """
_REFERENCES: Final = """
    SELECT c.relname::text, p.relname::text,
        array(
            SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum ORDER BY place
        ),
        array(
            SELECT a.attname::text FROM unnest(o.confkey) WITH ORDINALITY AS k (attnum, place)
            JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum = k.attnum ORDER BY place
        )
    FROM pg_constraint o
    JOIN pg_class c ON c.oid = o.conrelid JOIN pg_class p ON p.oid = o.confrelid
    WHERE o.contype = 'f' AND c.relnamespace = current_schema()::regnamespace
        AND NOT c.relispartition
    ORDER BY c.relname, o.conname
    """


async def describe(connection: Connection) -> Sequence[Table]:
    """Return the tables that hold data, without the columns that PostgreSQL fills in itself."""
    columns = _by_table(await _rows(connection, _COLUMNS))
    indexes = _by_table(await _rows(connection, _UNIQUE))
    references = _by_table(await _rows(connection, _REFERENCES))
    return [
        Table(
            name=name,
            columns=tuple(
                _column(name, *described)
                for described in columns[name]
                if is_moved(name, described[0])
            ),
            key=next((tuple(names) for primary, names in indexes.get(name, ()) if primary), ()),
            references=tuple(
                Reference(tuple(names), parent, tuple(key))
                for parent, names, key in references.get(name, ())
            ),
            unique=tuple(tuple(names) for _, names in indexes.get(name, ())),
        )
        for name in sorted(columns)
        if is_ours(name)
    ]


def _column(table: str, name: str, described: str, required: bool) -> Column:
    if described not in _KINDS:
        raise SchemaError(f"{table}.{name} is of the type {described}, which cannot be moved.")
    return Column(name, _KINDS[described], nullable=not required or (table, name) in ABSENT)


async def _rows(connection: Connection, sql: str) -> Sequence[tuple[Any, ...]]:
    return await (await connection.execute(sql.encode())).fetchall()


def _by_table(rows: Iterable[tuple[Any, ...]]) -> Mapping[str, Sequence[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, *rest in rows:
        found.setdefault(name, []).append(tuple(rest))
    return found
