"""`cortex db backup`, `cortex db restore` and `cortex db verify-backup`."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from cortex_adapters.backup import work
from cortex_adapters.backup.folder import backups
from cortex_adapters.backup.manifest import MANIFEST, Manifest, read_manifest
from cortex_adapters.cli.progress import Progress
from cortex_adapters.server import backup_end, naming, proving_end, void_for
from cortex_adapters.settings import Settings, load_settings


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done, as JSON."""

    done: str
    backup: str
    database: str
    created_at: str
    schema_step: int
    rows: int
    bytes: int
    deleted: Sequence[str] | None = None


def run(asked: Namespace) -> int:
    """Make, restore or prove a backup."""
    settings = load_settings(os.environ)
    progress = Progress(json=asked.json)
    with naming(settings.database_url):
        try:
            done = _DO[asked.step](asked, settings, progress)
        finally:
            progress.end()
    if progress.json:
        print(msgspec.json.encode(done).decode(), flush=True)
    else:
        print("\n".join(_lines(done)), flush=True)
    return 0


def _make(asked: Namespace, settings: Settings, progress: Progress) -> Done:
    made = asyncio.run(
        work.make(
            backup_end(settings.database_url, asked.tools),
            asked.folder,
            moment=datetime.now(UTC),
            made_by=f"cortex-core {version('cortex-core')}",
            tell=progress.tell,
            keep=asked.keep,
        )
    )
    return _done("backup", made.backup, made.manifest, [str(each) for each in made.deleted])


def _restore(asked: Namespace, settings: Settings, progress: Progress) -> Done:
    holds = read_manifest(asked.backup).kind
    end = backup_end(settings.database_url, asked.tools, holds=holds)
    void = None if asked.keep_tokens else void_for(settings)
    manifest = asyncio.run(work.restore(end, asked.backup, void_for=void, tell=progress.tell))
    return _done("restore", asked.backup, manifest)


def _verify(asked: Namespace, settings: Settings, progress: Progress) -> Done:
    backup: Path = asked.backup
    if not (backup / MANIFEST).exists() and (found := backups(backup)):
        backup = found[0][0]
    end = proving_end(settings, read_manifest(backup).kind, asked.tools)
    manifest = asyncio.run(work.verify(end, backup, tell=progress.tell))
    return _done("verify-backup", backup, manifest)


_DO = {"backup": _make, "restore": _restore, "verify-backup": _verify}


def _done(
    done: str, backup: Path, manifest: Manifest, deleted: Sequence[str] | None = None
) -> Done:
    return Done(
        done=done,
        backup=str(backup),
        database=manifest.database,
        created_at=manifest.created_at,
        schema_step=manifest.schema_step,
        rows=manifest.rows,
        bytes=manifest.file.bytes,
        deleted=deleted,
    )


def _lines(done: Done) -> Sequence[str]:
    of = f"{done.rows:,} rows of {done.database}, as of {done.created_at}"
    match done.done:
        case "backup":
            deleted = [f"deleted {each}" for each in done.deleted or ()]
            return [f"{done.backup}: {of}, {done.bytes / 1e6:,.1f} MB", *deleted]
        case "restore":
            return [f"restored {of}; every count and hash is the same. Everybody signs in again"]
        case _:
            return [f"{done.backup} can be restored: {of}, every count and hash the same"]
