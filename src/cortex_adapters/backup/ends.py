"""What a database must be able to do so that backups are made of it and restored into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from cortex_adapters.backup.manifest import Kind, Manifest
from cortex_adapters.migrations import Applied
from cortex_adapters.moving.ends import Snapshot
from cortex_adapters.moving.tables import Table

Written = Callable[[int, int], None]
"""Is told how much of how much is written, in whatever unit."""


class Taken(Protocol):
    """A database as it was at one moment, whoever writes meanwhile."""

    @property
    def snapshot(self) -> Snapshot: ...
    @property
    def tables(self) -> Sequence[Table]: ...
    @property
    def steps(self) -> Sequence[Applied]: ...
    @property
    def tool(self) -> str: ...
    @property
    def server(self) -> str: ...

    async def write(self, file: Path, written: Written) -> None:
        """Write all of it into *file*, which is there and empty."""
        ...


class Loaded(Protocol):
    """A backup that is in a database which no server uses yet."""

    def look(self) -> AbstractAsyncContextManager[Taken]: ...
    async def open_up(self, *, void_for: timedelta | None) -> None:
        """Begin a new history and let servers in: all of it in one step, or nothing.

        Streams of the history before are told to reset, and no browser is signed on. Tokens that
        were issued before are void *void_for* long, after which none is alive; or stay good.
        """
        ...


class BackupEnd(Protocol):
    """A database that has backups; *name* says which, without a secret."""

    @property
    def kind(self) -> Kind: ...
    @property
    def name(self) -> str: ...
    @property
    def file(self) -> str:
        """Return how the data of a backup is named."""
        ...

    def take(self) -> AbstractAsyncContextManager[Taken]:
        """Hold one moment of the database.

        Raises:
            MovedError: It has to do with a move, or with a restore.
            SchemaError: It has no schema, or one that is unknown.
            ToolMissingError: A program is not installed, or too old.
        """
        ...

    def load(self, file: Path, manifest: Manifest) -> AbstractAsyncContextManager[Loaded]:
        """Bring *file* into this database, which must be empty.

        Raises:
            BackupDamagedError: It cannot be read.
            BusyError: A server, or somebody's restore, uses this database.
            ConflictError: The database is not empty.
            ToolMissingError: A program is not installed, or too old.
        """
        ...

    def scratch(self) -> AbstractAsyncContextManager[BackupEnd]:
        """Make an empty database of the same kind, and drop it afterwards."""
        ...
