"""Two servers whose signals go over Redis: quickly while it is there, and never less than all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cortex_adapters.postgres import schema
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api
from tests.redis import RedisServer, running_redis


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
async def servers(
    redis: RedisServer, fresh_database: str, tmp_path: Path
) -> AsyncIterator[list[ServerProcess]]:
    await schema.upgrade(fresh_database)
    processes = [
        ServerProcess(fresh_database, tmp_path, CORTEX_EVENTS_URL=redis.url) for _ in range(2)
    ]
    try:
        yield [await process.start() for process in processes]
    finally:
        for process in processes:
            await process.stop()


async def test_fault_46_a_broker_that_is_lost_costs_a_delay_and_no_event(
    servers: list[ServerProcess], redis: RedisServer
):
    one, two = servers
    ada = await Api(one.port).sign_in()
    talk = await ada.conversation()
    stream = await ada.at(two.port).follow(f"{talk}/events")

    async def crosses(number: int, *, within: float) -> None:
        async with asyncio.timeout(within):
            await ada.post(f"{talk}/messages", {"content": f"{number}"})
            event = (await stream.until("message.created"))[-1]
        assert event.seq == number

    for number in range(1, 6):
        await crosses(number, within=1)
    redis.kill()
    for number in range(6, 9):
        await crosses(number, within=5)
    health = (await ada.get("/health")).json()
    assert health["checks"]["events"] == "degraded"
    assert (await ada.get("/health/ready")).status == 200
    await asyncio.to_thread(redis.start)
    for _ in range(100):
        await asyncio.sleep(0.1)
        if (await ada.at(two.port).get("/health")).json()["checks"]["events"] == "ok":
            break
    await asyncio.sleep(1.5)  # by then the other has connected, too
    for number in range(9, 14):
        await crosses(number, within=1)
    stream.close()


async def test_a_redis_that_is_away_keeps_no_server_from_starting(
    fresh_database: str, tmp_path: Path
):
    await schema.upgrade(fresh_database)
    server = ServerProcess(
        fresh_database, tmp_path, CORTEX_EVENTS_URL="redis://:hunter2-secret@127.0.0.1:9/0"
    )
    try:
        await server.start()
        ada = await Api(server.port).sign_in()
        assert (await ada.get("/health")).json()["checks"]["events"] == "degraded"
        assert await server.terminate() == 0
        assert "hunter2" not in server.said()
    finally:
        await server.stop()
