"""A server whose requests go through pgbouncer in transaction mode."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from cortex_adapters.postgres import schema
from tests.e2e.server import ServerProcess
from tests.e2e.test_faults_of_the_database import assert_not_now, post, timed
from tests.e2e.wire import Answer, Api
from tests.pgbouncer import SESSIONS, PgBouncer, running_pgbouncer, set_up_role
from tests.unit.postgres.cluster import running_cluster


@pytest.fixture
def pgbouncer(postgres_server: str) -> Iterator[PgBouncer]:
    with running_pgbouncer(postgres_server) as pgbouncer:
        yield pgbouncer


@pytest.fixture
async def pooled(
    fresh_database: str, pgbouncer: PgBouncer, tmp_path: Path
) -> AsyncIterator[list[ServerProcess]]:
    """Two servers that are not started, on one database behind one pooler."""
    await schema.upgrade(fresh_database)
    set_up_role(fresh_database)
    url = pgbouncer.url(fresh_database)
    servers = [
        ServerProcess(fresh_database, tmp_path, CORTEX_DATABASE_POOLER_URL=url) for _ in range(2)
    ]
    try:
        yield servers
    finally:
        for server in servers:
            await server.stop()


async def test_two_servers_share_a_few_sessions_and_hear_each_other(pooled: list[ServerProcess]):
    """Each statement so often that it would have been prepared."""
    one, other = [await server.start() for server in pooled]
    ada = await Api(one.port).sign_in()
    there = ada.at(other.port)
    workspace = await ada.workspace()
    talks = [await ada.conversation(workspace) for _ in range(8)]
    stream = await there.follow(f"{talks[0]}/events")
    pairs = [(who, talk) for who in (ada, there) for talk in talks]
    for n in range(10):
        answers = await asyncio.gather(
            *(who.post(f"{talk}/messages", {"content": f"{n}"}) for who, talk in pairs),
            *(who.ask("PATCH", talk, {"topic": f"{n}"}) for who, talk in pairs),
            *(who.get(f"{talk}/messages") for who, talk in pairs),
        )
        assert {answer.status for answer in answers} <= {200, 201}
    for talk in talks:
        log = await ada.pages(f"{talk}/events")
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        assert len(await there.pages(f"{talk}/messages")) == 20
    expected = len(await ada.pages(f"{talks[0]}/events"))
    seen: list[int] = []
    async with asyncio.timeout(5):
        async for event in stream.events():
            seen.append(event.seq)
            if len(seen) == expected:
                break
    assert seen == list(range(1, expected + 1))
    with psycopg.connect(one.database_url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        [sessions] = connection.execute(query).fetchone() or [0]
    # Those that are shared; two of each server for signals, and a look at the schema; and ours.
    assert sessions <= SESSIONS + 2 * 3 + 1
    assert one.lines("incident") == other.lines("incident") == []
    stream.close()


async def test_a_pooler_that_goes_away_is_a_short_outage(
    pooled: list[ServerProcess], pgbouncer: PgBouncer
):
    server = await pooled[0].start()
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    await asyncio.gather(*(post(ada, talk) for _ in range(20)))
    pgbouncer.stop()
    for took, answer in await asyncio.gather(*(timed(ada, talk) for _ in range(20))):
        assert_not_now(answer, "dependency-unavailable", "overloaded")
        assert took < 2.5
    await asyncio.to_thread(pgbouncer.start)
    began = time.monotonic()
    while (await post(ada, talk)).status != 201:
        assert time.monotonic() - began < 2
    assert server.lines("incident") == []


async def test_sessions_without_our_limits_stop_the_start_with_what_helps(
    pooled: list[ServerProcess], pgbouncer: PgBouncer
):
    server = pooled[0]
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        role = f"ALTER ROLE postgres IN DATABASE {connection.info.dbname}"
        connection.execute(f"{role} RESET statement_timeout".encode())
        with pytest.raises(AssertionError, match="it did not start"):
            await server.start()
        assert "CORTEX_DATABASE_POOLER_URL: sessions behind a pooler" in server.said()
        [line] = [line for line in server.said().splitlines() if "ALTER ROLE" in line]
        connection.execute(line.strip(" -").encode())
    pgbouncer.stop()
    pgbouncer.start()
    await server.start()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_restart_of_the_database_behind_its_pooler_is_a_short_outage(
    tmp_path: Path, mode: str
):
    with running_cluster() as cluster, running_pgbouncer(cluster.uri) as pgbouncer:
        await schema.upgrade(cluster.uri)
        set_up_role(cluster.uri)
        url = pgbouncer.url(cluster.uri)
        server = ServerProcess(cluster.uri, tmp_path, CORTEX_DATABASE_POOLER_URL=url)
        try:
            ada = await Api((await server.start()).port).sign_in()
            talk = await ada.conversation()
            answers: list[Answer] = []
            leaving = asyncio.Event()

            async def write() -> None:
                while not leaving.is_set():
                    answers.append(await post(ada, talk))

            writers = [asyncio.create_task(write()) for _ in range(8)]
            await asyncio.sleep(0.5)
            await asyncio.to_thread(cluster.stop, mode)
            await asyncio.sleep(1)
            await asyncio.to_thread(cluster.start)
            back = time.monotonic()
            while (await post(ada, talk)).status != 201:
                assert time.monotonic() - back < 2
            leaving.set()
            await asyncio.gather(*writers)
            for answer in answers:
                if answer.status != 201:
                    assert_not_now(
                        answer, "dependency-unavailable", "outcome-unknown", "overloaded"
                    )
            answered = {answer.json()["id"] for answer in answers if answer.status == 201}
            stored = await ada.pages(f"{talk}/messages")
            assert answered <= {message["id"] for message in stored}
            assert server.lines("incident") == []
        finally:
            await server.stop()
