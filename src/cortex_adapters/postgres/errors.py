"""The door: what psycopg raises becomes what the catalogue names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from cortex_core.domain.errors import (
    BusyError,
    ConflictError,
    CortexError,
    DeadlineError,
    NotFoundError,
    OverloadedError,
    StorageCorruptError,
    StorageFullError,
    UnavailableError,
)

__all__ = ["lost_connection", "translated"]

_NAMED: Final[dict[str, type[CortexError]]] = {
    "23503": NotFoundError,  # foreign_key_violation
    "23505": ConflictError,  # unique_violation
    "25006": UnavailableError,  # read_only_sql_transaction: this server is a standby now
    "40001": BusyError,  # serialization_failure
    "40P01": BusyError,  # deadlock_detected
    "53000": OverloadedError,  # insufficient_resources
    "53100": StorageFullError,  # disk_full
    "53200": OverloadedError,  # out_of_memory
    "53300": OverloadedError,  # too_many_connections
    "55P03": BusyError,  # lock_not_available
    "57014": DeadlineError,  # query_canceled: only ever by statement_timeout
    "XX001": StorageCorruptError,  # data_corrupted
    "XX002": StorageCorruptError,  # index_corrupted
}
# connection_exception; idle_in_transaction_session_timeout; admin_shutdown, crash_shutdown,
# cannot_connect_now, database_dropped, idle_session_timeout
_LOST: Final = ("08", "25P03", "57P01", "57P02", "57P03", "57P04", "57P05")


@contextmanager
def translated(*, lost: type[UnavailableError] = UnavailableError) -> Iterator[None]:
    """Raise what the catalogue names from what psycopg raises inside.

    *lost* is for a connection that is gone. What has no name passes: it is a fault of ours.
    """
    try:
        yield
    except psycopg.Error as error:
        named = lost if lost_connection(error) else _named(error)
        if named is None:
            raise
        raise named from error


def lost_connection(error: psycopg.Error) -> bool:
    """Say whether *error* means that the connection is of no use any more.

    `sqlstate` alone cannot tell: what libpq finds out by itself, such as an immediate
    shutdown, is an OperationalError without one.
    """
    if error.sqlstate is not None:
        return error.sqlstate.startswith(_LOST)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not isinstance(
        error, PoolTimeout | TooManyRequests
    )


def _named(error: psycopg.Error) -> type[CortexError] | None:
    if error.sqlstate is None:
        return OverloadedError if isinstance(error, PoolTimeout | TooManyRequests) else None
    return _NAMED.get(error.sqlstate)
