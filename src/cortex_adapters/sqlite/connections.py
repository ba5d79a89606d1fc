"""A connection in its own thread, which takes whole pieces of work."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from contextvars import copy_context
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import aiosqlite

from cortex_adapters.sqlite.errors import primary_code, translated
from cortex_adapters.sqlite.files import OpenFiles
from cortex_core.ports import AttributeValue, NoTelemetry, Telemetry

T = TypeVar("T")
Row = tuple[Any, ...]
Work = Callable[[sqlite3.Connection], T]

_COMMON: Final = ("PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY")
WRITER: Final = (
    *_COMMON,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # NORMAL may lose the last commits when the power fails
    "PRAGMA journal_size_limit = 67108864",
)
READER: Final = (*_COMMON, "PRAGMA synchronous = FULL", "PRAGMA query_only = ON")
MIGRATOR: Final = (*WRITER, "PRAGMA foreign_keys = OFF")  # a step may build a table anew

_READ: Final = "PRAGMA schema_version"
_PAUSE: Final = 0.001, 0.025
_ROWS: Final = 64  # fetched at once by a cursor of aiosqlite's, which nobody here uses


class _Job(Generic[T]):
    """Work on its way to a connection's thread and back; it travels as empty parameters."""

    result: T

    def __init__(self, work: Work[T]) -> None:
        self._work = work
        self._context = copy_context()  # whose trace this belongs to

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def run(self, connection: sqlite3.Connection) -> None:
        with translated():
            self.result = self._context.run(self._work, connection)


class _Session(sqlite3.Connection):
    """Takes whole pieces of work where aiosqlite hands it one statement.

    A statement at a time, each costs a way to the thread and back, and cancelling may come
    between any two. A piece of work runs to its end, whoever still waits for it.
    """

    telemetry: Telemetry = NoTelemetry()

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if isinstance(parameters, _Job):
            parameters.run(self)
            return self.cursor()
        with _telling(self, sql):
            return super().execute(sql, parameters)


class _Connection(aiosqlite.Connection):
    """Lets whoever could not connect wait for the end of the thread that tried.

    It reports to the event loop, and writes a traceback to stderr where that is closed already.
    """

    _stopping: asyncio.Future[object] | None = None

    def stop(self) -> asyncio.Future[object] | None:
        self._stopping = super().stop()
        return self._stopping

    async def stopped(self) -> None:
        """Wait until the thread is told to stop, and does."""
        if self._stopping is not None:
            await self._stopping


class Lane:
    """Runs pieces of work on one connection, in the order in which they are handed in.

    Whoever is cancelled stops waiting; the work goes on, and what is handed in next follows it.
    """

    def __init__(self, connection: aiosqlite.Connection, files: OpenFiles) -> None:
        self._connection = connection
        self.files = files

    async def run(self, work: Work[T]) -> T:
        job = _Job(work)
        await self._connection.execute_fetchall("", job)
        return job.result


@asynccontextmanager
async def open_lane(
    path: str,
    setup: Sequence[str],
    *,
    patience: float,
    busy_timeout: float = 0.0,
    telemetry: Telemetry | None = None,
) -> AsyncIterator[Lane]:
    """Connect to the file at *path*, which must exist, and run the statements of *setup*.

    Where the file is locked, setting up waits for up to *patience* seconds, and each statement
    after that for *busy_timeout*.
    """

    def prepare(session: sqlite3.Connection) -> None:
        with translated(path):
            # A read at the end, too: whoever changes a file to WAL opens the WAL with the next one.
            for statement in (_READ, *setup, _READ):
                patiently(session, statement, patience)
        if telemetry is not None and isinstance(session, _Session):
            session.telemetry = telemetry

    files = OpenFiles(path)
    connection = await _connect(path, busy_timeout)
    try:
        lane = Lane(connection, files)
        await lane.run(prepare)
        files.note_beside()
        files.require_in_place()
        yield lane
    finally:
        await connection.close()


async def _connect(path: str, busy_timeout: float) -> aiosqlite.Connection:
    def open_session() -> sqlite3.Connection:
        return sqlite3.connect(
            _address(path),
            uri=True,
            factory=_Session,
            isolation_level=None,
            timeout=busy_timeout,
        )

    connection = _Connection(open_session, _ROWS)

    async def connect() -> None:
        try:
            with translated(path):
                _ = await connection
        except Exception:
            await connection.stopped()
            raise

    def close(opened: asyncio.Task[None]) -> None:
        if not opened.cancelled() and opened.exception() is None:
            connection.stop()

    opening = asyncio.create_task(connect())
    try:
        await asyncio.shield(opening)
    except asyncio.CancelledError:
        # aiosqlite would forget what its thread is about to open.
        opening.add_done_callback(close)
        raise
    return connection


def _address(path: str) -> str:
    """Return the address of a file that must exist."""
    return f"{Path(path).absolute().as_uri()}?mode=rw"


def _telling(connection: sqlite3.Connection, sql: str) -> AbstractContextManager[object]:
    """Trace and measure one statement, where anybody wants to know."""
    telemetry = connection.telemetry if isinstance(connection, _Session) else NoTelemetry()
    return telemetry.span("db.client.operation", **_described(sql))


@lru_cache(maxsize=1_000)
def _described(sql: str) -> Mapping[str, AttributeValue]:
    """Return what is told of a statement: never its values."""
    text = " ".join(sql.split())
    verb = text.partition(" ")[0]
    return {"db.system.name": "sqlite", "db.operation.name": verb, "db.query.text": text}


def patiently(
    connection: sqlite3.Connection,
    statement: str,
    patience: float,
    given_up: Callable[[], bool] = lambda: False,
) -> None:
    """Execute *statement*, again for up to *patience* seconds while the file is locked.

    SQLite's own patience cannot be called off, and does not cover the change to WAL. However often
    it is tried, what is told is one statement.
    """
    deadline = time.monotonic() + patience
    pause, longest = _PAUSE
    with _telling(connection, statement):
        while True:
            try:
                sqlite3.Connection.execute(connection, statement)
            except sqlite3.OperationalError as error:
                busy = primary_code(error) == sqlite3.SQLITE_BUSY
                if not busy or given_up() or time.monotonic() >= deadline:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, longest)
            else:
                return
