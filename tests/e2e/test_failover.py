"""A primary, a standby that follows it, and a server that knows both.

Each test is named after its row in the table of faults.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from cortex_adapters.postgres import schema
from tests.e2e.eventually import eventually
from tests.e2e.server import ServerProcess
from tests.e2e.test_faults_of_the_database import assert_not_now, post, timed
from tests.e2e.wire import Answer, Api
from tests.proxy import fault_proxy
from tests.unit.postgres.cluster import Server, running_pair

Pair = tuple[Server, Server]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with running_pair() as pair:
        asyncio.run(schema.upgrade(pair[0].uri))
        yield pair


@asynccontextmanager
async def serving(url: str, folder: Path) -> AsyncIterator[tuple[ServerProcess, Api]]:
    server = ServerProcess(url, folder)
    try:
        await server.start()
        yield server, await Api(server.port).sign_in()
    finally:
        await server.stop()


def caught_up(primary: Server, standby: Server) -> bool:
    with psycopg.connect(primary.uri) as connection:
        [written] = connection.execute("SELECT pg_current_wal_lsn()").fetchone() or [None]
    with psycopg.connect(standby.uri) as connection:
        query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        return connection.execute(query, (written,)).fetchone() == (True,)


async def test_fault_9_a_failover_loses_no_write_that_was_acknowledged(pair: Pair, tmp_path: Path):
    primary, standby = pair
    primary.set("synchronous_standby_names", "*")
    both = f"{primary.host},{standby.host}"
    url = f"postgresql://postgres:@/postgres?host={both}&target_session_attrs=read-write"
    async with serving(url, tmp_path) as (server, ada):
        talk = await ada.conversation()
        answers: list[tuple[float, Answer]] = []
        leaving = asyncio.Event()

        async def write() -> None:
            while not leaving.is_set():
                answer = await post(ada, talk)
                answers.append((time.monotonic(), answer))

        writers = [asyncio.create_task(write()) for _ in range(8)]
        await asyncio.sleep(1.5)
        await asyncio.to_thread(primary.stop, "immediate")
        gone = time.monotonic()
        await asyncio.to_thread(standby.promote)
        promoted = time.monotonic()
        await asyncio.sleep(2.5)
        leaving.set()
        await asyncio.gather(*writers)

        for _, answer in answers:
            if answer.status != 201:
                assert_not_now(answer, "dependency-unavailable", "outcome-unknown", "overloaded")
        good = [at for at, answer in answers if answer.status == 201]
        before, after = max(at for at in good if at < gone), min(at for at in good if at > promoted)
        assert after - promoted < 2
        acknowledged = {answer.json()["id"] for _, answer in answers if answer.status == 201}
        stored = await ada.pages(f"{talk}/messages")
        assert acknowledged <= {message["id"] for message in stored}
        assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))
        assert server.lines("incident") == []
        failed = sum(answer.status != 201 for _, answer in answers)
        print(  # noqa: T201
            f"{len(acknowledged)} acknowledged, none lost, {failed} refused; a gap of"
            f" {after - before:.2f} s, which ended {after - promoted:.2f} s after the promotion"
        )


async def test_fault_9_without_its_synchronous_standby_no_write_is_acknowledged(
    pair: Pair, tmp_path: Path
):
    """It waits on the old primary, and would be lost with it."""
    primary, standby = pair
    async with serving(primary.uri, tmp_path) as (_, ada):
        talk = await ada.conversation()
        primary.set("synchronous_standby_names", "*")
        assert (await post(ada, talk)).status == 201
        await asyncio.to_thread(standby.stop)
        took, answer = await timed(ada, talk)
        assert_not_now(answer, "outcome-unknown")
        assert took < 8
        assert (await ada.get(talk)).status == 200
        await asyncio.to_thread(standby.start)
        assert await eventually(lambda: caught_up(primary, standby))
        assert (await post(ada, talk)).status == 201


async def test_fault_10_on_a_standby_writes_are_refused_until_it_is_promoted(
    pair: Pair, tmp_path: Path
):
    primary, standby = pair
    async with fault_proxy(primary.uri) as network, serving(network.url, tmp_path) as (server, ada):
        talk = await ada.conversation()
        assert await eventually(lambda: caught_up(primary, standby))
        network.lead_to(standby.uri)
        network.cut()
        for _ in range(3):
            took, answer = await timed(ada, talk)
            assert_not_now(answer, "dependency-unavailable")
            assert took < 2.5
            answer = await ada.ask("PATCH", talk, {"topic": "another"})
            assert_not_now(answer, "dependency-unavailable")
            assert (await ada.get(talk)).status == 200
        await asyncio.to_thread(standby.promote)
        took, answer = await timed(ada, talk)
        assert (answer.status, took < 1) == (201, True), answer.body
        assert server.lines("incident") == []


async def test_fault_10_connections_that_lead_to_a_standby_are_given_up(pair: Pair, tmp_path: Path):
    """The address leads to the new primary, and those who were connected before do not."""
    primary, standby = pair
    async with fault_proxy(primary.uri) as network, serving(network.url, tmp_path) as (server, ada):
        talk = await ada.conversation()
        assert await eventually(lambda: caught_up(primary, standby))
        network.lead_to(standby.uri)
        network.cut()
        assert {(await ada.get(talk)).status for _ in range(20)} == {200}
        network.lead_to(primary.uri)
        for answer in await asyncio.gather(*(post(ada, talk) for _ in range(20))):
            assert answer.status == 201, answer.body
        assert server.lines("incident") == []


async def test_fault_44_two_servers_with_a_replica_that_lags_show_what_was_written(
    pair: Pair, tmp_path: Path
):
    primary, standby = pair
    servers = [
        ServerProcess(primary.uri, tmp_path, CORTEX_DATABASE_REPLICA_URL=standby.uri)
        for _ in range(2)
    ]
    try:
        one, other = [await server.start() for server in servers]
        ada = await Api(one.port).sign_in()
        there = ada.at(other.port)
        talk = await ada.conversation()
        for delay in ("0", "5s", "0"):
            standby.set("recovery_min_apply_delay", delay)
            for _ in range(20):
                posted = (await post(ada, talk)).json()
                assert (await there.get(f"{talk}/messages/{posted['id']}")).status == 200
                assert (await there.pages(f"{talk}/events"))[-1]["seq"] == posted["seq"]
        assert {(await who.get("/health/ready")).status for who in (ada, there)} == {200}
        assert one.lines("incident") == other.lines("incident") == []
    finally:
        for server in servers:
            await server.stop()
