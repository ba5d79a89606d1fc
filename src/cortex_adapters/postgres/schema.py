"""The schema's steps, and how a database takes them and takes them back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay
from tenacity.wait import wait_random_exponential

from cortex_adapters.migrations import SchemaStatus, Step, compare, load_steps, way_back
from cortex_adapters.moving.place import require_here, require_still
from cortex_adapters.postgres import ledger, move_state
from cortex_adapters.postgres.connection import Connection, connected
from cortex_adapters.postgres.errors import translated
from cortex_adapters.postgres.structure import differences
from cortex_core.domain.errors import BusyError

__all__ = ["check", "downgrade", "status", "upgrade"]

PATIENCE: Final = 60.0
_STEPS: Final = "cortex_adapters.postgres.migrations"
_KEY: Final = 0x636F72746578  # "cortex": the advisory lock of those who change the schema
# Less than a server waits itself (2 s): what it does meanwhile is late, and not refused.
_LOCK: Final = "SET LOCAL lock_timeout = '1s'"


async def status(
    conninfo: str, *, steps: Sequence[Step] | None = None, moving: bool = False
) -> SchemaStatus:
    """Say where the database stands; *moving* is for the move itself.

    *steps* are those of this release, unless they are given.

    Raises:
        MovedError: Its data has gone elsewhere, or is not all there yet.
        SchemaError: A step was changed after it was applied, or the database is too far ahead.
        SettingsError: *conninfo* cannot be read.
        UnavailableError: The database cannot be reached.
    """
    async with connected(conninfo) as connection:
        if not moving:
            require_here(await move_state.read(connection))
        return compare(steps or load_steps(_STEPS), await ledger.read(connection))


async def upgrade(
    conninfo: str, *, steps: Sequence[Step] | None = None, patience: float = PATIENCE
) -> Sequence[Step]:
    """Take the steps that are pending; return those that this call took.

    Each step and its line in the ledger are one transaction, unless it is one that must be alone.
    It waits 1 s at the most for a lock, because whoever comes later waits behind it, and then
    tries again, for *patience* seconds in all; so long it waits for others who upgrade, too.

    Raises:
        BusyError: Somebody else holds what a step needs; the steps before it are done.
        MovedError: A move has begun, or has ended; no step may come between.
        SchemaError: A step was changed after it was applied, or the database is too far ahead.
        SettingsError: *conninfo* cannot be read.
        UnavailableError: The database cannot be reached.
    """
    steps = steps or load_steps(_STEPS)
    taken: list[Step] = []
    async with _changing(conninfo, patience) as connection:
        for step in compare(steps, await ledger.read(connection)).pending:
            await _take(connection, step, patience)
            taken.append(step)
    return taken


async def downgrade(
    conninfo: str,
    to: int,
    *,
    losing: bool = False,
    steps: Sequence[Step] | None = None,
    patience: float = PATIENCE,
) -> Sequence[Step]:
    """Take steps back until the schema stands at step *to*; return those that were taken back.

    *losing* allows ways back that lose what earlier releases have no place for.

    Raises:
        NoWayBackError: There is no such way back.
        And what `upgrade` raises.
    """
    steps = steps or load_steps(_STEPS)
    taken: list[Step] = []
    async with _changing(conninfo, patience) as connection:
        current = compare(steps, await ledger.read(connection))
        for step in way_back(current, to, losing=losing):
            await _take_back(connection, step, patience)
            taken.append(step)
    return taken


async def check(conninfo: str, *, steps: Sequence[Step] | None = None) -> Sequence[str]:
    """Say in what the schema differs from what the steps in its ledger make, a line for each.

    They are taken once more, in a schema of their own, in a transaction that is undone.

    Raises:
        StorageForbiddenError: The role may not make that schema.
        And what `status` raises.
    """
    steps = steps or load_steps(_STEPS)
    async with connected(conninfo, statement_timeout="0") as connection:
        current = compare(steps, await ledger.read(connection)).current
        return await differences(connection, [step for step in steps if step.number <= current])


async def _take(connection: Connection, step: Step, patience: float) -> None:
    line = (step.number, step.name, step.checksum, step.runs)
    noted = "INSERT INTO schema_steps (number, name, checksum, runs) VALUES ($1, $2, $3, $4)"

    async def whole() -> None:
        async with connection.transaction():
            await connection.execute(_LOCK)
            await connection.execute(ledger.MAKE)
            await connection.execute(step.sql.encode())
            await connection.execute(noted, line)

    async def alone() -> None:
        await connection.execute(ledger.MAKE)
        # Nobody waits behind what such steps wait for.
        await connection.execute(f"SET lock_timeout = '{patience:.0f}s'".encode())
        for statement in step.statements():
            await connection.execute(statement.encode())
        await connection.execute(noted, line)

    await _patiently(alone if step.alone else whole, patience)


async def _take_back(connection: Connection, step: Step, patience: float) -> None:
    async def whole() -> None:
        async with connection.transaction():
            await connection.execute(_LOCK)
            await connection.execute((step.down or "").encode())
            await connection.execute("DELETE FROM schema_steps WHERE number = $1", (step.number,))

    await _patiently(whole, patience)


async def _patiently(act: Callable[[], Awaitable[None]], patience: float) -> None:
    """Do it again while it fails for a lock that others hold: between, they go first."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception_type(BusyError),
        wait=wait_random_exponential(multiplier=0.5, max=5),
        stop=stop_after_delay(patience),
        reraise=True,
    ):
        with attempt, translated():
            await act()


@asynccontextmanager
async def _changing(conninfo: str, patience: float) -> AsyncIterator[Connection]:
    """Connect as the only one who changes the schema.

    Whoever waits asks again and again, in no transaction: an index that is built concurrently
    waits for every transaction there is, and so for those who wait for it.
    """
    async with connected(conninfo, statement_timeout="0") as connection:

        async def lock() -> None:
            cursor = await connection.execute("SELECT pg_try_advisory_lock($1)", (_KEY,))
            if await cursor.fetchone() != (True,):
                raise BusyError("Somebody else is changing the schema.")

        await _patiently(lock, patience)
        require_still(await move_state.read(connection))
        yield connection
