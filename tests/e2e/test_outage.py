"""PostgreSQL goes away under load and comes back: who is told what, and how soon."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from cortex_adapters.postgres import schema
from tests.e2e.eventually import eventually
from tests.e2e.server import ServerProcess
from tests.e2e.test_faults_of_the_database import assert_not_now, post, timed
from tests.e2e.wire import Answer, Api
from tests.unit.postgres.cluster import Cluster, running_cluster

SECONDS = float(os.environ.get("CORTEX_TEST_OUTAGE_SECONDS", "6"))  # a minute is what we promise
CLIENTS = 30


@dataclass(frozen=True)
class Asked:
    """One request: when it began, how long it took, and what it was told."""

    began: float
    took: float
    answer: Answer


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
async def server(cluster: Cluster, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    await schema.upgrade(cluster.uri)
    process = ServerProcess(cluster.uri, tmp_path)
    try:
        yield await process.start()
    finally:
        await process.stop()


def spent(server: ServerProcess) -> float:
    """Return the seconds of a processor that the server took so far."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(cluster: Cluster) -> int:
    """Count the idle connections of the pool; two more belong to the signals."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cortex'"
        " AND state = 'idle' AND query !~ 'LISTEN|pg_notify'"
    )
    with psycopg.connect(cluster.uri) as connection:
        [count] = connection.execute(query.encode()).fetchone() or [0]
    return int(count)


async def test_after_an_immediate_restart_with_ten_idle_connections_one_request_is_quick(
    cluster: Cluster, server: ServerProcess
):
    ada = await Api(server.port).sign_in()
    talks = [await ada.conversation(await ada.workspace(f"Lab {n}")) for n in range(10)]
    for _ in range(50):
        await asyncio.gather(*(post(ada, talk) for talk in talks * 4))
        if idle(cluster) >= 10:
            break
    assert idle(cluster) >= 10
    await asyncio.to_thread(cluster.restart, "immediate")
    took, answer = await timed(ada, talks[0])
    assert (answer.status, took < 1) == (201, True), (took, answer.body)
    print(f"the first request after the restart took {took:.3f} s")  # noqa: T201


async def test_an_outage_under_load_is_told_in_time_and_over_at_once(
    cluster: Cluster, server: ServerProcess
):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    asked: list[Asked] = []
    leaving = asyncio.Event()

    async def load(who: int) -> None:
        while not leaving.is_set():
            began = time.monotonic()
            answer = await (post(ada, talk) if who % 2 else ada.get(talk))
            asked.append(Asked(began, time.monotonic() - began, answer))
            await asyncio.sleep(0.02)

    clients = [asyncio.create_task(load(who)) for who in range(CLIENTS)]
    await asyncio.sleep(1)
    going = time.monotonic()
    await asyncio.to_thread(cluster.stop, "immediate")
    gone, worked = time.monotonic(), spent(server)
    await asyncio.sleep(SECONDS)
    coming, worked = time.monotonic(), spent(server) - worked
    await asyncio.to_thread(cluster.start)
    back = time.monotonic()
    await asyncio.sleep(3)
    leaving.set()
    await asyncio.gather(*clients)

    before = [one for one in asked if one.began + one.took < going]
    assert {one.answer.status for one in before} <= {200, 201}
    met = [one for one in asked if one.began < gone <= one.began + one.took]
    for one in met:
        if one.answer.status == 503:
            assert_not_now(one.answer, "dependency-unavailable", "outcome-unknown", "overloaded")
    meanwhile = [one for one in asked if gone <= one.began and one.began + one.took < coming]
    for one in meanwhile:
        assert_not_now(one.answer, "dependency-unavailable", "overloaded")
    slowest = max(one.took for one in met + meanwhile)
    assert slowest < 2.5
    assert worked / (coming - gone) < 0.1, "it spins"
    good = [one for one in asked if one.began + one.took > coming and one.answer.status < 300]
    first = min(one.began + one.took for one in good) - back
    assert first < 2
    last = [one for one in asked if one.began > back + 2]
    assert last
    assert {one.answer.status for one in last} <= {200, 201}
    assert {one.answer.status for one in asked} <= {200, 201, 503}

    answered = {one.answer.json()["id"] for one in asked if one.answer.status == 201}
    stored = await ada.pages(f"{talk}/messages")
    assert answered <= {message["id"] for message in stored}
    assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))
    assert server.lines("incident") == []
    assert len(await eventually(lambda: server.lines("database.back"))) == 1
    print(  # noqa: T201
        f"away for {coming - gone:.1f} s: {len(meanwhile)} refusals, the slowest in"
        f" {slowest:.2f} s, {100 * worked / (coming - gone):.0f} % of a processor; the first"
        f" success {first:+.2f} s after the start"
    )
