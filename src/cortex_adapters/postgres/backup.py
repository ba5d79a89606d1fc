"""A database that has backups: dumped by pg_dump in the very moment that is counted here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from psycopg.conninfo import make_conninfo

from cortex_adapters.backup.ends import BackupEnd, Written
from cortex_adapters.backup.manifest import Kind, Manifest
from cortex_adapters.backup.renewal import renewal
from cortex_adapters.migrations import Applied
from cortex_adapters.moving.place import RESTORING, require_still
from cortex_adapters.moving.tables import Table
from cortex_adapters.postgres import ledger, move_state, schema, walls
from cortex_adapters.postgres.connection import Connection, as_system, connected
from cortex_adapters.postgres.moving import snapshot
from cortex_adapters.postgres.moving.end import PostgresEnd
from cortex_adapters.postgres.moving.tables import describe
from cortex_adapters.postgres.tools import Tool, find
from cortex_core.domain.errors import BackupDamagedError, ConflictError, SchemaError

__all__ = ["PostgresBackup"]

_SESSION: Final = {
    "idle_in_transaction_session_timeout": "0",
    "statement_timeout": "0",
}
_DUMP: Final = ("--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=30s")
_BEHIND_WALLS: Final = "--enable-row-security"  # as the system, from which ours hide nothing
_RESTORE: Final = (
    "--single-transaction",
    "--exit-on-error",
    "--no-owner",
    "--no-privileges",
    "--no-comments",
)
_SOMETHING: Final = """
    SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname = 'move_state', 1 LIMIT 1
    """
_MAJOR: Final = 10_000


class PostgresTaken:
    """A database at one moment: a transaction that reads, and whose snapshot others may use."""

    def __init__(
        self,
        connection: Connection,
        conninfo: str,
        dump: Tool | None,
        tables: Sequence[Table],
        steps: Sequence[Applied],
    ) -> None:
        self.snapshot = snapshot.PostgresSnapshot(connection)
        self.tables = tables
        self.steps = steps
        self.server = f"PostgreSQL {connection.info.parameter_status('server_version')}"
        self._connection = connection
        self._conninfo = conninfo
        self._dump = dump

    @property
    def tool(self) -> str:
        return self._dump.version if self._dump else ""

    async def write(self, file: Path, written: Written) -> None:  # noqa: ARG002 - pg_dump does not say
        assert self._dump is not None  # noqa: S101 - who takes, dumps
        cursor = await self._connection.execute("SELECT pg_export_snapshot()")
        [(exported,)] = await cursor.fetchall()
        info = self._connection.info  # of several hosts, the one that knows the snapshot
        place = {"host": info.host, "port": str(info.port)}
        if info.hostaddr:
            place["hostaddr"] = info.hostaddr
        ours = await walls.only_ours(self._connection)
        await self._dump.run(
            as_system(self._conninfo),
            *_DUMP,
            *([_BEHIND_WALLS] if ours else []),
            f"--snapshot={exported}",
            f"--file={file}",
            **place,
        )


class PostgresLoaded:
    """A backup in a database that is marked, so that no server starts on it."""

    def __init__(self, end: PostgresBackup) -> None:
        self._end = end

    @asynccontextmanager
    async def look(self) -> AsyncIterator[PostgresTaken]:
        async with self._end.taken(None) as taken:
            yield taken

    async def open_up(self, *, void_for: timedelta | None) -> None:
        ends = None if void_for is None else f"now() + interval '{void_for.total_seconds()} s'"
        async with self._end.connected() as connection:
            names = {table.name for table in await describe(connection)}
            async with connection.transaction():
                for statement in renewal(names, now="now()", ends=ends):
                    await connection.execute(statement.encode())
                await move_state.drop_tables(connection)
            await connection.execute("ANALYZE")


class PostgresBackup:
    """A database to make backups of, or to restore one into; *name* has no secret."""

    kind: Kind = "postgres"
    file = "data.dump"

    def __init__(self, conninfo: str, name: str, tools: Path | None = None) -> None:
        self.name = name
        self._conninfo = conninfo
        self._tools = tools

    @asynccontextmanager
    async def take(self) -> AsyncIterator[PostgresTaken]:
        if not (await schema.status(self._conninfo)).current:
            raise SchemaError(f"{self.name}: there is nothing in it, so nothing to back up.")
        dump = await find("pg_dump", self._tools)
        async with self.taken(dump) as taken:
            yield taken

    @asynccontextmanager
    async def load(self, file: Path, manifest: Manifest) -> AsyncIterator[PostgresLoaded]:
        tool = await find("pg_restore", self._tools)
        tool.require(_major(manifest.tool), f"the pg_dump that made {file.parent} is")
        end = PostgresEnd(self._conninfo, self.name)
        async with end.alone():
            await self._require_empty()
            await end.note(role="target", phase=RESTORING)
            # The mark stays if this fails: the pg_restore of somebody who was killed may go on.
            await tool.run(self._conninfo, *_RESTORE, str(file))
            yield PostgresLoaded(self)

    def scratch(self) -> AbstractAsyncContextManager[BackupEnd]:
        return self._scratch()

    @asynccontextmanager
    async def taken(self, dump: Tool | None) -> AsyncIterator[PostgresTaken]:
        """Hold one moment; *dump* is the program that would write it."""
        async with self.connected() as connection:
            if dump is not None:
                dump.require(connection.info.server_version // _MAJOR, f"{self.name} is")
            async with snapshot.take(connection):
                if dump is not None:
                    require_still(await move_state.read(connection))
                tables = await describe(connection)
                steps = await ledger.read(connection)
                yield PostgresTaken(connection, self._conninfo, dump, tables, steps)

    def connected(self) -> AbstractAsyncContextManager[Connection]:
        """Connect, with patience for long statements."""
        return connected(self._conninfo, **_SESSION)

    @asynccontextmanager
    async def _scratch(self) -> AsyncIterator[BackupEnd]:
        name = f"cortex_verify_{uuid4().hex}"
        async with self.connected() as connection:
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'".encode()
            )
            try:
                conninfo = make_conninfo(self._conninfo, dbname=name)
                yield PostgresBackup(conninfo, f"{self.name} ({name})", self._tools)
            finally:
                await connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    async def _require_empty(self) -> None:
        async with self.connected() as connection:
            found = await (await connection.execute(_SOMETHING)).fetchone()
            state = await move_state.read(connection)
        # Who was killed before anything was there left no more than the mark.
        if found is not None and (found[0] != "move_state" or state.get("phase") != RESTORING):
            raise ConflictError(
                f"{self.name} is not empty: it has {found[0]}. A backup is restored into an empty "
                "database only: make one, and name it in CORTEX_DATABASE_URL."
            )


def _major(version: str) -> int:
    number = version.rpartition(" ")[2].partition(".")[0]
    if not number.isdecimal():
        raise BackupDamagedError(f"The manifest names no version of pg_dump, but {version!r}.")
    return int(number)
