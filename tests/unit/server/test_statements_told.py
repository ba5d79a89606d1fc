"""Statements in a trace: a part of their unit of work, measured, without their values."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_adapters.postgres.schema import upgrade as migrate
from cortex_adapters.postgres.store import open_store as open_postgres
from cortex_adapters.server.watched import WatchedStore
from cortex_adapters.sqlite import schema
from cortex_adapters.sqlite.store import open_store as open_sqlite
from cortex_core.contract import make
from cortex_core.domain.errors import OverloadedError
from cortex_core.ports import Store

CANARY = "canary-4711"


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    return MemoryTelemetry()


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, telemetry: MemoryTelemetry
) -> AsyncIterator[Store]:
    if request.param == "sqlite":
        path = str(tmp_path / "cortex.db")
        await schema.upgrade(path)
        async with open_sqlite(path, telemetry=telemetry) as store:
            yield WatchedStore(store, telemetry, database="sqlite")
    else:
        uri = request.getfixturevalue("fresh_database")
        await migrate(uri)
        async with open_postgres(uri, telemetry=telemetry) as store:
            yield WatchedStore(store, telemetry, database="postgresql")


async def test_each_statement_is_a_part_of_its_unit_of_work(
    store: Store, telemetry: MemoryTelemetry, request: pytest.FixtureRequest
) -> None:
    with telemetry.span("outer") as outer:
        async with store.begin() as work:
            await work.users.ensure(make.user(name=CANARY), said_at=make.NOON)
    [unit] = [span for span in telemetry.spans if span.name == "cortex.unit_of_work"]
    assert unit.parent == outer.number
    assert unit.attributes == {"read_only": False, "single": False}
    statements = [span for span in telemetry.spans if span.name == "db.client.operation"]
    assert {span.parent for span in statements} == {unit.number}
    kind = request.node.callspec.params["store"]
    assert {span.attributes["db.system.name"] for span in statements} == {kind}
    assert "INSERT" in {span.attributes["db.operation.name"] for span in statements}
    assert CANARY not in str(telemetry.spans)


async def test_a_unit_that_fails_ends_its_span(store: Store, telemetry: MemoryTelemetry) -> None:
    error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        async with store.begin(read_only=True):
            raise error
    [unit] = [span for span in telemetry.spans if span.name == "cortex.unit_of_work"]
    assert unit.error is error
    assert telemetry.carrier() == {}


@asynccontextmanager
async def _one_place(uri: str, telemetry: MemoryTelemetry) -> AsyncIterator[Store]:
    async with open_postgres(
        uri, max_size=1, max_waiting=1, wait=0.2, telemetry=telemetry
    ) as store:
        yield store


async def test_the_pool_tells_who_uses_it_and_who_waits(
    fresh_database: str, telemetry: MemoryTelemetry
) -> None:
    await migrate(fresh_database)
    async with _one_place(fresh_database, telemetry) as store:

        async def read() -> None:
            async with store.begin(read_only=True) as work:
                await work.registry.get("epoch")

        assert _gauges(telemetry) == {"idle": 1, "used": 0, "max": 1, "pending_requests": 0}
        async with store.begin(read_only=True) as work:
            await work.registry.get("epoch")
            waiting = asyncio.create_task(read())
            await asyncio.sleep(0.05)
            assert _gauges(telemetry) == {"idle": 0, "used": 1, "max": 1, "pending_requests": 1}
            with pytest.raises(OverloadedError):
                await read()
            with pytest.raises(OverloadedError):
                await waiting
    assert [number.name for number in telemetry.counts] == ["db.client.connection.timeouts"] * 2
    waited = [number.value for number in telemetry.measurements]
    assert len(waited) == 2
    assert max(waited) == pytest.approx(0.2, abs=0.15)
    assert telemetry.gauges() == []


def _gauges(telemetry: MemoryTelemetry) -> dict[str, float]:
    return {
        str(number.attributes.get("db.client.connection.state", number.name.split(".")[-1])): (
            number.value
        )
        for number in telemetry.gauges()
    }
