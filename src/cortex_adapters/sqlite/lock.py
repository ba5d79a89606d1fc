"""One server for one file, and one move."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cortex_adapters.sqlite.files import open_file, opening, require_place
from cortex_core.domain.errors import BusyError


@contextmanager
def serving(path: str) -> Iterator[None]:
    """Hold the file at *path* for this server; the lock ends with the process, however it ends.

    The stream of a server on SQLite reaches listeners in its own process only, so a second
    server would leave them waiting.

    Raises:
        BusyError: Another server holds it.
        StorageReadOnlyError: Its folder takes no writes.
        UnavailableError: There can be no such file.
    """
    with _alone(path, "lock", "another server is using this file."):
        yield


@contextmanager
def moving(path: str) -> Iterator[None]:
    """Hold the file at *path* for this move, beside the server that may be using it.

    Raises:
        BusyError: Another move holds it.
        StorageReadOnlyError: Its folder takes no writes.
        UnavailableError: There can be no such file.
    """
    with _alone(path, "move", "another move is using this file."):
        yield


@contextmanager
def _alone(path: str, kind: str, taken: str) -> Iterator[None]:
    require_place(path)
    with opening(path):
        handle = open_file(f"{os.path.realpath(path)}.{kind}")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise BusyError(f"{path}: {taken}") from error
    try:
        yield
    finally:
        os.close(handle)
