"""Making a backup, restoring it, and proving that it could be restored."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from cortex_adapters.backup.ends import BackupEnd, Taken
from cortex_adapters.backup.folder import new_backup, opened, prune
from cortex_adapters.backup.manifest import (
    Manifest,
    TableDigest,
    describe_file,
    read_manifest,
    require_whole,
    write_manifest,
)
from cortex_adapters.moving.pages import pages
from cortex_adapters.moving.report import Step, Tell
from cortex_adapters.moving.rows import Digest, Row, canonical
from cortex_adapters.moving.tables import Table
from cortex_core.domain.errors import BackupDamagedError


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made, and those that were deleted for it."""

    backup: Path
    manifest: Manifest
    deleted: Sequence[Path]


async def make(
    end: BackupEnd,
    folder: Path,
    *,
    moment: datetime,
    made_by: str,
    tell: Tell,
    keep: int | None = None,
) -> Made:
    """Make a backup in *folder*; with *keep* delete older ones beyond so many.

    Servers go on reading and writing. What is counted and hashed is read from the database and
    not from the copy, so that a copy that went wrong is found.
    """
    with opened(folder):
        with new_backup(folder, moment) as (place, final):
            file = place / end.file
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            async with end.take() as taken:
                tables = await _written_and_counted(taken, file, tell)
                manifest = Manifest(
                    made_by=made_by,
                    kind=end.kind,
                    database=end.name,
                    created_at=moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                    tool=taken.tool,
                    server=taken.server,
                    schema_step=max(step.number for step in taken.steps),
                    steps=taken.steps,
                    tables=tables,
                    file=await asyncio.to_thread(describe_file, file),
                )
            write_manifest(place, manifest)
        deleted = [] if keep is None else prune(folder, manifest, keep)
    return Made(backup=final, manifest=manifest, deleted=deleted)


async def restore(
    end: BackupEnd, backup: Path, *, void_for: timedelta | None, tell: Tell
) -> Manifest:
    """Restore *backup* into *end*, which must be empty, and return what it holds.

    Every byte is looked at before, and every row after it is there; only then are servers let in.
    """
    manifest, file = await _opened(backup)
    async with end.load(file, manifest) as loaded:
        async with loaded.look() as taken:
            _require_same(backup, manifest, taken, await count(taken, tell, "verify"))
        await loaded.open_up(void_for=void_for)
    return manifest


async def verify(end: BackupEnd, backup: Path, *, tell: Tell) -> Manifest:
    """Prove *backup* by restoring it into a database that is made for that and dropped again."""
    manifest, file = await _opened(backup)
    async with (
        end.scratch() as scratch,
        scratch.load(file, manifest) as loaded,
        loaded.look() as taken,
    ):
        _require_same(backup, manifest, taken, await count(taken, tell, "verify"))
    return manifest


async def count(taken: Taken, tell: Tell, phase: str) -> Sequence[TableDigest]:
    """Count and hash the rows of every table."""
    found = []
    for table in taken.tables:
        digest = Digest()
        total = await taken.snapshot.count(table)
        async for page in pages(taken.snapshot, table):
            digest += await asyncio.to_thread(_digest, table, page)
            tell(Step(phase=phase, table=table.name, rows=digest.rows, total=total))
        found.append(TableDigest(table=table.name, rows=digest.rows, hash=digest.text))
    return found


def _digest(table: Table, rows: Sequence[Row]) -> Digest:
    return Digest.of(map(canonical(table), rows))


async def _opened(backup: Path) -> tuple[Manifest, Path]:
    manifest = read_manifest(backup)
    return manifest, await asyncio.to_thread(require_whole, backup, manifest)


async def _written_and_counted(taken: Taken, file: Path, tell: Tell) -> Sequence[TableDigest]:
    loop = asyncio.get_running_loop()

    def written(done: int, total: int) -> None:
        step = Step(phase="copy", table="(the file)", rows=done, total=total)
        loop.call_soon_threadsafe(tell, step)

    writing = asyncio.ensure_future(taken.write(file, written))
    try:
        tables = await count(taken, tell, "count")
        await writing
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await writing
    return tables


def _require_same(
    backup: Path, manifest: Manifest, taken: Taken, found: Sequence[TableDigest]
) -> None:
    there = {table.table: table for table in found}
    said = {table.table: table for table in manifest.tables}
    for name in sorted(there.keys() | said.keys()):
        if there.get(name) != said.get(name):
            raise BackupDamagedError(
                f"{backup}: {name} has {_shown(there.get(name))} once it is restored, and had "
                f"{_shown(said.get(name))}."
            )
    if list(taken.steps) != list(manifest.steps):
        raise BackupDamagedError(f"{backup}: its schema is not the one in its manifest.")


def _shown(table: TableDigest | None) -> str:
    return "no such table" if table is None else f"{table.rows} rows with the hash {table.hash}"
