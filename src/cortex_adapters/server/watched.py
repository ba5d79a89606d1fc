"""A store whose units of work are traced, and whose going away and coming back is logged."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType

from cortex_adapters.telemetry.errors import said_by_vendor
from cortex_core.domain.errors import FrozenError, UnavailableError
from cortex_core.domain.ids import UserId
from cortex_core.ports import Span, Store, Telemetry, UnitOfWork


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
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        unit = self._store.begin(read_only=read_only, single=single, caller=caller)
        span = self._telemetry.span("cortex.unit_of_work", read_only=read_only, single=single)
        return _Watched(self, unit, span, read_only)

    def failed(self, error: UnavailableError, *, began: float, read_only: bool) -> None:
        """Take note of a unit of work that failed because the database is away."""
        if self._away or began < self._changed or isinstance(error, FrozenError):
            return  # who refuses writes for a move is there
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

    __slots__ = ("_began", "_read_only", "_span", "_store", "_unit")

    def __init__(
        self,
        store: WatchedStore,
        unit: AbstractAsyncContextManager[UnitOfWork],
        span: AbstractContextManager[Span],
        read_only: bool,
    ) -> None:
        self._store = store
        self._unit = unit
        self._span = span
        self._read_only = read_only
        self._began = store.clock()

    async def __aenter__(self) -> UnitOfWork:
        self._span.__enter__()
        try:
            return await self._unit.__aenter__()
        except BaseException as error:
            if isinstance(error, UnavailableError):
                self._store.failed(error, began=self._began, read_only=self._read_only)
            self._span.__exit__(type(error), error, error.__traceback__)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        try:
            swallowed = await self._unit.__aexit__(kind, error, trace)
        except BaseException as failure:
            if isinstance(failure, UnavailableError):
                self._store.failed(failure, began=self._began, read_only=self._read_only)
            self._span.__exit__(type(failure), failure, failure.__traceback__)
            raise
        self._span.__exit__(kind, error, trace)
        if isinstance(error, UnavailableError):
            self._store.failed(error, began=self._began, read_only=self._read_only)
        elif error is None:
            self._store.succeeded(began=self._began, read_only=self._read_only)
        return swallowed
