"""Transactions that undo each other, on the way back to those who began them."""

import asyncio
from dataclasses import replace

import psycopg

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.postgres.connection import connect, hardened
from cortex_adapters.postgres.errors import translated
from cortex_adapters.retries import JitteredRetry
from cortex_core import Ports
from cortex_core.services.anew import anew


class Counter:
    """Counts in the database, at the level at which the database itself finds collisions."""

    def __init__(self, ports: Ports, conninfo: str) -> None:
        self._ports = ports
        self._conninfo = hardened(conninfo)
        self.attempts = 0
        self.told: list[int] = []

    @anew
    async def increment(self) -> None:
        self.attempts += 1
        connection = await connect(self._conninfo)
        async with connection:
            with translated():
                await connection.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE)
                async with connection.transaction():
                    cursor = await connection.execute("SELECT n FROM counter")
                    [n] = await cursor.fetchone() or [0]
                    await asyncio.sleep(0.001)
                    await connection.execute("UPDATE counter SET n = $1", (n + 1,))
        self.told.append(n + 1)


async def test_fault_16_as_many_increments_as_were_asked_for_however_they_collide(
    fresh_database: str,
) -> None:
    """And each is told once, after its commit: so every number is told, in some order."""
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE counter AS SELECT 0::bigint AS n")
        ports = replace(ports_around(MemoryStore()), retry=JitteredRetry(attempts=99, seconds=30))
        counter = Counter(ports, fresh_database)

        async def some() -> None:
            for _ in range(12):
                await counter.increment()

        await asyncio.gather(*(some() for _ in range(6)))
        assert connection.execute("SELECT n FROM counter").fetchone() == (72,)
    assert sorted(counter.told) == list(range(1, 73))
    assert counter.attempts > 72, "nothing collided"
