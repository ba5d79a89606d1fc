"""How connections are made, and how values cross them."""

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cortex_adapters.postgres.connection import alive, connect, hang_up, hardened, watched
from cortex_core.domain.errors import SettingsError


async def _settings(conninfo: str, *names: str) -> dict[str, str]:
    connection = await connect(conninfo)
    try:
        cursor = await connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY ($1)", [list(names)]
        )
        return dict(await cursor.fetchall())
    finally:
        await connection.close()


async def test_limits_are_set(fresh_database: str) -> None:
    found = await _settings(
        hardened(fresh_database),
        "statement_timeout",
        "lock_timeout",
        "application_name",
        "TimeZone",
        "synchronous_commit",
    )
    assert found == {
        "statement_timeout": "5000",
        "lock_timeout": "2000",
        "application_name": "cortex",
        "TimeZone": "UTC",
        "synchronous_commit": "on",
    }
    given = conninfo_to_dict(hardened(fresh_database))
    assert {"connect_timeout", "tcp_user_timeout", "keepalives_idle"} <= given.keys()


async def test_what_the_connection_string_says_itself_stays(fresh_database: str) -> None:
    options = "-c statement_timeout=7s -c default_transaction_isolation=repeatable\\ read"
    theirs = make_conninfo(
        fresh_database, application_name="theirs", connect_timeout=9, options=options
    )
    found = await _settings(
        hardened(theirs),
        "statement_timeout",
        "lock_timeout",
        "application_name",
        "default_transaction_isolation",
    )
    assert found == {
        "statement_timeout": "7000",
        "lock_timeout": "2000",
        "application_name": "theirs",
        "default_transaction_isolation": "repeatable read",
    }
    assert conninfo_to_dict(hardened(theirs))["connect_timeout"] in {9, "9"}


async def test_what_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        hardened("host=x password:secret")
    assert "secret" not in str(caught.value)


async def test_a_setting_of_the_database_does_not_weaken_ours(fresh_database: str) -> None:
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        [name] = connection.execute("SELECT current_database()").fetchone() or [""]
        for setting in (
            "synchronous_commit = off",
            "default_transaction_isolation = 'serializable'",
            "datestyle = 'German, DMY'",
            "timezone = 'Asia/Kathmandu'",
        ):
            connection.execute(f'ALTER DATABASE "{name}" SET {setting}'.encode())
    connection_ = await connect(hardened(fresh_database))
    cursor = await connection_.execute("SHOW synchronous_commit")
    assert await cursor.fetchone() == ("on",)
    moment = datetime(2026, 2, 1, 12, 0, 0, 7, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    cursor = await connection_.execute(
        "SELECT $1, current_setting('transaction_isolation')", [moment]
    )
    assert await cursor.fetchone() == (moment, "read committed")
    await connection_.close()


async def test_values_cross_as_text_integers_and_times_in_utc(fresh_database: str) -> None:
    connection = await connect(hardened(fresh_database))
    cursor = await connection.execute(
        """
        SELECT '01890000-0000-7000-8000-000000000001'::uuid, '{"a": 1e3}'::jsonb, '{"b":1}'::json,
            7::bigint, pg_typeof($1)::text, pg_typeof($2)::text, timestamptz '2026-01-01 00:00Z'
        """,
        (1, datetime.now(UTC)),
    )
    [row] = await cursor.fetchall()
    assert row[:-1] == (
        "01890000-0000-7000-8000-000000000001",
        '{"a": 1000}',
        '{"b":1}',
        7,
        "bigint",
        "timestamp with time zone",
    )
    assert row[-1] == datetime(2026, 1, 1, tzinfo=UTC)
    assert row[-1].utcoffset() == timedelta(0)
    await connection.close()


async def test_the_dead_are_told_from_the_living_without_asking(fresh_database: str) -> None:
    connection = await connect(hardened(fresh_database))
    for _ in range(3):
        assert alive(connection)
        await connection.execute("SELECT 1")
    with psycopg.connect(fresh_database, autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        another.execute("SELECT pg_sleep(0.1)")
    assert not alive(connection)
    hang_up(connection)
    assert connection.closed


async def test_a_statement_that_is_watched_ends_in_time(fresh_database: str) -> None:
    connection = await connect(hardened(fresh_database))
    with watched(connection, 1):
        await connection.execute("SELECT 1")
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError), watched(connection, 0.2):
        await connection.execute("SELECT pg_sleep(3)")
    assert time.monotonic() - began < 1
    await connection.close()
    await asyncio.sleep(0)
