"""The database file itself: private to its user, writable, and where it was found."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cortex_core.domain.errors import StorageFullError, StorageReadOnlyError, UnavailableError


class OpenFiles:
    """The files of a database that is open: its own, the WAL and the shared memory beside it.

    A file that is deleted or moved while it is open still takes writes, and nobody finds them.
    """

    def __init__(self, path: str) -> None:
        own = Path(path).absolute()
        beside = str(own.resolve())  # SQLite follows links before it names what lies beside
        self._beside = {
            "The WAL of the database": Path(f"{beside}-wal"),
            "The shared memory of the database": Path(f"{beside}-shm"),
        }
        self._found = [("The database file", own, _identity(own))]

    def note_beside(self) -> None:
        """Note the files that SQLite makes, once a connection is open and keeps them there."""
        self._found += [(name, path, _identity(path)) for name, path in self._beside.items()]

    def require_in_place(self) -> None:
        """Raise UnavailableError unless each path still names the file that was found there."""
        for name, path, found in self._found:
            now = _identity(path)
            if now != found:
                how = "replaced" if now else "deleted or moved"
                raise UnavailableError(f"{name} was {how} while it was open.")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def exists(path: str) -> bool:
    """Say whether there is such a file."""
    return Path(path).exists()


def make_file(path: str) -> None:
    """Make an empty file, for the user alone, unless there is one.

    Raises:
        StorageReadOnlyError: The place takes no writes.
        UnavailableError: There can be no such file.
    """
    require_place(path)
    with opening(path):
        os.close(open_file(path))


def open_file(name: str) -> int:
    """Open a file, made for the user alone if there is none, and return its descriptor."""
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def opening(path: str) -> Iterator[None]:
    """Say of the database at *path* that a file of it cannot be opened inside."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise StorageReadOnlyError(f"{path}: cannot be written.") from error
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFullError(f"{path}: there is no room left for it.") from error
        raise UnavailableError(f"{path}: cannot be opened: {error.strerror}.") from error


def require_place(path: str) -> None:
    """Raise UnavailableError unless *path* names a file, or one that could be made."""
    file = Path(path).absolute()
    with opening(path):
        if stat.S_ISDIR(file.parent.stat().st_mode) and not file.is_dir():
            return
    if file.is_dir():
        raise UnavailableError(f"{path}: is a folder, and no file.")
    raise UnavailableError(f"{path}: cannot be opened: {os.strerror(errno.ENOTDIR)}.")


def require_writable(path: str) -> None:
    """Raise StorageReadOnlyError unless the file, if there is one, and its directory are writable.

    Without a place for the WAL nothing can even be read, and without permission for the file
    only the first statement that writes would fail.
    """
    file = Path(path).absolute()
    for place in (file, file.parent):
        if place.exists() and not os.access(place, os.W_OK):
            raise StorageReadOnlyError(f"{place}: cannot be written.")
