"""The schema: taken step by step, by one at a time, wholly or not at all."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from cortex_adapters.migrations import load_steps
from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import open_store
from cortex_core.domain.errors import BusyError, SchemaError, SettingsError, UnavailableError
from tests.unit.postgres.waiting import until

STEPS = load_steps("cortex_adapters.postgres.migrations")
_UPGRADE = """
import asyncio, sys
from cortex_adapters.postgres import schema
print(len(asyncio.run(schema.upgrade(sys.argv[1]))))
"""


@pytest.fixture
def connection(fresh_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        yield connection


def _upgrading(database: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _UPGRADE, database], stdout=subprocess.PIPE)


def _tables(connection: psycopg.Connection) -> set[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {name for (name,) in found}


async def test_an_empty_database_needs_every_step(fresh_database: str) -> None:
    status = await schema.status(fresh_database)
    assert (status.current, status.latest) == (0, len(STEPS))
    assert status.pending == STEPS


async def test_an_upgrade_takes_what_is_pending_and_writes_it_down(
    fresh_database: str, connection: psycopg.Connection
) -> None:
    assert await schema.upgrade(fresh_database) == STEPS
    status = await schema.status(fresh_database)
    assert (status.current, list(status.pending)) == (len(STEPS), [])
    ledger = connection.execute(
        "SELECT number, name, checksum, applied_at > now() - interval '1 minute' FROM schema_steps"
    ).fetchall()
    assert ledger == [(step.number, step.name, step.checksum, True) for step in STEPS]
    assert await schema.upgrade(fresh_database) == []


async def test_eight_who_upgrade_at_once_take_each_step_once(fresh_database: str) -> None:
    processes = [_upgrading(fresh_database) for _ in range(8)]
    said = [(await asyncio.to_thread(process.communicate))[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert sum(int(count) for count in said) == len(STEPS)


async def test_a_step_that_is_killed_half_way_was_never_taken(
    fresh_database: str, connection: psycopg.Connection
) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE turns ()")  # what the step makes late
        process = _upgrading(fresh_database)
        await until(lambda: _blocked(fresh_database), seconds=10)
        process.kill()
        process.communicate()
    assert _tables(connection) == set()
    assert (await schema.status(fresh_database)).current == 0
    assert await schema.upgrade(fresh_database) == STEPS


def _blocked(database: str) -> bool:
    with psycopg.connect(database) as connection:
        [count] = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone() or [0]
        return bool(count)


async def test_a_step_does_not_wait_long_for_what_others_hold(
    fresh_database: str, connection: psycopg.Connection
) -> None:
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TABLE turns ()")
        with pytest.raises(BusyError):
            await schema.upgrade(fresh_database, patience=1)
    assert await schema.upgrade(fresh_database) == STEPS


async def test_a_step_that_was_changed_is_refused(
    fresh_database: str, connection: psycopg.Connection
) -> None:
    await schema.upgrade(fresh_database)
    connection.execute("UPDATE schema_steps SET checksum = 'x' WHERE number = 1")
    for refused in (schema.status(fresh_database), schema.upgrade(fresh_database)):
        with pytest.raises(SchemaError, match="was changed"):
            await refused


async def test_a_database_that_is_ahead_is_refused(
    fresh_database: str, connection: psycopg.Connection
) -> None:
    await schema.upgrade(fresh_database)
    connection.execute(
        "INSERT INTO schema_steps (number, name, checksum) VALUES (99, 'later', 'x')"
    )
    for refused in (schema.status(fresh_database), schema.upgrade(fresh_database)):
        with pytest.raises(SchemaError, match="does not know"):
            await refused


async def test_a_store_refuses_a_schema_that_is_behind_and_changes_nothing(
    fresh_database: str, connection: psycopg.Connection
) -> None:
    with pytest.raises(SchemaError, match="at step 0 and"):
        await open_store(fresh_database).__aenter__()
    assert _tables(connection) == set()


@pytest.mark.parametrize("conninfo", ["nonsense", "host=x nonsense=secret", "postgresql://[secret"])
async def test_a_connection_string_that_cannot_be_read_is_a_fault_of_the_settings(
    conninfo: str,
) -> None:
    for refused in (schema.status(conninfo), open_store(conninfo).__aenter__()):
        with pytest.raises(SettingsError) as caught:
            await refused
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("conninfo", ["host=/nowhere", "host=127.0.0.1 port=9", "host=no.invalid"])
async def test_a_server_that_cannot_be_reached_is_unavailable(conninfo: str) -> None:
    for refused in (schema.upgrade(conninfo), open_store(conninfo).__aenter__()):
        with pytest.raises(UnavailableError) as caught:
            await refused
        assert str(caught.value) == UnavailableError.meaning()
