"""Bare routes to compare with: nothing, one bound read, one bound write; no checks, no rules."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import uuid4

from litestar import Litestar, get, post
from psycopg_pool import AsyncConnectionPool

from cortex_adapters.uvicorn.server import run, serve

READ: Final = "SELECT id, name FROM bench WHERE id = %s"
WRITE: Final = "INSERT INTO bench (id, name) VALUES (%s, %s) RETURNING id"
SCHEMA: Final = "CREATE TABLE bench (id uuid PRIMARY KEY, name text NOT NULL)"
KNOWN: Final = "01a205bb-a9e6-7358-aeca-9f1fbee36567"


def create(conninfo: str) -> Litestar:
    """Return the application on the database that *conninfo* names, which holds SCHEMA."""
    pool = AsyncConnectionPool(
        conninfo, min_size=1, max_size=10, open=False, kwargs={"autocommit": True}
    )

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with pool:
            yield

    @get("/bare", sync_to_thread=False)
    def bare() -> dict[str, str]:
        return {"hello": "world"}

    @get("/read")
    async def read() -> dict[str, str]:
        async with pool.connection() as connection:
            row = await (await connection.execute(READ, (KNOWN,))).fetchone()
        return {"id": str(row[0]), "name": row[1]} if row else {}

    @post("/write")
    async def write() -> dict[str, str]:
        async with pool.connection() as connection:
            row = await (await connection.execute(WRITE, (uuid4(), "hello"))).fetchone()
        return {"id": str(row[0])} if row else {}

    return Litestar([bare, read, write], lifespan=[lifespan], openapi_config=None)


if __name__ == "__main__":
    run(serve(create(sys.argv[2]), port=int(sys.argv[1]), drain=lambda: None))
