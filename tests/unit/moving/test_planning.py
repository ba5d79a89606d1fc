"""What would not survive is listed before anything is written, and later it is never dropped."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from cortex_adapters.moving.report import Exit, Plan, Switched, Verdict, exit_of
from cortex_core.domain.errors import SchemaError
from tests.unit.moving.conftest import Moving

UNUSUAL = "01a0c450-0000-7000-8000-00000000000"


@contextmanager
def lax(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that may write what the file's own rules forbid, as older releases did."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, WITHOUT ROWID', 'WITHOUT ROWID') "
            "WHERE name = 'workspaces'"
        )
        connection.execute("PRAGMA writable_schema = RESET")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection


def spoil(path: str) -> None:
    """Write one value of each kind that cannot go."""
    with lax(path) as connection:
        add = "INSERT INTO workspaces VALUES (?, ?, '', ?, ?, ?, 0)"
        usual = {"name": "x", "metadata": "{}", "version": 1, "created_at": 0}
        rows: list[dict[str, object]] = [
            {"name": "nul \x00"},
            {"metadata": '{"a":1,"a":2}'},
            {"metadata": '{"a":"\\ud800"}'},
            {"version": "notint"},
            {"version": 1.5},
            {"created_at": 1_627_303_906_122_000_000},
            {"name": 7},
        ]
        for place, row in enumerate(rows):
            values = [(usual | row)[name] for name in usual]
            connection.execute(add, (f"{UNUSUAL}{place}", *values))
        connection.execute(
            "INSERT INTO workspaces VALUES (?, CAST(x'61ff62' AS TEXT), '', '{}', 1, 0, 0)",
            (f"{UNUSUAL}8",),
        )
        connection.execute(add, ("NOT-A-UUID", "x", "{}", 1, 0))
        connection.execute("UPDATE users SET email_verified = 7 WHERE subject LIKE '3 %'")


async def planned(moving: Moving, source: str, target: str) -> Plan:
    async with moving(source, target, hold="none") as move:
        return await move.plan()


async def test_every_value_that_cannot_go_is_named(moving: Moving, file: str, postgres: str):
    spoil(file)
    plan = await planned(moving, file, postgres)
    assert exit_of(plan) is Exit.WOULD_LOSE
    found = {(each.key[-3:-2], each.column, each.reason) for each in plan.lost}
    with closing(sqlite3.connect(file)) as connection:
        [(user,)] = connection.execute("SELECT id FROM users WHERE subject LIKE '3 %'")
    assert found == {
        ("0", "name", "must not contain U+0000"),
        ("1", "metadata", "must have each name once"),
        ("2", "metadata", "must contain neither \\u0000 nor lone surrogates"),
        ("3", "version", "holds text where an integer must be"),
        ("4", "version", "holds a real number where an integer must be"),
        ("5", "created_at", "must be a time in the years 1 to 9999"),
        ("8", "name", "must not contain lone surrogates"),
        ("D", "id", "must be a UUID in small letters, with hyphens"),
        (user[-1:], "email_verified", "must be 0 or 1"),
    }


async def test_a_plan_writes_nothing(moving: Moving, file: str, postgres: str):
    before = sha256(Path(file).read_bytes()).digest()  # noqa: ASYNC240 - nobody waits
    plan = await planned(moving, file, postgres)
    assert exit_of(plan) is Exit.OK
    assert {each.table: each.rows for each in plan.tables}["messages"] == 300
    assert sum(each.bytes for each in plan.tables) > 6 * 340_000
    assert sha256(Path(file).read_bytes()).digest() == before  # noqa: ASYNC240 - nobody waits
    with psycopg.connect(postgres) as connection:
        [(made,)] = connection.execute("SELECT to_regclass('move_state') IS NOT NULL")
    assert made is False


async def test_rows_without_their_owner_make_a_source_dirty(
    moving: Moving, file: str, postgres: str
):
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DELETE FROM users WHERE subject LIKE '7 %'")
    plan = await planned(moving, file, postgres)
    assert exit_of(plan) is Exit.DIRTY
    assert {(each.table, each.column, each.reason) for each in plan.broken} >= {
        ("memberships", "user_id", "leads to no row of users")
    }


async def test_what_only_the_source_takes_twice_is_named(moving: Moving, file: str, postgres: str):
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE (issuer, subject)', "
            "'CHECK (1)') WHERE name = 'users'"
        )
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_users_2'")
        connection.execute("PRAGMA writable_schema = RESET")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE users SET issuer = 'i', subject = 's' "
            "WHERE subject LIKE '3 %' OR subject LIKE '4 %'"
        )
    plan = await planned(moving, file, postgres)
    assert [(each.key, each.column, each.reason) for each in plan.lost] == [
        ('["i","s"]', "issuer, subject", "must be there once")
    ]


async def test_a_target_without_a_schema_is_named(moving: Moving, file: str, fresh_database: str):
    with pytest.raises(SchemaError, match="at step 0"):
        await planned(moving, file, fresh_database)


async def test_what_cannot_go_stays_behind_and_fails_the_verification(
    moving: Moving, file: str, postgres: str
):
    spoil(file)
    async with moving(file, postgres) as move:
        copied = await move.copy()
        assert copied.refused == 9
        assert exit_of(copied) is Exit.WOULD_LOSE
        verdict = await move.cutover()
        assert isinstance(verdict, Verdict)
        assert exit_of(verdict) is Exit.MISMATCH
        assert len(verdict.quarantined) == 9
        assert "is in the source only" in {each.what for each in verdict.differences}


async def test_what_is_put_right_in_the_source_goes_then(moving: Moving, file: str, postgres: str):
    with lax(file) as connection:
        connection.execute("UPDATE users SET name = char(0) WHERE subject LIKE '3 %'")
    async with moving(file, postgres) as move:
        assert (await move.copy()).refused == 1
        with lax(file) as connection:
            connection.execute("UPDATE users SET name = 'none' WHERE subject LIKE '3 %'")
        assert (await move.verify()).ok
        assert isinstance(await move.cutover(), Switched)


async def test_what_the_target_refuses_by_a_rule_of_its_own_stays_behind(
    moving: Moving, file: str, postgres: str
):
    with psycopg.connect(postgres) as connection:
        connection.execute("ALTER TABLE messages ADD CHECK (seq NOT IN (7, 99))")
    async with moving(file, postgres) as move:
        assert (await move.copy()).refused == 2
        verdict = await move.verify()
        assert [each.table for each in verdict.differences] == ["messages", "messages"]
        assert all("check constraint" in each.reason for each in verdict.quarantined)


async def test_infinity_does_not_go_to_sqlite(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    async with moving(file, postgres) as move:
        await move.copy()
        assert isinstance(await move.cutover(), Switched)
    with psycopg.connect(postgres) as connection:
        connection.execute("UPDATE users SET updated_at = 'infinity' WHERE subject LIKE '3 %%'")
        connection.execute("UPDATE users SET created_at = '-infinity' WHERE subject LIKE '3 %%'")
    plan = await planned(moving, postgres, str(tmp_path / "back.db"))
    assert [(each.column, each.reason) for each in plan.lost] == [
        ("created_at", "must be a time in the years 1 to 9999"),
        ("updated_at", "must be a time in the years 1 to 9999"),
    ]


async def test_a_row_without_its_owner_does_not_go_where_it_needs_one(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    """PostgreSQL has no foreign key from a turn to its message, and SQLite has one."""
    async with moving(file, postgres) as move:
        await move.copy()
        assert isinstance(await move.cutover(), Switched)
    with psycopg.connect(postgres) as connection:
        connection.execute(
            "UPDATE turns SET message_id = gen_random_uuid() "
            "WHERE id = (SELECT id FROM turns ORDER BY id LIMIT 1)"
        )
    async with moving(postgres, str(tmp_path / "back.db")) as move:
        await move.copy()
        verdict = await move.cutover()
        assert isinstance(verdict, Verdict)
        assert [each.what for each in verdict.differences] == [
            "leads to no row of messages by message_id"
        ]
