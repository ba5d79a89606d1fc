"""What the tests of PostgreSQL's own may ask for."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import PostgresStore, open_store
from tests import postgres
from tests.unit.postgres.cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def database(postgres_server: str) -> Iterator[str]:
    """The URI of a database whose schema is current; what is in it belongs to all tests here."""
    with postgres.fresh_database(postgres_server) as uri:
        asyncio.run(schema.upgrade(uri))
        yield uri


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresStore]:
    async with open_store(database) as store:
        yield store


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server to be stopped and started; its schema is current."""
    with running_cluster() as cluster:
        asyncio.run(schema.upgrade(cluster.uri))
        yield cluster


@pytest.fixture
def owned(fresh_database: str) -> str:
    """A database of the test's own with a current schema, for its owner."""
    asyncio.run(schema.upgrade(fresh_database))
    return fresh_database
