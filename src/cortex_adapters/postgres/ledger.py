"""The ledger of the schema: which steps the database has taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cortex_adapters.migrations import Applied
from cortex_adapters.postgres.connection import Connection

__all__ = ["MAKE", "read"]

MAKE: Final = """
    CREATE TABLE IF NOT EXISTS schema_steps (
        number integer PRIMARY KEY,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    ALTER TABLE schema_steps ADD COLUMN IF NOT EXISTS runs integer
    """
_READ: Final = """
    SELECT number, name, checksum, coalesce((to_jsonb(line) ->> 'runs')::integer, number)
    FROM schema_steps AS line ORDER BY number
    """


async def read(connection: Connection) -> Sequence[Applied]:
    """Return its lines; the ledger of earlier releases had no column `runs`."""
    cursor = await connection.execute("SELECT to_regclass('schema_steps') IS NOT NULL")
    if await cursor.fetchone() == (False,):
        return []
    cursor = await connection.execute(_READ)
    return [
        Applied(number=number, name=name, checksum=checksum, runs=runs)
        for number, name, checksum, runs in await cursor.fetchall()
    ]
