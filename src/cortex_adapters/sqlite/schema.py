"""The schema: where a file stands, and the steps that bring it up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from cortex_adapters.migrations import Applied, SchemaStatus, Step, compare, load_steps
from cortex_adapters.moving.place import require_here, require_still
from cortex_adapters.sqlite.connections import MIGRATOR, READER, open_lane, patiently
from cortex_adapters.sqlite.errors import translated
from cortex_adapters.sqlite.files import exists, make_file, require_place, require_writable
from cortex_adapters.sqlite.move_state import read as read_state
from cortex_core.domain.errors import SchemaError, SchemaUnknownError

OLDEST: Final = (3, 38, 0)  # STRICT, RETURNING, and JSON that is always there

_STEPS: Final = "cortex_adapters.sqlite.migrations"
_PATIENCE: Final = 30.0
_MAKE_LEDGER: Final = """
    CREATE TABLE IF NOT EXISTS schema_steps (
        number INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        checksum TEXT NOT NULL,
        applied_at INTEGER NOT NULL
    ) STRICT
"""


async def status(
    path: str, *, steps: Sequence[Step] | None = None, moving: bool = False
) -> SchemaStatus:
    """Say where the file at *path* stands; one that is not there stands at 0.

    *steps* are those of this release, unless they are given; *moving* is for the move itself.

    Raises:
        MovedError: Its data has gone elsewhere, or is not all there yet.
        SchemaError: It holds something else, steps that were changed, or more than is known.
        StorageCorruptError: It is damaged, or not a database.
        StorageReadOnlyError: The file or its folder cannot be written.
        UnavailableError: There can be no such file.
    """
    steps = steps or _load()
    require_place(path)
    require_writable(path)
    if not exists(path):
        return compare(steps, [])
    async with open_lane(path, READER, patience=_PATIENCE, busy_timeout=_PATIENCE) as lane:
        if not moving:
            require_here(await lane.run(read_state))
        return compare(steps, await lane.run(partial(_read_ledger, path)))


async def upgrade(path: str, *, steps: Sequence[Step] | None = None) -> Sequence[Step]:
    """Apply what is pending, making the file if there is none; return what this call applied.

    Each step is one transaction with its line in the ledger. Any number of processes may do
    this at once: each step is applied by one of them, and all return when it is done.

    Raises:
        MovedError: A move has begun, or has ended; no step may come between.
        SchemaError: As `status` does.
    """
    steps = steps or _load()
    make_file(path)
    applied: list[Step] = []
    async with open_lane(path, MIGRATOR, patience=_PATIENCE) as lane:
        while step := await lane.run(partial(_apply_next, path, steps)):
            applied.append(step)
    return applied


def _load() -> Sequence[Step]:
    if sqlite3.sqlite_version_info < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise SchemaError(f"SQLite {needed} is needed, and this is {sqlite3.sqlite_version}.")
    return load_steps(_STEPS)


def _read_ledger(path: str, connection: sqlite3.Connection) -> Sequence[Applied]:
    with translated(path):
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        if tables and "schema_steps" not in tables:
            raise SchemaUnknownError(f"{path}: holds the tables of something else.")
        if not tables:
            return []
        rows = connection.execute("SELECT number, name, checksum FROM schema_steps ORDER BY number")
        return [
            Applied(number=number, name=name, checksum=checksum) for number, name, checksum in rows
        ]


def _apply_next(path: str, steps: Sequence[Step], connection: sqlite3.Connection) -> Step | None:
    """Apply the first step that is pending; the lock is taken before the ledger is read."""
    patiently(connection, "BEGIN IMMEDIATE", _PATIENCE)
    try:
        require_still(read_state(connection))
        pending = compare(steps, _read_ledger(path, connection)).pending
        if pending:
            _apply(pending[0], connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return pending[0] if pending else None


def _apply(step: Step, connection: sqlite3.Connection) -> None:
    connection.execute(_MAKE_LEDGER)
    for statement in statements(step.sql):
        connection.execute(statement)
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise SchemaError(f"Step {step.number} ({step.name}) would leave rows without their owner.")
    connection.execute(
        "INSERT INTO schema_steps (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
        (step.number, step.name, step.checksum, time.time_ns() // 1_000),
    )


def statements(script: str) -> Iterator[str]:
    """Yield the statements of *script*; `executescript` would commit."""
    *parts, rest = script.split(";")
    statement = ""
    for part in parts:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if (statement + rest).strip():
        raise SchemaError("A step ends within a statement.")
