"""A file that has backups: copied page by page while servers write to it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from cortex_adapters.backup.ends import BackupEnd, Written
from cortex_adapters.backup.folder import sync
from cortex_adapters.backup.manifest import Kind, Manifest
from cortex_adapters.backup.renewal import renewal
from cortex_adapters.migrations import Applied
from cortex_adapters.moving.place import require_still
from cortex_adapters.moving.tables import Table
from cortex_adapters.sqlite import ledger, move_state, schema
from cortex_adapters.sqlite.connections import READER, Lane, open_lane, patiently
from cortex_adapters.sqlite.files import exists, open_file, opening
from cortex_adapters.sqlite.lock import serving
from cortex_adapters.sqlite.moving.snapshot import SqliteSnapshot, begin
from cortex_adapters.sqlite.moving.tables import describe
from cortex_core.domain.errors import BackupDamagedError, ConflictError, SchemaError

_PATIENCE: Final = 30.0
_PAGES: Final = 2_000  # at once, between two looks at whether this is still wanted
_ALONE: Final = ("PRAGMA foreign_keys = OFF", "PRAGMA synchronous = FULL")
_VERSION: Final = f"SQLite {sqlite3.sqlite_version}"


class SqliteTaken:
    """A file at one moment: a transaction that reads, over one connection."""

    tool = server = _VERSION

    def __init__(self, lane: Lane, tables: Sequence[Table], steps: Sequence[Applied]) -> None:
        self.snapshot = SqliteSnapshot(lane)
        self.tables = tables
        self.steps = steps
        self._lane = lane

    async def write(self, file: Path, written: Written) -> None:
        unwanted = False

        def told(_status: int, left: int, total: int) -> None:
            if unwanted:
                raise InterruptedError
            written(total - left, total)

        def work(connection: sqlite3.Connection) -> None:
            # The source is in a transaction: however many steps this takes, it is one moment.
            with closing(sqlite3.connect(file, isolation_level=None)) as copy:
                connection.backup(copy, pages=_PAGES, progress=told)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, that needs no other

        try:
            await self._lane.run(work)
        except asyncio.CancelledError:
            unwanted = True
            raise


class SqliteLoaded:
    """A backup in a file beside the one that it is to be."""

    def __init__(self, file: str, place: Callable[[], None]) -> None:
        self._file = file
        self._place = place

    @asynccontextmanager
    async def look(self) -> AsyncIterator[SqliteTaken]:
        async with _taken(self._file, whole=True) as taken:
            yield taken

    async def open_up(self, *, void_for: timedelta | None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            now = time.time_ns() // 1_000
            ends = None if void_for is None else str(now + void_for // timedelta(microseconds=1))
            tables = {table.name for table in describe(connection)}
            patiently(connection, "BEGIN IMMEDIATE", _PATIENCE)
            for statement in renewal(tables, now=str(now), ends=ends):
                connection.execute(statement)
            connection.execute("COMMIT")

        async with open_lane(self._file, _ALONE, patience=_PATIENCE) as lane:
            await lane.run(work)
        await asyncio.to_thread(self._place)


class SqliteBackup:
    """The file at *path*, to make backups of or to restore one into."""

    kind: Kind = "sqlite"
    file = "data.db"

    def __init__(self, path: str, tools: Path | None = None) -> None:  # noqa: ARG002 - SQLite is built in
        self.name = f"sqlite:///{os.path.realpath(path)}"
        self._path = path

    @asynccontextmanager
    async def take(self) -> AsyncIterator[SqliteTaken]:
        if not exists(self._path) or not (await schema.status(self._path)).current:
            raise SchemaError(f"{self._path}: there is nothing in it, so nothing to back up.")
        async with _taken(self._path) as taken:
            yield taken

    @asynccontextmanager
    async def load(self, file: Path, manifest: Manifest) -> AsyncIterator[SqliteLoaded]:  # noqa: ARG002 - the port's
        with serving(self._path):
            _require_empty(self._path)
            with _beside(self._path) as new:
                with opening(new):
                    await asyncio.to_thread(_copy, file, new)

                def place() -> None:
                    with opening(self._path):
                        sync(Path(new))
                        Path(new).replace(os.path.realpath(self._path))
                        sync(Path(self._path).absolute().parent)

                yield SqliteLoaded(new, place)

    def scratch(self) -> AbstractAsyncContextManager[BackupEnd]:
        return _scratch()


@asynccontextmanager
async def _scratch() -> AsyncIterator[BackupEnd]:
    with tempfile.TemporaryDirectory(prefix="cortex-verify-") as folder:
        yield SqliteBackup(f"{folder}/cortex.db")


@asynccontextmanager
async def _taken(path: str, *, whole: bool = False) -> AsyncIterator[SqliteTaken]:
    async with open_lane(path, READER, patience=_PATIENCE, busy_timeout=_PATIENCE) as lane:
        if whole:
            await lane.run(_require_sound)
        await lane.run(begin)
        try:
            tables, steps = await lane.run(partial(_described, path))
            yield SqliteTaken(lane, tables, steps)
        finally:
            await lane.run(sqlite3.Connection.rollback)


def _described(
    path: str, connection: sqlite3.Connection
) -> tuple[Sequence[Table], Sequence[Applied]]:
    require_still(move_state.read(connection))
    return describe(connection), ledger.read(path, connection)


def _require_sound(connection: sqlite3.Connection) -> None:
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()
        orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupDamagedError("The data of the backup is no sound file of SQLite.") from error
    if found != ("ok",) or orphan is not None:
        raise BackupDamagedError("The data of the backup is no sound file of SQLite.")


def _require_empty(path: str) -> None:
    real = os.path.realpath(path)  # SQLite follows links before it names what lies beside
    for name in (real, f"{real}-wal", f"{real}-journal"):
        if exists(name) and Path(name).stat().st_size:
            raise ConflictError(
                f"{name}: is there already. A backup is restored into an empty place only: move "
                "what is there away, or name another file in CORTEX_DATABASE_URL."
            )


@contextmanager
def _beside(path: str) -> Iterator[str]:
    """Give a name beside *path*; whatever has it, or its journal, is gone before and after."""
    new = f"{os.path.realpath(path)}.restoring"

    def tidy() -> None:
        for name in (new, f"{new}-journal", f"{new}-wal", f"{new}-shm"):
            Path(name).unlink(missing_ok=True)

    tidy()
    try:
        yield new
    finally:
        tidy()


def _copy(file: Path, new: str) -> None:
    with file.open("rb") as source, os.fdopen(open_file(new), "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
