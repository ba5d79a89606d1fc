"""What a move notes in a file: its state, its triggers, its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from cortex_adapters.moving.questions import quoted
from cortex_adapters.moving.tables import OWN, Table

FROZEN: Final = "frozen: the data is being moved"

_STATE: Final = """
    CREATE TABLE IF NOT EXISTS move_state (
        name TEXT PRIMARY KEY, value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
"""
_CHANGES: Final = """
    CREATE TABLE IF NOT EXISTS move_changes (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, tbl TEXT NOT NULL, key TEXT NOT NULL
    ) STRICT
"""
_CHECKPOINTS: Final = """
    CREATE TABLE IF NOT EXISTS move_checkpoints (
        tbl TEXT PRIMARY KEY, row_count INTEGER NOT NULL, last TEXT, done INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
"""
_QUARANTINE: Final = """
    CREATE TABLE IF NOT EXISTS move_quarantine (
        tbl TEXT NOT NULL, key TEXT NOT NULL, col TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (tbl, key, col)
    ) STRICT, WITHOUT ROWID
"""


def has(connection: sqlite3.Connection, table: str) -> bool:
    """Say whether there is such a table."""
    found = connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    )
    return found.fetchone() is not None


def read(connection: sqlite3.Connection) -> Mapping[str, str]:
    """Return the state of a move; nothing where there is none."""
    if not has(connection, "move_state"):
        return {}
    return dict(connection.execute("SELECT name, value FROM move_state"))


def note(connection: sqlite3.Connection, state: Mapping[str, str]) -> None:
    """Write names and values of the state down."""
    connection.execute(_STATE)
    connection.executemany(
        "INSERT INTO move_state (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        list(state.items()),
    )


def take_back(connection: sqlite3.Connection, name: str) -> None:
    """Take a name out of the state."""
    connection.execute("DELETE FROM move_state WHERE name = ?", (name,))


def capture(connection: sqlite3.Connection, table: Table) -> None:
    """Have the key of each row that changes written into move_changes."""
    connection.execute(_CHANGES)
    new, old = (f"json_array({_of(table, side)})" for side in ("NEW", "OLD"))
    moved = " OR ".join(f"OLD.{quoted(name)} IS NOT NEW.{quoted(name)}" for name in table.key)
    for event, when, key in (
        ("INSERT", "", new),
        ("UPDATE", "", new),
        ("DELETE", "", old),
        ("UPDATE", f"WHEN {moved}", old),
    ):
        name = quoted(f"{OWN}capture_{event}_{'key_' if when else ''}{table.name}".lower())
        noted = f"INSERT INTO move_changes (tbl, key) VALUES ({_literal(table.name)}, {key})"  # noqa: S608 - names
        connection.execute(
            f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {quoted(table.name)} {when} "
            f"BEGIN {noted}; END"
        )


def freeze(connection: sqlite3.Connection, table: Table) -> None:
    """Have each write to a table fail."""
    for event in ("INSERT", "UPDATE", "DELETE"):
        name = quoted(f"{OWN}freeze_{event}_{table.name}".lower())
        connection.execute(
            f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {quoted(table.name)} "
            f"BEGIN SELECT RAISE(ABORT, {_literal(FROZEN)}); END"
        )


def drop_triggers(connection: sqlite3.Connection, kind: str) -> None:
    """Take the triggers of *kind* away, `freeze` or `capture`."""
    found = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB ?",
        (f"{OWN}{kind}_*",),
    ).fetchall()
    for (name,) in found:
        connection.execute(f"DROP TRIGGER {quoted(name)}")


def prepare(connection: sqlite3.Connection) -> None:
    """Make room for checkpoints, and for what was refused."""
    connection.execute(_CHECKPOINTS)
    connection.execute(_QUARANTINE)


def drop_tables(connection: sqlite3.Connection) -> None:
    """Take all tables of a move away."""
    for name in ("changes", "checkpoints", "quarantine", "state"):
        connection.execute(f"DROP TABLE IF EXISTS {OWN}{name}")


def _of(table: Table, side: str) -> str:
    return ", ".join(f"{side}.{quoted(name)}" for name in table.key)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
