"""The schema's steps, and how a database takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from cortex_adapters.migrations import Applied, SchemaStatus, Step, compare, load_steps
from cortex_adapters.moving.place import require_here, require_still
from cortex_adapters.postgres import move_state
from cortex_adapters.postgres.connection import Connection, connect, hardened
from cortex_adapters.postgres.errors import translated

__all__ = ["status", "upgrade"]

_STEPS: Final = "cortex_adapters.postgres.migrations"
_KEY: Final = 0x636F72746578  # "cortex": the advisory lock of those who upgrade
_LEDGER: Final = """
    CREATE TABLE IF NOT EXISTS schema_steps (
        number integer PRIMARY KEY,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
    """


async def status(conninfo: str, *, moving: bool = False) -> SchemaStatus:
    """Say where the database stands; *moving* is for the move itself.

    Raises:
        MovedError: Its data has gone elsewhere, or is not all there yet.
        SchemaError: A step was changed after it was applied, or the database is ahead.
        SettingsError: *conninfo* cannot be read.
        UnavailableError: The database cannot be reached.
    """
    async with _connected(conninfo) as connection:
        if not moving:
            require_here(await move_state.read(connection))
        return compare(load_steps(_STEPS), await _ledger(connection))


async def upgrade(conninfo: str) -> Sequence[Step]:
    """Take the steps that are pending; return those that this call took.

    Each step and its line in the ledger are one transaction. Of several who upgrade at once,
    each waits for the others up to a minute.

    Raises:
        BusyError: Somebody else holds what a step needs; the steps before it are done.
        MovedError: A move has begun, or has ended; no step may come between.
        SchemaError: A step was changed after it was applied, or the database is ahead.
        SettingsError: *conninfo* cannot be read.
        UnavailableError: The database cannot be reached.
    """
    steps = load_steps(_STEPS)
    taken: list[Step] = []
    async with _connected(conninfo, statement_timeout="0") as connection:
        while step := await _next(connection, steps):
            taken.append(step)
    return taken


async def _next(connection: Connection, steps: Sequence[Step]) -> Step | None:
    """Take the first step that is pending, if there is one."""
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '60s'")
        await connection.execute("SELECT pg_advisory_xact_lock($1)", (_KEY,))
        await connection.execute("SET LOCAL lock_timeout = '4s'")
        require_still(await move_state.read(connection))
        await connection.execute(_LEDGER)
        pending = compare(steps, await _ledger(connection)).pending
        if not pending:
            return None
        step = pending[0]
        await connection.execute(step.sql.encode())
        await connection.execute(
            "INSERT INTO schema_steps (number, name, checksum) VALUES ($1, $2, $3)",
            (step.number, step.name, step.checksum),
        )
        return step


async def _ledger(connection: Connection) -> Sequence[Applied]:
    cursor = await connection.execute("SELECT to_regclass('schema_steps') IS NOT NULL")
    if await cursor.fetchone() == (False,):
        return []
    cursor = await connection.execute(
        "SELECT number, name, checksum FROM schema_steps ORDER BY number"
    )
    return [
        Applied(number=number, name=name, checksum=checksum)
        for number, name, checksum in await cursor.fetchall()
    ]


@asynccontextmanager
async def _connected(conninfo: str, **session: str) -> AsyncIterator[Connection]:
    with translated():
        connection = await connect(hardened(conninfo, **session))
        try:
            yield connection
        finally:
            await connection.close()
