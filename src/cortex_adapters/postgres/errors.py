"""The door: what psycopg raises becomes what the catalogue names.

By SQLSTATE (PostgreSQL's appendix A) where there is one. A server that takes no writes because it
is a standby now (25006) counts as one that is away: the unit begins anew on a fresh connection,
which finds the new primary where the connection string names both.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

import psycopg

from cortex_core.domain.errors import (
    BusyError,
    CollisionError,
    ConflictError,
    CortexError,
    DeadlineError,
    FrozenError,
    NotFoundError,
    OutcomeUnknownError,
    OverloadedError,
    StorageCorruptError,
    StorageForbiddenError,
    StorageFullError,
    TooLargeError,
    UnavailableError,
)

__all__ = ["ends_session", "translated"]

_NAMED: Final[dict[str, type[CortexError]]] = {
    # feature_not_supported: BEGIN READ WRITE on a standby, or a statement that was prepared
    # before the schema changed; a fresh connection helps
    "0A000": UnavailableError,
    "22003": TooLargeError,  # numeric_value_out_of_range
    "23503": NotFoundError,  # foreign_key_violation
    "23505": ConflictError,  # unique_violation
    "25006": UnavailableError,  # read_only_sql_transaction: this server is a standby now
    "25P04": DeadlineError,  # transaction_timeout: it ends the session, too
    "3F000": StorageForbiddenError,  # invalid_schema_name: none that this role may use
    "40000": CollisionError,  # transaction_rollback
    "40001": CollisionError,  # serialization_failure
    "40003": OutcomeUnknownError,  # statement_completion_unknown: of what stands between, at most
    "40P01": CollisionError,  # deadlock_detected
    "42501": StorageForbiddenError,  # insufficient_privilege
    "53000": OverloadedError,  # insufficient_resources: file descriptors, above all
    "53100": StorageFullError,  # disk_full
    "53200": OverloadedError,  # out_of_memory
    "53300": OverloadedError,  # too_many_connections
    "53400": OverloadedError,  # configuration_limit_exceeded: temp_file_limit, above all
    "54000": TooLargeError,  # program_limit_exceeded: a value too long for its index
    "55006": BusyError,  # object_in_use
    "55P03": BusyError,  # lock_not_available
    "57014": DeadlineError,  # query_canceled: only ever by statement_timeout
    "58000": UnavailableError,  # system_error
    "58030": UnavailableError,  # io_error
    "58P01": StorageCorruptError,  # undefined_file: one of the database's own is gone
    "58P02": UnavailableError,  # duplicate_file
    "72000": CollisionError,  # snapshot_too_old
    "CTXFZ": FrozenError,  # ours: raised by the triggers of a move
    "XX001": StorageCorruptError,  # data_corrupted
    "XX002": StorageCorruptError,  # index_corrupted
}
# connection_exception; idle_in_transaction_session_timeout; operator_intervention: admin_shutdown,
# crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout
_LOST: Final = ("08", "25P03", "57")
# Who is refused while connecting learns no SQLSTATE; where the server speaks another language,
# this is UnavailableError.
_NO_ROOM: Final = ("too many clients", "too many connections", "connection slots are reserved")


class _Door:
    """A class, because each statement passes it: a generator would cost three times as much."""

    __slots__ = ("_lost",)

    def __init__(self, lost: type[UnavailableError]) -> None:
        self._lost = lost

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, psycopg.Error):
            named = _named(error) or (self._lost if _is_lost(error) else None)
            if named is not None:
                raise named from error


def translated(*, lost: type[UnavailableError] = UnavailableError) -> _Door:
    """Raise what the catalogue names from what psycopg raises inside.

    *lost* is for a connection that is gone. What has no name passes: it is a fault of ours.
    """
    return _Door(lost)


def ends_session(error: BaseException) -> bool:
    """Say whether the server, with what it said before it was translated, has hung up."""
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return False
    return cause.diag.severity_nonlocalized in {"FATAL", "PANIC"}


def _named(error: psycopg.Error) -> type[CortexError] | None:
    if error.sqlstate is not None:
        return _NAMED.get(error.sqlstate)
    return OverloadedError if any(words in str(error) for words in _NO_ROOM) else None


def _is_lost(error: psycopg.Error) -> bool:
    """Say whether the connection was; what libpq finds out by itself has no SQLSTATE."""
    if error.sqlstate is not None:
        return error.sqlstate.startswith(_LOST)
    return isinstance(error, psycopg.OperationalError)
