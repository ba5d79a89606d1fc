"""What a schema is made of, so that two can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cortex_adapters.migrations import Step, differing
from cortex_adapters.postgres.connection import Connection

__all__ = ["differences", "structure"]

_FRESH: Final = "cortex_fresh"
_PARTS: Final = r"""
    WITH mine AS (
        SELECT oid, relname FROM pg_class
        WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p')
            AND relname NOT LIKE 'move\_%' AND relname <> 'schema_steps'
            AND NOT EXISTS (
                SELECT FROM pg_depend
                WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
            )
    )
    SELECT 'column ' || relname || '.' || attname,
        concat_ws(' ', format_type(atttypid, atttypmod),
            nullif(pg_collation.collname, 'default'),
            CASE WHEN attnotnull THEN 'NOT NULL' END,
            CASE attgenerated WHEN 's' THEN 'GENERATED' ELSE 'DEFAULT' END
                || ' ' || pg_get_expr(adbin, adrelid))
    FROM mine JOIN pg_attribute ON attrelid = mine.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = mine.oid AND adnum = attnum
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    UNION ALL
    SELECT 'index ' || index.relname, pg_get_indexdef(indexrelid)
        || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END
    FROM mine JOIN pg_index ON indrelid = mine.oid
    JOIN pg_class AS index ON index.oid = indexrelid
    UNION ALL
    SELECT 'constraint ' || relname || '.' || conname, pg_get_constraintdef(pg_constraint.oid)
        || CASE WHEN convalidated THEN '' ELSE ' (not valid)' END
    FROM mine JOIN pg_constraint ON conrelid = mine.oid AND contype <> 'n'  -- the column says it
    UNION ALL
    SELECT 'trigger ' || relname || '.' || tgname, pg_get_triggerdef(pg_trigger.oid)
    FROM mine JOIN pg_trigger ON tgrelid = mine.oid AND NOT tgisinternal
        AND tgname NOT LIKE 'move\_%'
    UNION ALL
    SELECT 'policy ' || relname || '.' || polname, concat_ws(' ', polcmd,
        pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
    FROM mine JOIN pg_policy ON polrelid = mine.oid AND polname NOT LIKE 'wall\_%'
    UNION ALL
    SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(oid) || ')',
        pg_get_functiondef(oid)
    FROM pg_proc
    WHERE pronamespace = $1::regnamespace AND prokind IN ('f', 'p')
        AND proname NOT LIKE 'move\_%' AND proname NOT LIKE 'wall\_%'
        AND NOT EXISTS (
            SELECT FROM pg_depend
            WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
        )
    """


async def structure(connection: Connection, schema: str) -> Mapping[str, str]:
    """Return how each part of *schema* is defined, without the name of the schema itself.

    Left out are the ledger, what a move keeps for itself, walls, and what extensions bring.
    """
    cursor = await connection.execute(_PARTS, (schema,))
    return {
        part: definition.replace(f"{schema}.", "") for part, definition in await cursor.fetchall()
    }


async def differences(connection: Connection, steps: Sequence[Step]) -> Sequence[str]:
    """Say in what the current schema differs from what *steps* make, a line for each part."""
    cursor = await connection.execute("SELECT current_schema()")
    [[name]] = await cursor.fetchall()
    async with connection.transaction(force_rollback=True):
        found = await structure(connection, name)
        await connection.execute(f"CREATE SCHEMA {_FRESH}".encode())
        await connection.execute(f"SET LOCAL search_path = {_FRESH}".encode())
        for step in steps:
            await connection.execute(step.sql.replace(" CONCURRENTLY", "").encode())
        made = await structure(connection, _FRESH)
    return differing(found, made)
