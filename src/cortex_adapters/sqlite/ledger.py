"""The ledger of the schema: which steps the database has taken."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from cortex_adapters.migrations import Applied
from cortex_adapters.sqlite.errors import translated
from cortex_core.domain.errors import SchemaUnknownError

_MAKE: Final = """
    CREATE TABLE IF NOT EXISTS schema_steps (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        checksum TEXT NOT NULL,
        applied_at INTEGER NOT NULL,
        runs INTEGER
    ) STRICT
"""


def make(connection: sqlite3.Connection) -> None:
    """Make the ledger if there is none, or as it is now if it is of an earlier release."""
    connection.execute(_MAKE)
    if not _notes_runs(connection):
        connection.execute("ALTER TABLE schema_steps ADD COLUMN runs INTEGER")


def read(path: str, connection: sqlite3.Connection) -> Sequence[Applied]:
    """Return its lines; none if *path*, which is open as *connection*, is empty."""
    with translated(path):
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        if tables and "schema_steps" not in tables:
            raise SchemaUnknownError(f"{path}: holds the tables of something else.")
        if not tables:
            return []
        runs = "coalesce(runs, number)" if _notes_runs(connection) else "number"
        rows = connection.execute(
            f"SELECT number, name, checksum, {runs} FROM schema_steps ORDER BY number"  # noqa: S608
        )
        return [
            Applied(number=number, name=name, checksum=checksum, runs=runs)
            for number, name, checksum, runs in rows
        ]


def _notes_runs(connection: sqlite3.Connection) -> bool:
    """Say whether the ledger has that column; those of the first steps had not."""
    columns = connection.execute("SELECT name FROM pragma_table_info('schema_steps')")
    return ("runs",) in columns
