"""All stores give the same answers, the same errors and the same order."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.postgres.store import open_store as open_postgres
from cortex_adapters.sqlite import schema as sqlite_schema
from cortex_adapters.sqlite.store import open_store as open_sqlite
from cortex_core.contract.machine import StoresAgree
from cortex_core.ports import Store


def test_the_stores_agree(tmp_path: Path, fresh_database: str) -> None:
    file = tmp_path / "cortex.db"
    asyncio.run(sqlite_schema.upgrade(str(file)))
    asyncio.run(postgres_schema.upgrade(fresh_database))

    class AllStores(StoresAgree):
        @asynccontextmanager
        async def open_stores(self) -> AsyncIterator[Mapping[str, Store]]:
            with TemporaryDirectory() as folder:
                path = shutil.copy(file, folder)
                _empty(fresh_database)
                async with open_sqlite(path) as sqlite, open_postgres(fresh_database) as postgres:
                    yield {"memory": MemoryStore(), "sqlite": sqlite, "postgres": postgres}

    run_state_machine_as_test(
        AllStores, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )


def _empty(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE users, workspaces, turns, sessions, revocations, replays, registry CASCADE"
        )
