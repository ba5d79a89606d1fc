"""Reads go to a standby while nobody can tell it from the primary, and to the primary else."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.replica import open_replica
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_core.contract import PersistenceContract, make
from cortex_core.contract.store import Scene, stored_scene
from tests.contract.test_postgres import TABLES
from tests.proxy import fault_proxy
from tests.unit.postgres.cluster import Cluster, Server, running_pair, running_standby

Pair = tuple[Cluster, Server]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with running_pair() as pair:
        asyncio.run(schema.upgrade(pair[0].uri))
        pair[1].set("log_statement", "all")
        yield pair


@pytest.fixture
async def store(pair: Pair) -> AsyncIterator[PostgresStore]:
    primary, standby = pair
    async with open_store(primary.uri, replica=standby.uri) as store:
        yield store


def reads(standby: Server) -> int:
    """Count the reads of messages that reached the standby so far."""
    log = (standby.folder / "log").read_text(encoding="utf-8", errors="replace")
    return log.count("FROM messages")


async def read(store: PostgresStore, scene: Scene) -> int:
    async with store.begin(read_only=True) as work:
        found = await work.messages.in_conversation(scene.conversation.id, after=None, limit=999)
        return len(found)


async def write(store: PostgresStore, scene: Scene) -> None:
    async with store.begin() as work:
        await work.messages.add(make.message(scene.conversation, scene.owner))


async def fresh(store: PostgresStore) -> None:
    """Wait until reads go to the standby."""
    assert store.replica is not None
    began = time.monotonic()
    while not await store.replica.fresh():
        assert time.monotonic() - began < 10
        await asyncio.sleep(0.05)


class TestPostgresStoreWithReplica(PersistenceContract):
    @pytest.fixture
    async def store(self, pair: Pair) -> AsyncIterator[PostgresStore]:
        primary, standby = pair
        with psycopg.connect(primary.uri) as connection:
            for table in TABLES:
                connection.execute(b"DELETE FROM " + table)
        async with open_store(primary.uri, replica=standby.uri) as store:
            yield store


async def test_fault_44_who_wrote_reads_it_through_whichever_process(
    pair: Pair, store: PostgresStore
) -> None:
    primary, standby = pair
    async with open_store(primary.uri, replica=standby.uri) as other:
        scene = await stored_scene(store)
        await fresh(store)
        await fresh(other)
        before = reads(standby)
        for n in range(100):
            await write(store, scene)
            assert await read(other, scene) == n + 1
        assert reads(standby) - before > 50, "hardly any read went to the standby"


async def test_fault_44_a_standby_that_lags_is_not_read_from(
    pair: Pair, store: PostgresStore
) -> None:
    _, standby = pair
    scene = await stored_scene(store)
    await fresh(store)
    standby.set("recovery_min_apply_delay", "5s")
    try:
        await asyncio.sleep(0.1)
        before = reads(standby)
        began = time.monotonic()
        for n in range(20):
            await write(store, scene)
            assert await read(store, scene) == n + 1
        assert time.monotonic() - began < 2
        assert reads(standby) == before
    finally:
        standby.set("recovery_min_apply_delay", "0")
    await fresh(store)
    assert await read(store, scene) == 20
    assert reads(standby) == before + 1


async def test_fault_44_an_address_that_leads_to_several_standbys_shows_nothing_old(
    pair: Pair,
) -> None:
    """Each connection asks for itself: the one beside it may lead to one that lags."""
    primary, standby = pair
    with running_standby(primary, "lagging") as lagging:
        lagging.set("recovery_min_apply_delay", "5s")
        async with fault_proxy(standby.uri) as balancer:
            place = balancer.url
            async with open_store(primary.uri, replica=place) as store:
                scene = await stored_scene(store)
                await fresh(store)
                assert balancer.lines == 1
                balancer.lead_to(lagging.uri)
                for n in range(5):
                    await write(store, scene)
                    found = await asyncio.gather(*(read(store, scene) for _ in range(20)))
                    assert set(found) == {n + 1}
                    await asyncio.sleep(0.6)


async def test_a_standby_that_goes_away_is_not_missed(pair: Pair, store: PostgresStore) -> None:
    _, standby = pair
    scene = await stored_scene(store)
    await fresh(store)
    leaving = asyncio.Event()
    slowest = 0.0

    async def go_on() -> None:
        nonlocal slowest
        while not leaving.is_set():
            began = time.monotonic()
            assert await read(store, scene) == 0
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.sleep(0.005)

    readers = [asyncio.create_task(go_on()) for _ in range(8)]
    for mode in ("immediate", "fast"):
        await asyncio.sleep(0.3)
        await asyncio.to_thread(standby.stop, mode)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(standby.start)
        await fresh(store)
    leaving.set()
    await asyncio.gather(*readers)
    assert slowest < 1


async def test_a_store_opens_without_its_standby(pair: Pair) -> None:
    primary, _ = pair
    async with open_store(primary.uri, replica="postgresql://postgres:@127.0.0.1:1/x") as store:
        scene = await stored_scene(store)
        assert await read(store, scene) == 0


async def test_an_old_primary_that_is_ahead_in_another_history_is_not_read_from() -> None:
    """It has what was never acknowledged, lacks what was, and its position is beyond both."""
    more = "INSERT INTO padding SELECT repeat('x', 99) FROM generate_series(1, 99999)"
    with running_pair() as (old, new):
        with psycopg.connect(old.uri, autocommit=True) as connection:
            connection.execute("CREATE TABLE padding (x text)")
            new.stop()
            connection.execute(more.encode())
        old.stop()
        new.start()
        new.promote()
        (old.folder / "standby.signal").touch()
        old.start()
        with psycopg.connect(new.uri) as ours, psycopg.connect(old.uri) as theirs:
            [written] = ours.execute("SELECT pg_current_wal_flush_lsn()").fetchone() or [None]
            ahead = "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() > %s::pg_lsn"
            assert theirs.execute(ahead, (written,)).fetchone() == (True,)
        opening = open_replica(new.uri, old.uri, max_size=1, max_waiting=1, telemetry=None)
        async with opening as replica:
            for _ in range(3):
                assert not await replica.fresh()
                await asyncio.sleep(1.1)
