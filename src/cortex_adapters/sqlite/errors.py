"""The door: what SQLite reports becomes an error of the catalogue, and keeps its cause."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from cortex_core.domain.errors import (
    BusyError,
    CollisionError,
    ConflictError,
    CortexError,
    DeadlineError,
    FrozenError,
    InvalidInputError,
    NotFoundError,
    OverloadedError,
    StorageCorruptError,
    StorageForbiddenError,
    StorageFullError,
    StorageReadOnlyError,
    TooLargeError,
    UnavailableError,
)

# An extended code that has no line of its own has that of its primary one: in the family of IOERR
# the disk does not answer, and a commit among them has an outcome that nobody knows.
_BY_CODE: Final[dict[int, type[CortexError]]] = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: ConflictError,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: ConflictError,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: NotFoundError,
    sqlite3.SQLITE_BUSY_SNAPSHOT: CollisionError,
    sqlite3.SQLITE_IOERR_AUTH: StorageForbiddenError,
    sqlite3.SQLITE_IOERR_BLOCKED: BusyError,
    # Only a move has triggers that raise.
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: FrozenError,
    sqlite3.SQLITE_IOERR_CORRUPTFS: StorageCorruptError,
    sqlite3.SQLITE_IOERR_DATA: StorageCorruptError,  # a page whose checksum is wrong
    sqlite3.SQLITE_IOERR_NOMEM: OverloadedError,
    sqlite3.SQLITE_IOERR_SHMSIZE: StorageFullError,  # no room for the file beside the WAL
    sqlite3.SQLITE_AUTH: StorageForbiddenError,
    sqlite3.SQLITE_BUSY: BusyError,
    sqlite3.SQLITE_CANTOPEN: UnavailableError,
    sqlite3.SQLITE_CORRUPT: StorageCorruptError,
    sqlite3.SQLITE_FULL: StorageFullError,
    sqlite3.SQLITE_INTERRUPT: DeadlineError,
    sqlite3.SQLITE_IOERR: UnavailableError,
    sqlite3.SQLITE_LOCKED: BusyError,
    sqlite3.SQLITE_NOLFS: StorageFullError,  # the file may not become any larger here
    sqlite3.SQLITE_NOMEM: OverloadedError,
    sqlite3.SQLITE_NOTADB: StorageCorruptError,
    sqlite3.SQLITE_PERM: StorageForbiddenError,
    sqlite3.SQLITE_PROTOCOL: BusyError,
    sqlite3.SQLITE_READONLY: StorageReadOnlyError,
    sqlite3.SQLITE_SCHEMA: BusyError,  # it changed under the statement, time and again
    sqlite3.SQLITE_TOOBIG: TooLargeError,
}


def primary_code(error: BaseException) -> int | None:
    """Return SQLite's primary result code, or None where sqlite3 itself complains."""
    code = _code(error)
    return None if code is None else code & 0xFF


@contextmanager
def translated(file: str | None = None) -> Iterator[None]:
    """Raise errors of the catalogue for SQLite's; *file*, at a start, is named in them.

    What is left as it is, is our own mistake: a wrong statement, a broken CHECK.
    """
    try:
        yield
    except sqlite3.Error as error:
        kind = _kind(error)
        if kind is None:
            raise
        raise kind(f"{file}: {_meaning(error, kind)}" if file else "") from error
    except MemoryError as error:  # what sqlite3 makes of SQLITE_NOMEM
        raise OverloadedError from error
    except OverflowError as error:  # an integer of more than 64 bits
        raise TooLargeError from error
    except (InvalidInputError, msgspec.MsgspecError) as error:
        # Within a statement's work, what is not valid was read, not given.
        raise StorageCorruptError from error


def _kind(error: sqlite3.Error) -> type[CortexError] | None:
    code = _code(error)
    if code is None:
        # sqlite3 reports text that is not UTF-8 without a code.
        return StorageCorruptError if isinstance(error, sqlite3.OperationalError) else None
    return _BY_CODE.get(code) or _BY_CODE.get(code & 0xFF)


def _meaning(error: sqlite3.Error, kind: type[CortexError]) -> str:
    if primary_code(error) == sqlite3.SQLITE_NOTADB:
        return "is no database of SQLite, or its first page is damaged."
    return kind.meaning()


def _code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code if isinstance(code, int) else None
