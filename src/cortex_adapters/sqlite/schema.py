"""The schema: where a file stands, and the steps that bring it up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Final

from cortex_adapters.migrations import SchemaStatus, Step, compare, load_steps, way_back
from cortex_adapters.moving.place import require_here, require_still
from cortex_adapters.sqlite import ledger
from cortex_adapters.sqlite.connections import MIGRATOR, READER, open_lane, patiently
from cortex_adapters.sqlite.files import exists, make_file, require_place, require_writable
from cortex_adapters.sqlite.move_state import read as read_state
from cortex_adapters.sqlite.structure import differences, statements, structure
from cortex_core.domain.errors import SchemaError

OLDEST: Final = (3, 38, 0)  # STRICT, RETURNING, and JSON that is always there

_STEPS: Final = "cortex_adapters.sqlite.migrations"
_PATIENCE: Final = 30.0


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
        return compare(steps, await lane.run(partial(ledger.read, path)))


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


async def downgrade(
    path: str, to: int, *, losing: bool = False, steps: Sequence[Step] | None = None
) -> Sequence[Step]:
    """Take steps back until the schema stands at step *to*; return those that were taken back.

    *losing* allows ways back that lose what earlier releases have no place for.

    Raises:
        MovedError: A move has begun, or has ended; no step may come between.
        NoWayBackError: There is no such way back. And as `status` does.
    """
    steps = steps or _load()
    taken: list[Step] = []
    async with open_lane(path, MIGRATOR, patience=_PATIENCE) as lane:
        take = partial(_take_back_next, path, steps, to, losing)
        while step := await lane.run(take):
            taken.append(step)
    return taken


async def check(path: str, *, steps: Sequence[Step] | None = None) -> Sequence[str]:
    """Say in what the schema differs from what the steps in its ledger make, a line for each.

    Raises:
        As `status` does.
    """
    steps = steps or _load()
    current = (await status(path, steps=steps)).current
    if not exists(path):
        return []
    async with open_lane(path, READER, patience=_PATIENCE, busy_timeout=_PATIENCE) as lane:
        found = await lane.run(structure)
    return differences(found, [step for step in steps if step.number <= current])


def _load() -> Sequence[Step]:
    if sqlite3.sqlite_version_info < OLDEST:
        needed = ".".join(map(str, OLDEST))
        raise SchemaError(f"SQLite {needed} is needed, and this is {sqlite3.sqlite_version}.")
    with closing(sqlite3.connect(":memory:")) as connection:
        require_built_with(name for (name,) in connection.execute("PRAGMA module_list"))
    return load_steps(_STEPS)


def require_built_with(modules: Iterable[str]) -> None:
    """Raise SchemaError unless what a search needs is among the *modules* of SQLite."""
    if "fts5" not in modules:
        raise SchemaError("This SQLite was built without FTS5, which a search needs.")


def _apply_next(path: str, steps: Sequence[Step], connection: sqlite3.Connection) -> Step | None:
    """Apply the first step that is pending; the lock is taken before the ledger is read."""
    with _changing(connection):
        pending = compare(steps, ledger.read(path, connection)).pending
        if pending:
            _apply(pending[0], connection)
    return pending[0] if pending else None


def _take_back_next(
    path: str, steps: Sequence[Step], to: int, losing: bool, connection: sqlite3.Connection
) -> Step | None:
    with _changing(connection):
        current = compare(steps, ledger.read(path, connection))
        back = way_back(current, to, losing=losing)
        if back:
            for statement in statements(back[0].down or ""):
                connection.execute(statement)
            _require_owners(back[0], connection)
            connection.execute("DELETE FROM schema_steps WHERE number = ?", (back[0].number,))
    return back[0] if back else None


@contextmanager
def _changing(connection: sqlite3.Connection) -> Iterator[None]:
    patiently(connection, "BEGIN IMMEDIATE", _PATIENCE)
    try:
        require_still(read_state(connection))
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _apply(step: Step, connection: sqlite3.Connection) -> None:
    ledger.make(connection)
    for statement in statements(step.sql):
        connection.execute(statement)
    _require_owners(step, connection)
    connection.execute(
        "INSERT INTO schema_steps (number, name, checksum, applied_at, runs)"
        " VALUES (?, ?, ?, ?, ?)",
        (step.number, step.name, step.checksum, time.time_ns() // 1_000, step.runs),
    )


def _require_owners(step: Step, connection: sqlite3.Connection) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise SchemaError(f"Step {step.number} ({step.name}) would leave rows without their owner.")
