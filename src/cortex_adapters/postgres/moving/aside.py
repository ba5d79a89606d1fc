"""What is put away while rows come in: foreign keys, and indexes that keep nothing unique.

Rows come in an order in which a reference may lead nowhere for a while, and a cascade would
take away what is not to go. What was put away is written down in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cortex_adapters.moving.questions import quoted
from cortex_adapters.moving.tables import Table
from cortex_adapters.postgres.connection import Connection

__all__ = ["put", "rebuild", "restore", "settle"]

_FOREIGN: Final = """
    SELECT 'foreign key', c.relname::text, o.conname::text, pg_get_constraintdef(o.oid)
    FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
    WHERE o.contype = 'f' AND o.conparentid = 0 AND c.relname = ANY ($1)
        AND c.relnamespace = current_schema()::regnamespace
    ORDER BY c.relname, o.conname
    """
_INDEXES: Final = """
    SELECT 'index', c.relname::text, x.relname::text, pg_get_indexdef(x.oid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE NOT i.indisunique AND c.relname = ANY ($1) AND NOT c.relispartition
        AND c.relnamespace = current_schema()::regnamespace
    ORDER BY c.relname, x.relname
    """
_UNCHECKED: Final = """
    SELECT c.relname::text, o.conname::text
    FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
    WHERE o.contype = 'f' AND NOT o.convalidated
        AND c.relnamespace = current_schema()::regnamespace
    """


async def put(connection: Connection, tables: Sequence[Table]) -> None:
    """Put away what is there; what was put away before stays noted."""
    names = [table.name for table in tables]
    for query in (_FOREIGN, _INDEXES):
        for kind, table, name, ddl in await _rows(connection, query, names):
            await connection.execute(
                "INSERT INTO move_aside (kind, tbl, name, ddl) VALUES ($1, $2, $3, $4)",
                (kind, table, name, ddl),
            )
            if kind == "index":
                await _execute(connection, f"DROP INDEX {quoted(name)}")
            else:
                await _execute(
                    connection, f"ALTER TABLE {quoted(table)} DROP CONSTRAINT {quoted(name)}"
                )


async def rebuild(connection: Connection) -> None:
    """Make the indexes again."""
    rows = await _rows(
        connection, "SELECT place, ddl FROM move_aside WHERE kind = 'index' ORDER BY place"
    )
    for place, ddl in rows:
        await _execute(connection, ddl)
        await connection.execute("DELETE FROM move_aside WHERE place = $1", (place,))


async def restore(connection: Connection) -> None:
    """Put the foreign keys back without a look at each row; `settle` looks."""
    await rebuild(connection)
    rows = await _rows(
        connection,
        "SELECT tbl, name, ddl FROM move_aside WHERE kind = 'foreign key' ORDER BY place",
    )
    for table, name, ddl in rows:
        await _execute(
            connection,
            f"ALTER TABLE {quoted(table)} ADD CONSTRAINT {quoted(name)} {ddl} NOT VALID",
        )


async def settle(connection: Connection) -> None:
    """Look at each row whether its references lead somewhere, and gather statistics."""
    for table, name in await _rows(connection, _UNCHECKED):
        await _execute(
            connection, f"ALTER TABLE {quoted(table)} VALIDATE CONSTRAINT {quoted(name)}"
        )
    await connection.execute("ANALYZE")


async def _rows(connection: Connection, sql: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
    cursor = await connection.execute(sql.encode(), parameters or None)
    return await cursor.fetchall()


async def _execute(connection: Connection, sql: str) -> None:
    await connection.execute(sql.encode())
