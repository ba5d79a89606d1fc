"""One server for one file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cortex_core.domain.errors import BusyError, UnavailableError


@contextmanager
def serving(path: str) -> Iterator[None]:
    """Hold the file at *path* for this server; the lock ends with the process, however it ends.

    The stream of a server on SQLite reaches listeners in its own process only, so a second
    server would leave them waiting.

    Raises:
        BusyError: Another server holds it.
    """
    name = f"{os.path.realpath(path)}.lock"
    try:
        handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnavailableError(f"{name}: cannot be opened: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise BusyError(f"{path}: another server is using this file.") from error
    try:
        yield
    finally:
        os.close(handle)
