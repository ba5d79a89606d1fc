"""The adapters for PostgreSQL keep every promise."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import psycopg
import pytest

from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_adapters.postgres.stream import open_stream
from cortex_adapters.signals.stream import SharedStream
from cortex_core.contract import PersistenceContract, SharedEventStreamContract
from tests import postgres

# What all the rest belongs to.
TABLES = (b"workspaces", b"users", b"sessions", b"revocations", b"replays", b"registry")


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> Iterator[str]:
    with postgres.fresh_database(postgres_server) as uri:
        asyncio.run(schema.upgrade(uri))
        yield uri


@pytest.fixture(scope="session")
def as_server(migrated_database: str) -> Iterator[str]:
    with postgres.role_of_server(migrated_database) as uri:
        yield uri


class TestPostgresStore(PersistenceContract):
    """As the role of a server, which is all that `cortex db grants` gives."""

    @pytest.fixture
    async def store(self, migrated_database: str, as_server: str) -> AsyncIterator[PostgresStore]:
        with psycopg.connect(migrated_database) as connection:
            for table in TABLES:
                connection.execute(b"DELETE FROM " + table)
        async with open_store(as_server) as store:
            yield store


class TestPostgresEventStream(SharedEventStreamContract):
    @pytest.fixture
    async def streams(
        self, postgres_server: str
    ) -> AsyncIterator[tuple[SharedStream, SharedStream]]:
        async with (
            open_stream(postgres_server, MemoryEventStream()) as one,
            open_stream(postgres_server, MemoryEventStream()) as two,
        ):
            yield one, two

    @pytest.fixture
    def interrupt(self, postgres_server: str) -> Callable[[], Awaitable[None]]:
        async def cut() -> None:
            listeners = _listeners(postgres_server)
            with psycopg.connect(postgres_server, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'cortex'"
                )
            for _ in range(500):
                await asyncio.sleep(0.02)
                if len(_listeners(postgres_server) - listeners) == 2:
                    return
            pytest.fail("The streams did not come back.")

        return cut


def _listeners(server: str) -> set[int]:
    with psycopg.connect(server) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN cortex' AND state = 'idle'"
        )
        return {pid for (pid,) in found}
