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
    CollisionError,
    ConflictError,
    CortexError,
    DeadlineError,
    NotFoundError,
    OutcomeUnknownError,
    OverloadedError,
    StorageCorruptError,
    StorageForbiddenError,
    StorageFullError,
    StorageReadOnlyError,
    TooLargeError,
    UnavailableError,
)


def _error(name: str) -> sqlite3.Error:
    error = sqlite3.OperationalError("SELECT secret FROM /home/ada/cortex.db")
    error.sqlite_errorcode = getattr(sqlite3, name)
    error.sqlite_errorname = name
    return error


BY_NAME: dict[str, type[CortexError]] = {
    "SQLITE_AUTH": StorageForbiddenError,
    "SQLITE_AUTH_USER": StorageForbiddenError,
    "SQLITE_BUSY": BusyError,
    "SQLITE_BUSY_RECOVERY": BusyError,
    "SQLITE_BUSY_SNAPSHOT": CollisionError,
    "SQLITE_CANTOPEN_ISDIR": UnavailableError,
    "SQLITE_CONSTRAINT_FOREIGNKEY": NotFoundError,
    "SQLITE_CONSTRAINT_PRIMARYKEY": ConflictError,
    "SQLITE_CONSTRAINT_UNIQUE": ConflictError,
    "SQLITE_CORRUPT_INDEX": StorageCorruptError,
    "SQLITE_FULL": StorageFullError,
    "SQLITE_INTERRUPT": DeadlineError,
    "SQLITE_IOERR_AUTH": StorageForbiddenError,
    "SQLITE_IOERR_BLOCKED": BusyError,
    "SQLITE_IOERR_CORRUPTFS": StorageCorruptError,
    "SQLITE_IOERR_DATA": StorageCorruptError,
    "SQLITE_IOERR_FSYNC": UnavailableError,
    "SQLITE_IOERR_NOMEM": OverloadedError,
    "SQLITE_IOERR_READ": UnavailableError,
    "SQLITE_IOERR_SHMSIZE": StorageFullError,
    "SQLITE_IOERR_WRITE": UnavailableError,
    "SQLITE_LOCKED_SHAREDCACHE": BusyError,
    "SQLITE_NOLFS": StorageFullError,
    "SQLITE_NOMEM": OverloadedError,
    "SQLITE_NOTADB": StorageCorruptError,
    "SQLITE_PERM": StorageForbiddenError,
    "SQLITE_PROTOCOL": BusyError,
    "SQLITE_READONLY": StorageReadOnlyError,
    "SQLITE_READONLY_DBMOVED": StorageReadOnlyError,
    "SQLITE_SCHEMA": BusyError,
    "SQLITE_TOOBIG": TooLargeError,
}


@pytest.mark.parametrize(("name", "expected"), BY_NAME.items())
def test_each_kind_has_its_name_and_keeps_its_cause(name: str, expected: type[CortexError]) -> None:
    cause = _error(name)
    with pytest.raises(CortexError) as caught, translated():
        raise cause
    assert caught.type is expected
    assert caught.value.__cause__ is cause
    assert str(caught.value) == expected.meaning()


@pytest.mark.parametrize("name", [name for name in dir(sqlite3) if name.startswith("SQLITE_IOERR")])
def test_no_disk_that_fails_is_a_mistake_of_our_own(name: str) -> None:
    with pytest.raises(CortexError), translated():
        raise _error(name)


def test_what_sqlite3_says_without_a_code_has_its_name() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100)
        for parameter in (1 << 63, "x" * 101):
            with pytest.raises(TooLargeError) as caught, translated(), translated():
                connection.execute("SELECT ?", [parameter])
            assert caught.value.__cause__ is not None
    cause = MemoryError()
    with pytest.raises(OverloadedError) as out_of_memory, translated(), translated():
        raise cause
    assert out_of_memory.value.__cause__ is cause


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

    failure: Exception

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT":
            raise self.failure
        return super().execute(sql)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(_error("SQLITE_IOERR_FSYNC"), OutcomeUnknownError), (MemoryError(), OverloadedError)],
)
def test_a_commit_that_may_have_reached_the_disk_is_no_plain_failure(
    tmp_path: Path, failure: Exception, expected: type[CortexError]
) -> None:
    """Its frames may be in the WAL, and be found after a crash; without memory they are not."""
    with closing(
        sqlite3.connect(tmp_path / "f.db", factory=_Failing, isolation_level=None)
    ) as connection:
        connection.failure = failure
        connection.execute("CREATE TABLE a (x)")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO a VALUES (1)")
        with pytest.raises(expected), translated():
            commit(connection, OpenFiles(str(tmp_path / "f.db")))
        assert not connection.in_transaction
        assert connection.execute("SELECT * FROM a").fetchall() == []
