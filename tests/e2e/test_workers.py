"""Two processes on one port: their metrics as one page, the level of their logs."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cortex_adapters.postgres import schema
from tests.e2e.server import ServerProcess

COUNT = "http_server_request_duration_seconds_count"
Series = dict[tuple[str, str], float]


@pytest.fixture
async def server(fresh_database: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    await schema.upgrade(fresh_database)
    server = ServerProcess(fresh_database, tmp_path, CORTEX_WORKERS="2")
    await server.start()
    try:
        yield server
    finally:
        assert await server.terminate() == 0


async def _scraped(server: ServerProcess) -> str:
    """Ask over a connection of its own, which either process may take."""
    async with httpx2.AsyncClient() as client:
        answer = await client.get(f"{server.url}/metrics")
    assert answer.status_code == 200
    return answer.text


def _samples(text: str, name: str, **labels: str) -> dict[str, float]:
    """Return the samples of that name and labels, by worker."""
    return {
        sample.labels["worker"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    }


async def _worker_pids(server: ServerProcess) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    return [int(pid) for pid in (await asyncio.to_thread(children.read_text)).split()]


async def test_no_request_of_any_process_is_missing(server: ServerProcess) -> None:
    for _ in range(20):
        async with httpx2.AsyncClient() as client:
            assert (await client.get(f"{server.url}/v1/me")).status_code == 401
    found = _samples(await _scraped(server), COUNT, http_route="/v1/me")
    assert sum(found.values()) == 20
    assert found.keys() <= {"0", "1"}
    again = _samples(await _scraped(server), COUNT, http_route="/v1/me")
    assert again == found


async def test_a_process_that_was_killed_is_down_and_comes_back(server: ServerProcess) -> None:
    await _whole(server, without=0)
    [victim, *_] = await _worker_pids(server)
    os.kill(victim, signal.SIGKILL)
    await _whole(server, without=victim)


async def _whole(server: ServerProcess, *, without: int) -> None:
    """Return once two processes answer, none of which is *without*."""
    async with asyncio.timeout(15):
        while not await _is_whole(server, without=without):  # noqa: ASYNC110 - nothing rings
            await asyncio.sleep(0.2)


async def _is_whole(server: ServerProcess, *, without: int) -> bool:
    pids = await _worker_pids(server)
    up = _samples(await _scraped(server), "cortex_worker_up")
    return without not in pids and len(pids) == 2 and up == {"0": 1, "1": 1}


async def test_a_signal_changes_the_level_of_all_processes(server: ServerProcess) -> None:
    # at once: one that is still starting does not mind either
    os.kill(server.pid, signal.SIGUSR1)
    await _whole(server, without=0)
    before = len(server.lines("log.level"))
    os.kill(server.pid, signal.SIGUSR1)
    async with asyncio.timeout(5):
        while len(server.lines("log.level")) < before + 2:  # noqa: ASYNC110 - nothing rings
            await asyncio.sleep(0.1)
