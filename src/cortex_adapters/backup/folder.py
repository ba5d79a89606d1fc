"""The folder of backups: one is there whole, or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from cortex_adapters.backup.manifest import Manifest, read_manifest
from cortex_core.domain.errors import (
    BackupDamagedError,
    BusyError,
    SchemaUnknownError,
    StorageFullError,
    StorageReadOnlyError,
    UnavailableError,
)

_PARTIAL: Final = ".partial-"
_GOING: Final = ".going-"
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED: Final = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def opened(folder: Path) -> Iterator[None]:
    """Hold *folder*, made for its user alone if there is none, and tidy what others left there.

    Raises:
        BusyError: Somebody else makes a backup there.
        StorageFullError: There is no room.
        StorageReadOnlyError: It takes no writes.
    """
    with _translated(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError(f"{folder}: another backup is being made there.") from error
            for left in (*folder.glob(f"{_PARTIAL}*"), *folder.glob(f"{_GOING}*")):
                shutil.rmtree(left)
            yield
        finally:
            os.close(handle)


@contextmanager
def new_backup(folder: Path, moment: datetime) -> Iterator[tuple[Path, Path]]:
    """Give a place to write to, and the one where all of it is afterwards, if nothing went wrong.

    What is written is on the disk before it has its name, and the name before this returns.
    """
    final = folder / moment.strftime("cortex-%Y%m%dT%H%M%S%fZ")
    place = folder / f"{_PARTIAL}{final.name}"
    place.mkdir(mode=0o700)
    try:
        yield place, final
        for file in place.iterdir():
            file.chmod(0o600)
            sync(file)
        sync(place)
        place.rename(final)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    sync(folder)


def backups(folder: Path) -> Sequence[tuple[Path, Manifest]]:
    """Return the backups in *folder* that look whole, newest first; their bytes are not read."""
    found = []
    for place in folder.glob("cortex-*"):
        try:
            manifest = read_manifest(place)
            whole = (place / manifest.file.name).stat().st_size == manifest.file.bytes
        except (BackupDamagedError, SchemaUnknownError, OSError):
            continue
        if whole:
            found.append((place, manifest))
    return sorted(found, key=lambda each: each[1].created_at, reverse=True)


def prune(folder: Path, newest: Manifest, keep: int) -> Sequence[Path]:
    """Delete backups of the same database as *newest*, older than it and the next; return which.

    *keep* counts backups that look whole, *newest* among them. What is not whole, what somebody
    else put there, and backups of other databases stay.
    """
    of_it = [
        place
        for place, manifest in backups(folder)
        if (manifest.kind, manifest.database) == (newest.kind, newest.database)
        and manifest.created_at <= newest.created_at
    ]
    gone = []
    with _translated(folder):
        for place in of_it[max(keep, 1) :]:
            going = folder / f"{_GOING}{place.name}"
            place.rename(going)  # a backup is there whole, also while it goes
            shutil.rmtree(going)
            gone.append(place)
        sync(folder)
    return gone


def sync(path: Path) -> None:
    """Have a file or a folder written to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(f"{folder}: no room left; no backup was made.") from error
        if error.errno in _REFUSED:
            raise StorageReadOnlyError(f"{folder}: cannot be written.") from error
        raise UnavailableError(f"{folder}: cannot be used: {error.strerror}.") from error
