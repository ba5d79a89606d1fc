"""What psycopg raises becomes what the catalogue names."""

import psycopg
import pytest
from psycopg import errors

from cortex_adapters.postgres.errors import translated
from cortex_core.domain.errors import (
    BusyError,
    ConflictError,
    CortexError,
    DeadlineError,
    NotFoundError,
    OutcomeUnknownError,
    OverloadedError,
    StorageCorruptError,
    StorageForbiddenError,
    StorageFullError,
    UnavailableError,
)

NAMED = [
    (errors.UniqueViolation("x"), ConflictError),
    (errors.ForeignKeyViolation("x"), NotFoundError),
    (errors.SerializationFailure("x"), BusyError),
    (errors.DeadlockDetected("x"), BusyError),
    (errors.LockNotAvailable("x"), BusyError),
    (errors.QueryCanceled("x"), DeadlineError),
    (errors.DiskFull("x"), StorageFullError),
    (errors.InsufficientPrivilege("x"), StorageForbiddenError),
    (errors.InvalidSchemaName("x"), StorageForbiddenError),
    (errors.DataCorrupted("x"), StorageCorruptError),
    (errors.IndexCorrupted("x"), StorageCorruptError),
    (errors.TooManyConnections("x"), OverloadedError),
    (psycopg.OperationalError("FATAL:  sorry, too many clients already"), OverloadedError),
    (
        psycopg.OperationalError(
            "FATAL:  remaining connection slots are reserved for roles with SUPERUSER"
        ),
        OverloadedError,
    ),
    (psycopg.OperationalError('FATAL:  too many connections for role "x"'), OverloadedError),
    # A standby refuses before anything is done.
    (errors.ReadOnlySqlTransaction("x"), UnavailableError),
    (errors.FeatureNotSupported("x"), UnavailableError),
]
LOST = [
    psycopg.OperationalError("server closed the connection unexpectedly"),
    errors.ConnectionTimeout("connection timeout expired"),
    errors.AdminShutdown("x"),
    errors.CrashShutdown("x"),
    errors.CannotConnectNow("x"),
    errors.IdleInTransactionSessionTimeout("x"),
    errors.ConnectionFailure("x"),
    errors.ConnectionException("x"),
]
OURS = [
    errors.SyntaxError("x"),
    errors.UndefinedTable("x"),
    errors.NotNullViolation("x"),
    errors.CheckViolation("x"),
    errors.InFailedSqlTransaction("x"),
    psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"),
    psycopg.ProgrammingError("the query has 1 placeholders but 0 parameters were passed"),
    KeyError("x"),
]


@pytest.mark.parametrize(("error", "name"), NAMED)
def test_an_error_has_its_name_whatever_was_done(
    error: psycopg.Error, name: type[CortexError]
) -> None:
    for lost in (UnavailableError, OutcomeUnknownError):
        with pytest.raises(CortexError) as caught, translated(lost=lost):
            raise error
        assert type(caught.value) is name
        assert caught.value.__cause__ is error
        assert str(caught.value) == name.meaning()


@pytest.mark.parametrize("error", LOST)
def test_a_lost_connection_is_named_by_what_was_done(error: psycopg.Error) -> None:
    for lost in (UnavailableError, OutcomeUnknownError):
        with pytest.raises(CortexError) as caught, translated(lost=lost):
            raise error
        assert type(caught.value) is lost
        assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", OURS)
def test_a_fault_of_ours_passes(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated():
        raise error
    assert caught.value is error
