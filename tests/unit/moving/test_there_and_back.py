"""Everything goes to PostgreSQL and back to SQLite, and is the same."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from cortex_adapters.migrations import SchemaStatus
from cortex_adapters.moving.move import require_alike
from cortex_adapters.moving.report import Switched, Verdict
from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.postgres.store import open_store as open_postgres
from cortex_adapters.sqlite import schema as sqlite_schema
from cortex_adapters.sqlite.store import open_store as open_sqlite
from cortex_core.domain.errors import (
    BusyError,
    ConflictError,
    FrozenError,
    MovedError,
    SchemaError,
)
from cortex_core.ports import Store
from tests.postgres import fresh_database
from tests.unit.moving.conftest import Moving


def dumped(path: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of a file by table, and no table of a move."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_steps' "
            "AND name NOT LIKE 'move_%' AND name NOT LIKE 'message_words%'"
        ).fetchall()
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for (name,) in names
        }


def structure(path: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()


def constraints(postgres: str) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres) as connection:
        return connection.execute(
            """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
            FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL
            SELECT tablename, indexname, indexdef, true FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL
            SELECT tgrelid::regclass::text, tgname, '', true FROM pg_trigger WHERE NOT tgisinternal
            ORDER BY 1, 2, 3
            """
        ).fetchall()


async def moved(moving: Moving, source: str, target: str) -> Switched:
    async with moving(source, target) as move:
        await move.copy()
        verdict = await move.verify()
        assert verdict.ok, verdict
        switched = await move.cutover()
    assert isinstance(switched, Switched)
    return switched


async def test_all_rows_go_there_and_back(moving: Moving, file: str, postgres: str, tmp_path: Path):
    before, made = dumped(file), constraints(postgres)
    assert all(before.values()), "each table has rows"
    switched = await moved(moving, file, postgres)
    assert 0 < switched.frozen_seconds < 5
    assert constraints(postgres) == made
    back = str(tmp_path / "back.db")
    await moved(moving, postgres, back)
    assert dumped(back) == before


async def test_each_side_makes_what_messages_are_found_by(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    """It stays where it is, whatever the messages say."""
    await moved(moving, file, postgres)
    back = str(tmp_path / "back.db")
    with psycopg.connect(postgres) as connection:
        assert connection.execute("SELECT count(words) FROM messages").fetchone() == (0,)
    async with open_postgres(postgres) as store:
        while await _catch_up(store):
            pass
    with psycopg.connect(postgres) as connection:
        there = connection.execute("SELECT id::text, words FROM messages ORDER BY id").fetchall()
    assert all(words is not None for _, words in there)
    await moved(moving, postgres, back)
    async with open_sqlite(back) as other:
        while await _catch_up(other):
            pass
    with closing(sqlite3.connect(back)) as file_back:
        here = file_back.execute(
            "SELECT m.id, w.words FROM messages AS m JOIN message_words AS w ON w.rowid = m.words "
            "ORDER BY m.id"
        ).fetchall()
    assert here == there


async def _catch_up(store: Store) -> int:
    async with store.begin(single=True) as work:
        return await work.search.catch_up(limit=50)


async def test_the_source_serves_no_more_and_the_target_does(
    moving: Moving, file: str, postgres: str
):
    async with open_sqlite(file) as running:
        await moved(moving, file, postgres)
        async with running.begin(read_only=True) as work:
            assert await work.registry.get("epoch") == "nasty"
        with pytest.raises(FrozenError):
            async with running.begin() as work:
                await work.registry.ensure("new", "value")
    with pytest.raises(MovedError, match="moved to postgresql:"):
        async with open_sqlite(file):
            pass
    async with open_postgres(postgres) as store, store.begin() as work:
        assert await work.registry.get("epoch") == "nasty"
        await work.registry.ensure("new", "value")


async def test_postgresql_as_the_source_serves_no_more(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    await moved(moving, file, postgres)
    async with open_postgres(postgres) as running:
        await moved(moving, postgres, str(tmp_path / "back.db"))
        async with running.begin(read_only=True) as work:
            assert await work.registry.get("epoch") == "nasty"
        for _ in range(3):
            with pytest.raises(FrozenError):
                async with running.begin() as work:
                    await work.registry.ensure("new", "value")
    with pytest.raises(MovedError, match="moved to sqlite:"):
        async with open_postgres(postgres):
            pass


async def test_nothing_of_the_move_stays_in_the_target(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    await moved(moving, file, postgres)
    back = str(tmp_path / "back.db")
    await moved(moving, postgres, back)
    assert not [row for row in structure(back) if "move_" in str(row[1])]
    with psycopg.connect(postgres) as connection:
        [(names,)] = connection.execute(
            "SELECT array_agg(relname::text) FROM pg_class WHERE relname LIKE 'move\\_%'"
        ).fetchall()
    assert {*names} == {"move_state", "move_state_pkey"}


async def test_a_target_that_is_on_its_way_does_not_serve(moving: Moving, file: str, postgres: str):
    async with moving(file, postgres) as move:
        await move.copy()
    with pytest.raises(MovedError, match="has not ended"):
        async with open_postgres(postgres):
            pass
    async with open_sqlite(file) as store, store.begin() as work:
        await work.registry.ensure("new", "value")


async def test_a_move_that_is_given_up_leaves_the_source_as_it_was(
    moving: Moving, file: str, postgres: str
):
    before = structure(file)
    async with moving(file, postgres) as move:
        await move.copy()
        assert structure(file) != before
        await move.abort()
    assert [row for row in structure(file) if row[1] != "sqlite_sequence"] == before
    async with moving(file, postgres) as move:
        with pytest.raises(ConflictError, match="another move"):
            await move.copy()


async def test_a_target_with_rows_of_its_own_is_refused(moving: Moving, file: str, postgres: str):
    async with open_postgres(postgres) as store, store.begin() as work:
        await work.registry.ensure("epoch", "own")
    async with moving(file, postgres) as move:
        with pytest.raises(ConflictError, match="rows of registry"):
            await move.copy()


async def test_there_is_one_move_at_a_time(moving: Moving, file: str, postgres: str):
    async with moving(file, postgres):
        with pytest.raises(BusyError, match="another move is using this file"):
            async with moving(file, postgres):
                pass
        other = f"{file}.other"
        with pytest.raises(BusyError, match="another move is using this database"):
            async with moving(postgres, other):
                pass


async def test_a_source_whose_schema_is_behind_is_refused(moving: Moving, file: str, postgres: str):
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM schema_steps WHERE number > 2")
        connection.commit()
    async with moving(file, postgres) as move:
        with pytest.raises(SchemaError, match="at step 2"):
            await move.copy()


async def test_a_database_takes_no_step_while_it_is_moved(moving: Moving, file: str, postgres: str):
    async with moving(file, postgres) as move:
        await move.copy()
        with pytest.raises(MovedError):
            await sqlite_schema.upgrade(file)
        with pytest.raises(MovedError):
            await postgres_schema.upgrade(postgres)


async def test_phases_come_in_their_order(moving: Moving, file: str, postgres: str):
    async with moving(file, postgres) as move:
        for phase in (move.follow, move.verify, move.cutover):
            with pytest.raises(ConflictError, match="Nothing was copied"):
                await phase()


async def test_a_cutover_verifies_what_nobody_verified(moving: Moving, file: str, postgres: str):
    async with moving(file, postgres) as move:
        await move.copy()
        with psycopg.connect(postgres) as connection:
            connection.execute(
                "UPDATE workspaces SET name = 'other' WHERE id = "
                "(SELECT min(id::text)::uuid FROM workspaces)"
            )
        found = await move.cutover()
        assert isinstance(found, Verdict)
        assert found.differences[0].what == "differs in name"
    async with open_sqlite(file) as store, store.begin() as work:
        await work.registry.ensure("still", "writes")


async def test_a_target_at_another_step_is_refused(moving: Moving, file: str, postgres: str):
    """A later release may have taken a step on one side, and let this one go on with it."""
    statement = "INSERT INTO schema_steps (number, name, checksum) SELECT {} FROM schema_steps"
    with psycopg.connect(postgres) as connection:
        columns = "max(number) + 1, 'later', 'x'"
        connection.execute(statement.format(columns).encode())
    async with moving(file, postgres) as move:
        for phase in (move.plan, move.copy):
            with pytest.raises(SchemaError):
                await phase()


def test_both_sides_must_be_at_one_step():
    def at(step: int) -> SchemaStatus:
        return SchemaStatus(current=step, latest=4, pending=[])

    require_alike(at(5), at(5))
    with pytest.raises(SchemaError, match="source is at step 4, and the target at step 5"):
        require_alike(at(4), at(5))


async def test_a_database_of_another_encoding_is_refused(
    moving: Moving, file: str, postgres_server: str
):
    name = f"latin_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'".encode()
        )
        address = postgres_server.replace("/postgres?", f"/{name}?")
        try:
            async with moving(file, address) as move:
                with pytest.raises(SchemaError, match="encoding must be UTF8"):
                    await move.copy()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


async def test_a_move_is_given_up_without_its_target(moving: Moving, file: str, postgres: str):
    async with moving(file, postgres) as move:
        await move.copy()
    async with moving(file, "postgresql://nobody@127.0.0.1:1/x", hold="source") as move:
        await move.abort()
    async with open_sqlite(file) as store, store.begin() as work:
        await work.registry.ensure("new", "value")


async def test_an_end_that_was_not_the_target_is_not_taken_for_it(
    moving: Moving, file: str, postgres: str, postgres_server: str
):
    await moved(moving, file, postgres)
    with fresh_database(postgres_server) as other:
        await postgres_schema.upgrade(other)
        async with moving(file, other) as move:
            with pytest.raises(MovedError, match="moved to postgresql:"):
                await move.cutover()
