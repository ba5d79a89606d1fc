"""The store keeps its contract behind a pooler in transaction mode, too."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.connection import SESSION, pooled
from cortex_adapters.postgres.pooler import require_sessions
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_adapters.postgres.walls import raised
from cortex_core.contract import PersistenceContract
from cortex_core.domain.errors import SettingsError, UnavailableError
from tests import postgres
from tests.contract.test_postgres import TABLES
from tests.pgbouncer import PgBouncer, running_pgbouncer, set_up_role


@pytest.fixture(scope="module")
def pgbouncer(postgres_server: str) -> Iterator[PgBouncer]:
    with running_pgbouncer(postgres_server) as pgbouncer:
        yield pgbouncer


@pytest.fixture(scope="module")
def behind(postgres_server: str) -> Iterator[str]:
    """The URI of a database that a pooler stands before, and that says who acts."""
    with postgres.fresh_database(postgres_server) as uri:
        asyncio.run(schema.upgrade(uri))
        set_up_role(uri)
        with psycopg.connect(uri) as connection:
            connection.execute("\n".join(raised("public")).encode())
        yield uri


class TestPooledPostgresStore(PersistenceContract):
    @pytest.fixture
    async def store(self, behind: str, pgbouncer: PgBouncer) -> AsyncIterator[PostgresStore]:
        with psycopg.connect(behind) as connection:
            for table in TABLES:
                connection.execute(b"DELETE FROM " + table)
        async with open_store(behind, pooler=pgbouncer.url(behind)) as store:
            yield store


async def test_each_setting_that_is_not_ours_is_named_with_what_helps(
    fresh_database: str, pgbouncer: PgBouncer
) -> None:
    place = pgbouncer.url(fresh_database)
    with pytest.raises(SettingsError) as caught:
        await require_sessions(place)
    first, *statements = caught.value.faults
    assert first.startswith("CORTEX_DATABASE_POOLER_URL: ")
    name = conninfo_to_dict(place)["dbname"]
    opening = f'ALTER ROLE "postgres" IN DATABASE "{name}" SET "'
    assert all(statement.startswith(opening) for statement in statements)
    named = {statement.removeprefix(opening).partition('"')[0] for statement in statements}
    assert {"enable_seqscan", "lock_timeout", "statement_timeout"} <= named <= SESSION.keys()
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    pgbouncer.stop()
    pgbouncer.start()
    await require_sessions(place)


async def test_a_pooler_that_is_away_is_named() -> None:
    with pytest.raises(UnavailableError, match="CORTEX_DATABASE_POOLER_URL"):
        await require_sessions("postgresql://postgres:@127.0.0.1:1/x")


def test_nothing_goes_along_that_a_pooler_would_refuse() -> None:
    assert "options" not in conninfo_to_dict(pooled("postgresql://u@h/x"))
