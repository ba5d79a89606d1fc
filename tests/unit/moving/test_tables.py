"""Which tables a move knows: all of them, the same on both sides."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from cortex_adapters.moving.report import Switched
from cortex_adapters.moving.tables import Column, Kind, Reference, Table, agreed, is_ours
from cortex_adapters.postgres.moving.end import PostgresEnd
from cortex_adapters.sqlite.moving.end import SqliteEnd
from cortex_core.domain.errors import SchemaError, StorageForbiddenError
from tests.unit.moving.conftest import Moving


def table(
    name: str, *columns: Column, key: tuple[str, ...] = ("id",), parents: tuple[str, ...] = ()
) -> Table:
    references = tuple(Reference((parent,), parent, ("id",)) for parent in parents)
    return Table(name, columns or (Column("id", Kind.TEXT),), key, references)


async def test_every_table_of_the_schema_is_known_to_the_move(fresh_database: str, tmp_path: Path):
    """Whoever adds a table or a column to one database only is told so here."""
    postgres = PostgresEnd(fresh_database, "postgresql://x")
    sqlite = SqliteEnd(str(tmp_path / "cortex.db"))
    await postgres.upgrade()
    await sqlite.upgrade()
    tables = agreed(await postgres.tables(), await sqlite.tables())
    names = [each.name for each in tables]
    assert {"users", "workspaces", "conversations", "messages", "turns", "events"} <= {*names}
    assert not any(is_ours(name) is False for name in names)
    for each in tables:
        for reference in each.references:
            if reference.parent != each.name:
                assert names.index(reference.parent) < names.index(each.name)


def test_a_table_on_one_side_only_is_named():
    with pytest.raises(SchemaError, match="no table extra"):
        agreed([table("extra"), table("users")], [table("users")])


def test_a_column_on_one_side_only_is_named():
    with pytest.raises(SchemaError, match="Only one side has more in the table users"):
        agreed(
            [table("users", Column("id", Kind.UUID), Column("more", Kind.TEXT))],
            [table("users")],
        )


def test_a_column_that_holds_something_else_is_named():
    with pytest.raises(SchemaError, match=r"users\.id holds instant here and text there"):
        agreed([table("users", Column("id", Kind.INSTANT))], [table("users")])


def test_a_table_without_a_key_is_refused():
    with pytest.raises(SchemaError, match="The key of the table users"):
        agreed([table("users", key=())], [table("users", key=())])


def test_tables_that_point_in_a_circle_are_refused():
    rows = [table("a", parents=("b",)), table("b", parents=("a",))]
    with pytest.raises(SchemaError, match="in a circle"):
        agreed(rows, rows)


def test_a_row_must_fit_both_sides():
    column = Column("id", Kind.TEXT, nullable=True)
    [found] = agreed([table("users", column)], [table("users")])
    assert not found.columns[0].nullable


async def test_what_a_database_makes_by_itself_does_not_travel(
    moving: Moving, file: str, postgres: str
):
    """Indexes for searching: a virtual table and its triggers there, a generated column here."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            """
            CREATE VIRTUAL TABLE beside USING fts5 (content, content='messages');
            CREATE TRIGGER beside_new AFTER INSERT ON messages BEGIN
                INSERT INTO beside (rowid, content) VALUES (NEW.rowid, NEW.content);
            END;
            """
        )
    with psycopg.connect(postgres) as connection:
        connection.execute(
            "ALTER TABLE messages ADD found tsvector "
            "GENERATED ALWAYS AS (to_tsvector('simple', left(content, 1000))) STORED"
        )
        connection.execute("CREATE INDEX messages_found ON messages USING gin (found)")
    async with moving(file, postgres) as move:
        await move.copy()
        with psycopg.connect(postgres) as connection:
            query = "SELECT count(*) FROM messages WHERE found @@ to_tsquery('simple', 'nothing')"
            [(found,)] = connection.execute(query)
        assert found
        assert isinstance(await move.cutover(), Switched)


async def test_rows_that_a_policy_hides_are_not_left_behind(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    async with moving(file, postgres) as move:
        await move.copy()
        assert isinstance(await move.cutover(), Switched)
    name = f"owner_{uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{name}" LOGIN'.encode())
        for (table,) in connection.execute(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall():
            connection.execute(f'ALTER TABLE {table} OWNER TO "{name}"'.encode())
        connection.execute("ALTER TABLE messages ENABLE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE messages FORCE ROW LEVEL SECURITY")
        address = urlsplit(postgres)._replace(netloc=f"{name}@").geturl()
        try:
            async with moving(address, str(tmp_path / "back.db"), hold="none") as move:
                with pytest.raises(StorageForbiddenError):
                    await move.plan()
        finally:
            connection.execute(f'REASSIGN OWNED BY "{name}" TO CURRENT_USER'.encode())
            connection.execute(f'DROP ROLE "{name}"'.encode())
