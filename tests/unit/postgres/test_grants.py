"""The role of a server: what it may do, and what not."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.grants import RIGHTS, excess, grants
from cortex_core.domain.errors import StorageForbiddenError
from tests.postgres import role_of_server

_TABLES = """
    SELECT c.relname::text FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    """


@pytest.fixture
def server(owned: str) -> Iterator[str]:
    with role_of_server(owned) as uri:
        yield uri


def test_every_table_has_its_rights(owned: str) -> None:
    with psycopg.connect(owned) as connection:
        found = {name for (name,) in connection.execute(_TABLES)}
    assert found == RIGHTS.keys()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE messages ADD COLUMN mine int",
        "ALTER TABLE messages DISABLE TRIGGER ALL",
        "DROP TABLE messages",
        "TRUNCATE messages",
        "CREATE INDEX ON messages (seq)",
        "UPDATE messages SET content = ''",
        "UPDATE events SET seq = 1",
        "INSERT INTO schema_steps SELECT * FROM schema_steps",
        "DELETE FROM schema_steps",
        "CREATE ROLE another",
    ],
)
def test_what_a_server_never_does_it_may_not(server: str, statement: str) -> None:
    with (
        psycopg.connect(server) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


async def test_who_has_too_many_rights_is_told_which(owned: str, server: str) -> None:
    role, found = await excess(server)
    assert role.startswith("server_")
    assert found == []
    _, found = await excess(owned)
    assert found == ["is a superuser"]
    with psycopg.connect(owned) as connection:
        connection.execute(f"ALTER ROLE {role} BYPASSRLS".encode())
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {role}".encode())
        connection.execute(f"ALTER TABLE replays OWNER TO {role}".encode())
    _, found = await excess(server)
    assert found == ["passes by row-level security", "owns tables", "can create tables"]
    with psycopg.connect(owned) as connection:
        connection.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER".encode())


async def test_what_was_given_before_is_taken_back(owned: str, server: str) -> None:
    role, _ = await excess(server)
    with psycopg.connect(owned) as connection:
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}".encode())
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {role}".encode())
        connection.execute(grants(server=role).encode())
    with psycopg.connect(owned) as connection:
        found = connection.execute(
            "SELECT table_name::text, string_agg(privilege_type, ', ')"
            " FROM (SELECT grantee, table_name, privilege_type"
            " FROM information_schema.role_table_grants UNION ALL"
            " SELECT grantee, table_name, format('%%s (%%s)', privilege_type, column_name)"
            " FROM information_schema.role_column_grants AS c WHERE NOT EXISTS ("
            "SELECT FROM information_schema.role_table_grants AS t WHERE t.grantee = c.grantee"
            " AND (t.table_name, t.privilege_type) = (c.table_name, c.privilege_type))"
            ") AS every (grantee, table_name, privilege_type) WHERE grantee = %s GROUP BY 1",
            [role],
        ).fetchall()
    assert {name: {*rights.split(", ")} for name, rights in found} == {
        name: {*rights.split(", ")} for name, rights in RIGHTS.items()
    }
    assert await excess(server) == (role, [])


async def test_upgrading_as_the_server_is_refused_and_says_so(server: str, owned: str) -> None:
    with psycopg.connect(owned) as connection:
        connection.execute("DELETE FROM schema_steps WHERE number > 4")
    with pytest.raises(StorageForbiddenError):
        await schema.upgrade(server)


def test_a_reader_reads_everything_and_changes_nothing(owned: str) -> None:
    name = f"reader_{os.getpid()}"
    with psycopg.connect(owned) as connection:
        connection.execute(grants(server=name, reader=name).encode())
    try:
        with psycopg.connect(make_conninfo(owned, user=name)) as connection:
            for table in RIGHTS:
                connection.execute(f"SELECT FROM {table}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM users")
    finally:
        with psycopg.connect(owned) as connection:
            connection.execute(f"DROP OWNED BY {name}".encode())
            connection.execute(f"DROP ROLE {name}".encode())
