"""What psycopg raises becomes what the catalogue names."""

import inspect

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import DiagnosticField

from cortex_adapters.postgres.connection import Row
from cortex_adapters.postgres.errors import translated
from cortex_adapters.postgres.line import Line
from cortex_adapters.postgres.pool import Pool
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
    TooLargeError,
    UnavailableError,
)
from cortex_core.ports import NoTelemetry

BY_SQLSTATE: dict[str, type[CortexError]] = {
    "0A000": UnavailableError,  # a plan from before a change
    "22003": TooLargeError,
    "23503": NotFoundError,
    "23505": ConflictError,
    "25006": UnavailableError,  # a standby refuses before anything is done
    "25P04": DeadlineError,
    "3F000": StorageForbiddenError,
    "40000": CollisionError,
    "40001": CollisionError,
    "40003": OutcomeUnknownError,
    "40P01": CollisionError,
    "42501": StorageForbiddenError,
    "53000": OverloadedError,
    "53100": StorageFullError,
    "53200": OverloadedError,
    "53300": OverloadedError,
    "53400": OverloadedError,
    "54000": TooLargeError,
    "55006": BusyError,
    "55P03": BusyError,
    "57014": DeadlineError,
    "58000": UnavailableError,
    "58030": UnavailableError,
    "58P01": StorageCorruptError,
    "58P02": UnavailableError,
    "72000": CollisionError,
    "XX001": StorageCorruptError,
    "XX002": StorageCorruptError,
}
WITHOUT: dict[str, type[CortexError]] = {
    "FATAL:  sorry, too many clients already": OverloadedError,
    "FATAL:  remaining connection slots are reserved for roles with SUPERUSER": OverloadedError,
    'FATAL:  too many connections for role "x"': OverloadedError,
}
NAMED = [
    *((errors.lookup(state)("x"), name) for state, name in BY_SQLSTATE.items()),
    *((psycopg.OperationalError(said), name) for said, name in WITHOUT.items()),
]
LOST = [
    psycopg.OperationalError("server closed the connection unexpectedly"),
    errors.ConnectionTimeout("connection timeout expired"),
    errors.AdminShutdown("x"),
    errors.CrashShutdown("x"),
    errors.CannotConnectNow("x"),
    errors.DatabaseDropped("x"),
    errors.IdleSessionTimeout("x"),
    errors.OperatorIntervention("x"),
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
    errors.StatementTooComplex("x"),
    errors.InternalError_("x"),
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


@pytest.mark.parametrize(
    "error",
    [
        error("x")
        for _, error in inspect.getmembers(errors, inspect.isclass)
        if issubclass(error, psycopg.Error) and (error.sqlstate or "")[:2] in {"53", "57", "58"}
        if error is not errors.FileNameTooLong  # of a name that is given
    ],
    ids=lambda error: error.sqlstate,
)
def test_no_want_of_means_and_no_operator_is_a_fault_of_ours(error: psycopg.Error) -> None:
    """PostgreSQL's appendix A, classes 53, 57 and 58."""
    with pytest.raises(CortexError), translated():
        raise error


class _Ending(Pool):
    """Answers as PostgreSQL 17 does where a transaction takes longer than it may."""

    severity = b"FATAL"

    async def send(self, *arguments: object, **named: object) -> list[Row]:
        with translated():
            raise errors.TransactionTimeout(
                "x", info={DiagnosticField.SEVERITY_NONLOCALIZED: self.severity}
            )


@pytest.mark.parametrize(("severity", "broken"), [(b"FATAL", True), (b"ERROR", False)])
async def test_a_connection_that_the_server_ends_is_not_lent_again(
    database: str, severity: bytes, broken: bool
) -> None:
    pool = _Ending(database, max_size=1, max_waiting=1, wait=1, telemetry=NoTelemetry())
    pool.severity = severity
    line = Line(pool)
    with pytest.raises(DeadlineError):
        await line.send("SELECT 1")
    assert line.broken is broken
    line.end()
    pool.close()


@pytest.mark.parametrize("error", OURS)
def test_a_fault_of_ours_passes(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated():
        raise error
    assert caught.value is error
