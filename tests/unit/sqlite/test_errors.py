"""What SQLite reports, by its extended codes, in the words of the catalogue."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cortex_adapters.sqlite.errors import translated
from cortex_adapters.sqlite.files import OpenFiles
from cortex_adapters.sqlite.transaction import commit
from cortex_core.domain.errors import (
    BusyError,
    ConflictError,
    CortexError,
    DeadlineError,
    NotFoundError,
    OutcomeUnknownError,
    StorageCorruptError,
    StorageFullError,
    StorageReadOnlyError,
    UnavailableError,
)


def _error(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("SELECT secret FROM /home/ada/cortex.db")
    error.sqlite_errorcode = getattr(sqlite3, name)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_BUSY", BusyError),
        ("SQLITE_BUSY_SNAPSHOT", BusyError),
        ("SQLITE_BUSY_RECOVERY", BusyError),
        ("SQLITE_LOCKED_SHAREDCACHE", BusyError),
        ("SQLITE_FULL", StorageFullError),
        ("SQLITE_READONLY", StorageReadOnlyError),
        ("SQLITE_READONLY_DBMOVED", StorageReadOnlyError),
        ("SQLITE_CORRUPT_INDEX", StorageCorruptError),
        ("SQLITE_NOTADB", StorageCorruptError),
        ("SQLITE_CANTOPEN_ISDIR", UnavailableError),
        ("SQLITE_IOERR_FSYNC", UnavailableError),
        ("SQLITE_IOERR_CORRUPTFS", StorageCorruptError),
        ("SQLITE_INTERRUPT", DeadlineError),
        ("SQLITE_CONSTRAINT_UNIQUE", ConflictError),
        ("SQLITE_CONSTRAINT_PRIMARYKEY", ConflictError),
        ("SQLITE_CONSTRAINT_FOREIGNKEY", NotFoundError),
    ],
)
def test_each_kind_has_its_name_and_keeps_its_cause(name: str, expected: type[CortexError]) -> None:
    cause = _error(name)
    with pytest.raises(CortexError) as caught, translated():
        raise cause
    assert caught.type is expected
    assert caught.value.__cause__ is cause
    assert str(caught.value) == expected.meaning()


@pytest.mark.parametrize("name", ["SQLITE_ERROR", "SQLITE_CONSTRAINT_CHECK", "SQLITE_MISUSE"])
def test_a_mistake_of_our_own_keeps_its_type(name: str) -> None:
    cause = _error(name)
    with pytest.raises(sqlite3.Error) as caught, translated():
        raise cause
    assert caught.value is cause


def test_errors_of_the_catalogue_pass() -> None:
    with pytest.raises(NotFoundError), translated():
        raise NotFoundError


async def test_writing_where_nothing_can_be_written(path: str) -> None:
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
        pytest.raises(StorageReadOnlyError),
        translated(),
    ):
        connection.execute("INSERT INTO registry VALUES ('a', 'b')")


class _Failing(sqlite3.Connection):
    """Fails to commit as a disk would."""

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT":
            raise _error("SQLITE_IOERR_FSYNC")
        return super().execute(sql)


def test_a_commit_that_may_have_reached_the_disk_is_no_plain_failure(tmp_path: Path) -> None:
    """Its frames may be in the WAL, and be found after a crash."""
    with closing(
        sqlite3.connect(tmp_path / "f.db", factory=_Failing, isolation_level=None)
    ) as connection:
        connection.execute("CREATE TABLE a (x)")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO a VALUES (1)")
        with pytest.raises(OutcomeUnknownError), translated():
            commit(connection, OpenFiles(str(tmp_path / "f.db")))
        assert not connection.in_transaction
        assert connection.execute("SELECT * FROM a").fetchall() == []
