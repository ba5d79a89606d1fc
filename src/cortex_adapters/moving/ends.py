"""The two ends of a move: what each database must be able to do, as source or as target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from cortex_adapters.migrations import SchemaStatus
from cortex_adapters.moving.fitness import Finding
from cortex_adapters.moving.rows import Key, Row
from cortex_adapters.moving.tables import Table

PAGE_ROWS = 4_000
PAGE_BYTES = 2 << 20  # of memory


class Change(msgspec.Struct, frozen=True):
    """A row that was inserted, changed or deleted since somebody looked."""

    seq: int
    table: str
    key: str


class Checkpoint(msgspec.Struct, frozen=True):
    """How far a table is copied: up to *last*, or all of it."""

    rows: int = 0
    last: str | None = None
    done: bool = False


class Snapshot(Protocol):
    """A database as it was at one moment, whoever writes meanwhile."""

    async def count(self, table: Table) -> int: ...

    async def page(
        self, table: Table, *, after: Key | None, upto: Key | None = None
    ) -> Sequence[Row]:
        """Return the next rows after *after* by key, fewer where they are large.

        With *upto* those up to that key, however large; none means that there are no more.
        """
        ...

    async def these(self, table: Table, keys: Collection[Key]) -> Sequence[Row]:
        """Return the rows with *keys*, in any order; not each is there."""
        ...

    async def changes(self, after: int, *, limit: int) -> Sequence[Change]:
        """Return what was captured, in order of `seq`; nothing where nothing is captured."""
        ...

    async def repeated(self, table: Table, columns: tuple[str, ...]) -> Sequence[Row]:
        """Return some values of *columns* that several rows have and only one may have."""
        ...

    async def orphans(self, table: Table, place: int) -> Sequence[Key]:
        """Return the keys of some rows whose reference number *place* leads nowhere."""
        ...


class End(Protocol):
    """One database of a move.

    Its state, a few names and values, is the move's own; a server does not start where
    there is any. Every method is safe to repeat.
    """

    @property
    def name(self) -> str: ...

    async def schema(self) -> SchemaStatus: ...
    async def upgrade(self) -> None: ...
    async def tables(self) -> Sequence[Table]: ...
    def alone(self) -> AbstractAsyncContextManager[None]:
        """Keep other moves away. Raises BusyError where there is one."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]: ...
    async def state(self) -> Mapping[str, str]: ...
    async def note(self, **state: str) -> None: ...

    # as the source
    async def capture(self, tables: Sequence[Table], *, move: str) -> None:
        """Write down the key of each row that changes from now on, and note *move*."""
        ...

    async def forget(self, changes: Sequence[Change]) -> None: ...
    async def freeze(self, tables: Sequence[Table]) -> None:
        """Refuse all writes from now on; return when those that had begun have ended."""
        ...

    async def thaw(self) -> None: ...
    async def release(self, *, keep: Mapping[str, str]) -> None:
        """Take away what `capture` made; the state is then *keep*, and none if that is empty."""
        ...

    # as the target
    async def prepare(self, tables: Sequence[Table], *, move: str) -> None:
        """Make room for checkpoints; put away what would slow the copy or stand in its way."""
        ...

    async def checkpoints(self) -> Mapping[str, Checkpoint]: ...
    async def quarantined(self) -> Sequence[Finding]: ...
    async def apply(
        self,
        table: Table,
        *,
        delete: Sequence[Key] = (),
        insert: Sequence[Row] = (),
        refused: Sequence[Finding] = (),
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Delete, insert, and note what was refused and how far this went, in one transaction.

        Raises:
            ConflictError: A row is there already.
            InvalidInputError: A row does not fit.
        """
        ...

    async def rebuild(self) -> None:
        """Make the indexes again that `prepare` put away."""
        ...

    async def finish(self) -> None:
        """Put back all that `prepare` put away, and take away the move's own; quick."""
        ...

    async def settle(self) -> None:
        """Check what `finish` put back unchecked, and gather statistics; may be slow."""
        ...
