"""The database file itself: private to its user, and writable."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cortex_core.domain.errors import StorageReadOnlyError, UnavailableError


def exists(path: str) -> bool:
    """Say whether there is such a file."""
    return Path(path).exists()


def make_file(path: str) -> None:
    """Make an empty file, for the user alone, unless there is one.

    Raises:
        StorageReadOnlyError: The place takes no writes.
        UnavailableError: There can be no such file.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise StorageReadOnlyError(f"{path}: cannot be written.") from error
        raise UnavailableError(f"{path}: cannot be opened: {error.strerror}.") from error


def require_writable(path: str) -> None:
    """Raise StorageReadOnlyError unless the file, if there is one, and its directory are writable.

    Without a place for the WAL nothing can even be read, and without permission for the file
    only the first statement that writes would fail.
    """
    file = Path(path).absolute()
    for place in (file, file.parent):
        if place.exists() and not os.access(place, os.W_OK):
            raise StorageReadOnlyError(f"{place}: cannot be written.")
