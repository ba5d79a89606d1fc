"""A database that goes away and comes back: in the log, once each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cortex_adapters.memory.store import MemoryStore, MemoryUnitOfWork
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_adapters.server.watched import WatchedStore
from cortex_core.domain.errors import BusyError, FrozenError, NotFoundError, UnavailableError
from cortex_core.domain.ids import UserId


class Faulty:
    """Memory that fails when it is told to, at the beginning or the end of a unit."""

    def __init__(self) -> None:
        self.fails_at = ""
        self.error: Exception = UnavailableError()
        self.error.__cause__ = ConnectionRefusedError("no\nroute")
        self._store = MemoryStore()

    @asynccontextmanager
    async def begin(
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AsyncIterator[MemoryUnitOfWork]:
        self.fail("begin")
        async with self._store.begin(read_only=read_only, single=single, caller=caller) as work:
            yield work
            self.fail("end")

    def fail(self, at: str) -> None:
        if self.fails_at == at:
            raise self.error


class Watch:
    """A watched store, its log and its clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.faulty = Faulty()
        self._telemetry = MemoryTelemetry()
        self.store = WatchedStore(
            self.faulty, self._telemetry, database="the-database", clock=lambda: self.now
        )

    async def work(self, *, read_only: bool = False) -> None:
        self.now += 1
        async with self.store.begin(read_only=read_only):
            self.faulty.fail("body")

    async def fails(self, *, read_only: bool = False) -> None:
        with pytest.raises(type(self.faulty.error)):
            await self.work(read_only=read_only)

    @property
    def events(self) -> list[str]:
        return [line.event for line in self._telemetry.lines]

    @property
    def telling(self) -> MemoryTelemetry:
        return self._telemetry


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.mark.parametrize("at", ["begin", "body", "end"])
async def test_each_change_is_told_once(watch: Watch, at: str):
    await watch.work()
    for _ in range(2):
        watch.faulty.fails_at = at
        for _ in range(3):
            await watch.fails()
        watch.faulty.fails_at = ""
        for _ in range(3):
            await watch.work()
    away, back, *again = watch.telling.lines
    assert [line.event for line in again] == ["database.away", "database.back"]
    assert (away.event, away.level, dict(away.attributes)) == (
        "database.away",
        "error",
        {
            "database": "the-database",
            "code": "dependency-unavailable",
            "message": UnavailableError.meaning(),
            "reason": "no route",
        },
    )
    assert (back.event, back.level, dict(back.attributes)) == (
        "database.back",
        "info",
        {"database": "the-database", "away_seconds": 3.0},
    )


@pytest.mark.parametrize("error", [NotFoundError(), BusyError(), FrozenError(), LookupError()])
async def test_other_failures_are_no_sign_of_it(watch: Watch, error: Exception):
    watch.faulty.error, watch.faulty.fails_at = error, "body"
    await watch.fails()
    assert watch.events == []


async def test_reading_proves_nothing_about_writes(watch: Watch):
    watch.faulty.fails_at = "body"
    await watch.fails()
    watch.faulty.fails_at = ""
    await watch.work(read_only=True)
    assert watch.events == ["database.away"]
    await watch.work()
    assert watch.events == ["database.away", "database.back"]


async def test_reading_proves_that_there_is_reading_again(watch: Watch):
    watch.faulty.fails_at = "body"
    await watch.fails(read_only=True)
    watch.faulty.fails_at = ""
    await watch.work(read_only=True)
    assert watch.events == ["database.away", "database.back"]


async def test_what_began_before_a_change_is_no_sign_of_another(watch: Watch):
    slow_success, slow_failure = watch.store.begin(), watch.store.begin()
    watch.faulty.fails_at = "begin"
    await watch.fails()
    watch.faulty.fails_at = ""
    async with slow_success:
        pass
    assert watch.events == ["database.away"]
    await watch.work()
    watch.faulty.fails_at = "end"
    with pytest.raises(UnavailableError):
        async with slow_failure:
            pass
    assert watch.events == ["database.away", "database.back"]
