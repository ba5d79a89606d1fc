"""What a move notes in a database: its state, its triggers, its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cortex_adapters.moving.questions import quoted
from cortex_adapters.moving.tables import OWN, Table
from cortex_adapters.postgres.connection import Connection

__all__ = [
    "capture",
    "drop_capture",
    "drop_freeze",
    "drop_tables",
    "freeze",
    "note",
    "prepare",
    "read",
    "take_back",
    "thaw",
]

# Whoever serves must see that the data is elsewhere, so everybody may read it.
_STATE: Final = (
    """
    CREATE TABLE IF NOT EXISTS move_state (
        name text COLLATE "C" PRIMARY KEY, value text NOT NULL
    )
    """,
    "GRANT SELECT ON move_state TO PUBLIC",
)
# As the owner: the role that writes has no right to this table.
_CAPTURE: Final = (
    """
    CREATE TABLE IF NOT EXISTS move_changes (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tbl text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL
    )
    """,
    """
    CREATE OR REPLACE FUNCTION move_captured() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path FROM CURRENT AS $$
    DECLARE
        was text; now_is text;
    BEGIN
        IF TG_OP <> 'INSERT' THEN
            EXECUTE 'SELECT ' || TG_ARGV[0] INTO was USING OLD;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            EXECUTE 'SELECT ' || TG_ARGV[0] INTO now_is USING NEW;
        END IF;
        INSERT INTO move_changes (tbl, key)
        SELECT TG_TABLE_NAME, each FROM unnest(ARRAY[was, now_is]) AS each
        WHERE each IS NOT NULL GROUP BY each;
        RETURN NULL;
    END $$
    """,
)
# To take a trigger away waits for all who read the table, to change its function for nobody.
_FREEZE: Final = """
    CREATE OR REPLACE FUNCTION move_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'frozen: the data is being moved' USING ERRCODE = 'CTXFZ';
    END $$
    """
_THAW: Final = """
    CREATE OR REPLACE FUNCTION move_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END $$
    """
_TARGET: Final = (
    """
    CREATE TABLE IF NOT EXISTS move_checkpoints (
        tbl text COLLATE "C" PRIMARY KEY, row_count bigint NOT NULL, last text,
        done boolean NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS move_quarantine (
        tbl text COLLATE "C", key text COLLATE "C", col text COLLATE "C", reason text NOT NULL,
        PRIMARY KEY (tbl, key, col)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS move_aside (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind text NOT NULL, tbl text NOT NULL, name text NOT NULL, ddl text NOT NULL
    )
    """,
)


async def read(connection: Connection) -> Mapping[str, str]:
    """Return the state of a move; nothing where there is none."""
    cursor = await connection.execute("SELECT to_regclass('move_state') IS NOT NULL")
    if await cursor.fetchone() == (False,):
        return {}
    cursor = await connection.execute("SELECT name, value FROM move_state")
    return dict(await cursor.fetchall())


async def note(connection: Connection, state: Mapping[str, str]) -> None:
    """Write names and values of the state down."""
    for statement in _STATE:
        await connection.execute(statement)
    for name, value in state.items():
        await connection.execute(
            "INSERT INTO move_state (name, value) VALUES ($1, $2) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )


async def take_back(connection: Connection, name: str) -> None:
    """Take a name out of the state."""
    await connection.execute("DELETE FROM move_state WHERE name = $1", (name,))


async def capture(connection: Connection, tables: Sequence[Table]) -> None:
    """Have the key of each row that changes written into move_changes."""
    for statement in _CAPTURE:
        await connection.execute(statement)
    for table in tables:
        key = ", ".join(f"$1.{quoted(name)}" for name in table.key)
        await _execute(
            connection,
            f"CREATE OR REPLACE TRIGGER move_capture AFTER INSERT OR UPDATE OR DELETE "
            f"ON {quoted(table.name)} FOR EACH ROW "
            f"EXECUTE FUNCTION move_captured('jsonb_build_array({key})::text')",
        )


async def freeze(connection: Connection, tables: Sequence[Table]) -> None:
    """Have each write to a table fail; waits for those that have begun."""
    await connection.execute(_FREEZE)
    names = ", ".join(quoted(table.name) for table in tables)
    await _execute(connection, f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
    for table in tables:
        await _execute(
            connection,
            f"CREATE OR REPLACE TRIGGER move_freeze BEFORE INSERT OR UPDATE OR DELETE "
            f"ON {quoted(table.name)} FOR EACH ROW EXECUTE FUNCTION move_frozen()",
        )


async def thaw(connection: Connection) -> None:
    """Let writes in; waits for nobody."""
    await connection.execute(_THAW)


async def drop_capture(connection: Connection) -> None:
    """Let changes pass without being written down; waits for all who read."""
    await connection.execute("DROP FUNCTION IF EXISTS move_captured CASCADE")
    await connection.execute("DROP TABLE IF EXISTS move_changes")


async def drop_freeze(connection: Connection) -> None:
    """Take away what `freeze` made; waits for all who read."""
    await connection.execute("DROP FUNCTION IF EXISTS move_frozen CASCADE")


async def prepare(connection: Connection) -> None:
    """Make room for checkpoints, for what was refused, and for what is put away."""
    for statement in _TARGET:
        await connection.execute(statement)


async def drop_tables(connection: Connection) -> None:
    """Take all tables of a move away."""
    for name in ("checkpoints", "quarantine", "aside", "state"):
        await _execute(connection, f"DROP TABLE IF EXISTS {OWN}{name}")


async def _execute(connection: Connection, sql: str) -> None:
    await connection.execute(sql.encode())
