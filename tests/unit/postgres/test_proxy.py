"""The network of the tests fails as it says."""

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.proxy import FaultProxy, Moment, Way, fault_proxy

Connection = psycopg.AsyncConnection[tuple[int]]


@pytest.fixture
async def proxy(database: str) -> AsyncIterator[FaultProxy]:
    async with fault_proxy(database) as proxy:
        yield proxy


async def _connected(proxy: FaultProxy) -> Connection:
    return await psycopg.AsyncConnection.connect(proxy.url, autocommit=True, connect_timeout=2)


async def _one(connection: Connection) -> int | None:
    row = await (await connection.execute("SELECT 1")).fetchone()
    return row and row[0]


async def test_it_passes_everything_on(proxy: FaultProxy) -> None:
    async with await _connected(proxy) as connection:
        for _ in range(10):  # from the sixth on it is a prepared statement
            assert await _one(connection) == 1
        cursor = await connection.execute("SELECT repeat('x', 1000000)")
        [text] = await cursor.fetchone() or [""]
        assert len(str(text)) == 1_000_000
        assert proxy.lines == 1


async def test_who_is_cut_off_notices_at_once(proxy: FaultProxy) -> None:
    connection = await _connected(proxy)
    proxy.cut()
    with pytest.raises(psycopg.OperationalError):
        await _one(connection)
    async with await _connected(proxy) as fresh:
        assert await _one(fresh) == 1


async def test_who_is_refused_notices_at_once_and_may_come_back(proxy: FaultProxy) -> None:
    proxy.refuse()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        await _connected(proxy)
    await proxy.accept()
    async with await _connected(proxy) as fresh:
        assert await _one(fresh) == 1


@pytest.mark.parametrize("ways", [(), ("out",), ("back",)])
async def test_what_is_held_back_comes_later(proxy: FaultProxy, ways: tuple[Way, ...]) -> None:
    async with await _connected(proxy) as connection:
        proxy.stall(*ways)
        asking = asyncio.create_task(_one(connection))
        await asyncio.sleep(0.1)
        assert not asking.done()
        proxy.go_on()
        assert await asking == 1
    proxy.stall(*ways)
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        await _connected(proxy)
    assert 1.5 < time.monotonic() - began < 3
    proxy.go_on()


async def test_an_answer_is_cut_in_its_middle(proxy: FaultProxy) -> None:
    connection = await _connected(proxy)
    proxy.cut_after(5_000)
    with pytest.raises(psycopg.OperationalError):
        await connection.execute("SELECT repeat('x', 1000000)")
    async with await _connected(proxy) as fresh:
        assert await _one(fresh) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("warm", [0, 10])
async def test_a_commit_is_lost_before_or_after_it_is_done(
    fresh_database: str, moment: Moment, warm: int
) -> None:
    async with fault_proxy(fresh_database) as between:
        connection = await _connected(between)
        await connection.execute("CREATE TABLE t (x int)")
        for _ in range(warm):
            await connection.execute("BEGIN")
            await connection.execute("COMMIT")
        strike = between.strike("^COMMIT", moment)
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("COMMIT")
        assert strike.done.is_set()
        async with await _connected(between) as fresh:
            found = await (await fresh.execute("SELECT x FROM t")).fetchall()
    assert found == ([(1,)] if moment == "after" else [])
