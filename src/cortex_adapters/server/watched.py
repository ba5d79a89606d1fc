"""A store whose going away and coming back are logged, once each."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType

from cortex_adapters.telemetry.errors import said_by_vendor
from cortex_core.domain.errors import UnavailableError
from cortex_core.ports import Store, Telemetry, UnitOfWork


class WatchedStore:
    """Passes everything on to *store*, which keeps the data in *database*.

    The turn worker writes each second, so an idle server notices too.
    """

    def __init__(
        self,
        store: Store,
        telemetry: Telemetry,
        *,
        database: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._store = store
        self._telemetry = telemetry
        self._database = database
        self._away = False
        self._needs_write = False
        self._changed = float("-inf")

    def begin(
        self, *, read_only: bool = False, single: bool = False
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        return _Watched(self, self._store.begin(read_only=read_only, single=single), read_only)

    def failed(self, error: UnavailableError, *, began: float, read_only: bool) -> None:
        """Take note of a unit of work that failed because the database is away."""
        if self._away or began < self._changed:
            return
        self._away, self._needs_write, self._changed = True, not read_only, self.clock()
        self._telemetry.log(
            "database.away",
            level="error",
            database=self._database,
            code=error.code,
            message=str(error),
            reason=said_by_vendor(error),
        )

    def succeeded(self, *, began: float, read_only: bool) -> None:
        """Take note of a unit of work that ended well; one that only read proves no more."""
        if not self._away or began < self._changed or (self._needs_write and read_only):
            return
        now = self.clock()
        seconds = round(now - self._changed, 3)
        self._away, self._changed = False, now
        self._telemetry.log("database.back", database=self._database, away_seconds=seconds)


class _Watched:
    """One unit of work; what began before the last change says nothing about now."""

    __slots__ = ("_began", "_read_only", "_store", "_unit")

    def __init__(
        self, store: WatchedStore, unit: AbstractAsyncContextManager[UnitOfWork], read_only: bool
    ) -> None:
        self._store = store
        self._unit = unit
        self._read_only = read_only
        self._began = store.clock()

    async def __aenter__(self) -> UnitOfWork:
        try:
            return await self._unit.__aenter__()
        except UnavailableError as error:
            self._store.failed(error, began=self._began, read_only=self._read_only)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        try:
            swallowed = await self._unit.__aexit__(kind, error, trace)
        except UnavailableError as failure:
            self._store.failed(failure, began=self._began, read_only=self._read_only)
            raise
        if isinstance(error, UnavailableError):
            self._store.failed(error, began=self._began, read_only=self._read_only)
        elif error is None:
            self._store.succeeded(began=self._began, read_only=self._read_only)
        return swallowed
