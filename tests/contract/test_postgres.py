"""The adapters for PostgreSQL keep every promise."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_core.contract import PersistenceContract
from tests import postgres


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> Iterator[str]:
    with postgres.fresh_database(postgres_server) as uri:
        asyncio.run(schema.upgrade(uri))
        yield uri


class TestPostgresStore(PersistenceContract):
    @pytest.fixture
    async def store(self, migrated_database: str) -> AsyncIterator[PostgresStore]:
        with psycopg.connect(migrated_database) as connection:
            connection.execute("DELETE FROM workspaces; DELETE FROM users; DELETE FROM registry")
        async with open_store(migrated_database) as store:
            yield store
