"""Connections that give up in time, and values as they cross them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import TextLoader

from cortex_adapters.postgres.errors import translated
from cortex_core.domain.errors import SettingsError

__all__ = [
    "SESSION",
    "Connection",
    "Row",
    "alive",
    "as_system",
    "connect",
    "connected",
    "hang_up",
    "hardened",
    "pooled",
    "watched",
]

Row = tuple[Any, ...]

_DEFAULTS: Final = {
    "application_name": "cortex",
    "connect_timeout": "2",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "4000",
}
SESSION: Final = {
    # A plan that was kept from when a table was small must not read it whole when it has grown:
    # statistics lag a minute behind, and every statement of ours has its index.
    "enable_seqscan": "off",
    # Nor must a plan for a conversation that is thought to be short put all of one in order that is
    # long: without its values a plan goes by the index, and it is made once.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "client_encoding": "UTF8",
    "datestyle": "ISO",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "synchronous_commit": "on",
    "timezone": "UTC",
}

# Whose units of work these are, until one says otherwise; see `walls`.
_SYSTEM: Final = {"cortex.caller": "system"}


def hardened(conninfo: str, **session: str) -> str:
    """Return *conninfo* with our limits and *session*'s settings; what it says itself stays.

    Raises:
        SettingsError: It cannot be read.
    """
    given = _read(conninfo)
    own = SESSION | _SYSTEM | session
    options = " ".join(f"-c {name}={_quoted(value)}" for name, value in own.items())
    # The server takes the last word on a setting, so theirs come after ours.
    given["options"] = " ".join(filter(None, [options, str(given.get("options") or "")]))
    return make_conninfo("", **(_DEFAULTS | given))


def as_system(conninfo: str) -> str:
    """Return *conninfo*, by which other programs see everything; see `walls`."""
    options = " ".join(f"-c {name}={value}" for name, value in _SYSTEM.items())
    given = _read(conninfo)
    given["options"] = " ".join(filter(None, [str(given.get("options") or ""), options]))
    return make_conninfo("", **given)


def pooled(conninfo: str) -> str:
    """Return the *conninfo* of a pooler with those of our limits that are not the session's.

    Raises:
        SettingsError: It cannot be read.
    """
    return make_conninfo("", **({"client_encoding": "UTF8"} | _DEFAULTS | _read(conninfo)))


def _read(conninfo: str) -> dict[str, Any]:
    try:
        return conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError as error:
        raise SettingsError(
            ["The connection string of the database (CORTEX_DATABASE_URL) cannot be read."]
        ) from error


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


class _InstantDumper(Dumper):
    """Times as ISO 8601, which PostgreSQL reads whatever its DateStyle."""

    oid = psycopg.adapters.types["timestamptz"].oid

    def dump(self, obj: datetime) -> Buffer:
        return obj.isoformat().encode()


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for name in ("uuid", "json", "jsonb"):
        adapters.register_loader(name, TextLoader)
    # psycopg's own choice depends on the value, and each choice is another prepared statement.
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(datetime, _InstantDumper)
    return adapters


_ADAPTERS: Final = _adapters()


class Connection(AsyncConnection[TupleRow]):
    """A connection that knows when it was made, on the clock of `time.monotonic`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.born = monotonic()


async def connect(conninfo: str, *, prepares: bool = True) -> Connection:
    """Open a connection in autocommit to a `hardened` *conninfo*.

    One that *prepares* keeps a plan of what it is sent often; through a pooler, the next
    statement may meet a session that knows none.
    """
    return await Connection.connect(
        conninfo,
        autocommit=True,
        prepare_threshold=5 if prepares else None,
        context=_ADAPTERS,
        cursor_factory=AsyncRawCursor,
    )


@asynccontextmanager
async def connected(conninfo: str, **session: str) -> AsyncIterator[Connection]:
    """Connect with *session*'s settings, past any pool; inside, failures are the catalogue's.

    Raises:
        SettingsError: *conninfo* cannot be read.
        UnavailableError: The database cannot be reached.
    """
    with translated():
        connection = await connect(hardened(conninfo, **session))
        try:
            yield connection
        finally:
            await connection.close()


def alive(connection: Connection) -> bool:
    """Say whether the server has not hung up yet: a look at what came in, no round trip."""
    try:
        # Twice, because the server's last words come in before the end does.
        connection.pgconn.consume_input()
        connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return True


def hang_up(connection: Connection) -> None:
    """Close *connection* at once; the server then undoes what was not committed."""
    connection.pgconn.finish()


class _Watchdog:
    """A class, because each statement has one: a generator would cost three times as much."""

    __slots__ = ("_timer",)

    def __init__(self, timer: asyncio.TimerHandle) -> None:
        self._timer = timer

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()


def watched(connection: Connection, seconds: float) -> _Watchdog:
    """Hang up after *seconds*, so that what waits for the server inside fails.

    Needed where the server is there and says nothing: a timeout around it would not do, because
    psycopg, when it is cancelled, first asks the server to cancel, too, and waits.
    """
    return _Watchdog(asyncio.get_running_loop().call_later(seconds, _cut, connection))


def _cut(connection: Connection) -> None:
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)
