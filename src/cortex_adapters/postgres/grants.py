"""Which role may do what: the SQL that says so, and what a role may do beyond that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from psycopg import sql

from cortex_adapters.moving.questions import quoted
from cortex_adapters.postgres import walls
from cortex_adapters.postgres.connection import connected

__all__ = ["RIGHTS", "excess", "grants"]

_ALL: Final = "SELECT, INSERT, UPDATE, DELETE"
RIGHTS: Final[Mapping[str, str]] = {
    "users": _ALL,
    "workspaces": _ALL,
    "memberships": _ALL,
    "conversations": _ALL,
    "participants": _ALL,  # to lock a row is to be able to change it
    "messages": "SELECT, INSERT, UPDATE (words), DELETE",
    "events": "SELECT, INSERT, DELETE",
    "turns": _ALL,
    "sessions": _ALL,
    "revocations": _ALL,
    "replays": _ALL,
    "registry": "SELECT, INSERT, UPDATE",
    "schema_steps": "SELECT",
}
"""What the server does with each table; what is deleted with its owner is deleted by PostgreSQL."""

# What has a place in this list is more than the server's role needs.
_EXCESS: Final = """
    SELECT rolname::text,
        array_remove(ARRAY[
            CASE WHEN rolsuper THEN 'is a superuser' END,
            CASE WHEN rolbypassrls AND NOT rolsuper THEN 'passes by row-level security' END,
            CASE WHEN NOT rolsuper AND EXISTS (
                SELECT FROM pg_class
                WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
                    AND relkind IN ('r', 'p')
                    AND pg_has_role(relowner, 'USAGE')
            ) THEN 'owns tables' END,
            CASE WHEN NOT rolsuper AND has_schema_privilege(current_schema(), 'CREATE')
                THEN 'can create tables' END
        ], NULL)
    FROM pg_roles WHERE rolname = current_user
    """


def grants(
    *,
    server: str,
    reader: str | None = None,
    schema: str = "public",
    row_security: bool | None = None,
) -> str:
    """Return the SQL that gives the role *server* what it needs in *schema*, and no more.

    *reader* may read everything, and change nothing: for backups. *row_security* raises the walls
    of row-level security or takes them down, and leaves them as they are where it is None. To be
    run by the owner of the tables, after each upgrade; roles that are missing are made.
    """
    lines = [
        "-- What the roles of Cortex Core may do. Run it as the owner of the tables, after each",
        "-- `cortex db upgrade`: what was given before is taken back first.",
        "BEGIN;",
        *_role(server, schema),
    ]
    for rights in dict.fromkeys(RIGHTS.values()):
        tables = ", ".join(
            f"{quoted(schema)}.{quoted(name)}" for name, own in RIGHTS.items() if own == rights
        )
        lines.append(f"GRANT {rights} ON {tables} TO {quoted(server)};")
    if reader is not None:
        lines += [
            *_role(reader, schema),
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {quoted(schema)} TO {quoted(reader)};",
            f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {quoted(schema)} TO {quoted(reader)};",
        ]
    if row_security is not None:
        lines += walls.raised(schema) if row_security else walls.lowered(schema)
    return "\n".join([*lines, "COMMIT;", ""])


def _role(name: str, schema: str) -> Sequence[str]:
    return [
        "",
        "DO $$ BEGIN",
        f"    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {sql.quote(name)}) THEN",
        f"        CREATE ROLE {quoted(name)} LOGIN;",
        "    END IF;",
        "END $$;",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {quoted(schema)} FROM {quoted(name)};",
        f"REVOKE CREATE ON SCHEMA {quoted(schema)} FROM PUBLIC, {quoted(name)};",
        f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(name)};",
    ]


async def excess(conninfo: str) -> tuple[str, Sequence[str]]:
    """Return the role of *conninfo*, and what it can do that a server's must not.

    Raises:
        SettingsError: *conninfo* cannot be read.
        UnavailableError: The database cannot be reached.
    """
    async with connected(conninfo) as connection:
        [(role, found)] = await (await connection.execute(_EXCESS)).fetchall()
        return role, found
