"""Connections are lent to so many at once, kept as long as they are good, and never lost."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack

import psycopg
import pytest

from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene, stored_user
from cortex_core.domain.errors import OverloadedError, StorageReadOnlyError
from cortex_core.domain.ids import UserId


async def _read(store: PostgresStore, user_id: UserId) -> None:
    async with store.begin(read_only=True) as work:
        await work.users.get(user_id)


async def test_fault_12_who_finds_all_in_use_for_too_long_is_refused(database: str) -> None:
    async with open_store(database, max_size=2, max_waiting=3, wait=0.2) as store:
        ada = await stored_user(store)
        async with AsyncExitStack() as stack:
            for _ in range(2):
                work = await stack.enter_async_context(store.begin())
                await work.users.get(ada.id)
            began = time.monotonic()
            outcomes = await asyncio.gather(
                *(_timed(_read(store, ada.id)) for _ in range(10)), return_exceptions=True
            )
            assert time.monotonic() - began < 0.5
        refused = sorted(took for took in outcomes if isinstance(took, float))
        assert len(refused) == 10
        assert all(took < 0.05 for took in refused[:7])
        assert all(0.15 < took < 0.4 for took in refused[7:])
        await asyncio.gather(*(_read(store, ada.id) for _ in range(5)))


async def _timed(refused: Awaitable[None]) -> float:
    """Return how long it took to be refused."""
    began = time.monotonic()
    with pytest.raises(OverloadedError):
        await refused
    return time.monotonic() - began


async def test_fault_11_a_server_without_room_for_more_is_overloaded(
    database: str, postgres_server: str
) -> None:
    role = f"few_{make.new_id()[-12:]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} SUPERUSER LOGIN CONNECTION LIMIT 2".encode())
        connection.execute(f"ALTER ROLE {role} NOSUPERUSER".encode())
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}".encode())
    few = database.replace("postgres:@", f"{role}@")
    assert few != database
    async with open_store(few, wait=0.3) as store:
        ada = await stored_user(store)

        async def hold() -> None:
            async with store.begin() as work:
                await work.users.get(ada.id)
                await asyncio.sleep(1)

        outcomes = await asyncio.gather(*(hold() for _ in range(4)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes].count(OverloadedError) == 2
        assert outcomes.count(None) == 2


async def test_a_unit_that_asks_nothing_takes_no_connection(database: str) -> None:
    async with open_store(database, max_size=1, max_waiting=0) as store:
        async with store.begin(), store.begin(read_only=True), store.begin(single=True):
            ada = await stored_user(store)
        before = store.statements
        with pytest.raises(StorageReadOnlyError):
            async with store.begin(read_only=True) as work:
                await work.users.update(ada)
        assert store.statements == before


async def test_statements_are_counted(store: PostgresStore) -> None:
    scene = await stored_scene(store)

    async def count(*, single: bool, read_only: bool = False) -> int:
        before = store.statements
        async with store.begin(single=single, read_only=read_only) as work:
            if read_only:
                await work.conversations.access(scene.owner.id, scene.conversation.id)
            else:
                await work.messages.add(make.message(scene.conversation, scene.owner))
        return store.statements - before

    assert await count(single=True) == 1
    assert await count(single=False) == 3
    assert await count(single=True, read_only=True) == 1
    assert await count(single=False, read_only=True) == 1


async def test_connections_are_closed_with_the_store(database: str) -> None:
    async with open_store(database, min_size=3) as store:
        ada = await stored_user(store)
        work = await store.begin(read_only=True).__aenter__()
        await work.users.get(ada.id)
        assert _connected(database) == 3
    await work._session.end(None)
    for _ in range(100):
        if not _connected(database):
            return
        await asyncio.sleep(0.01)
    pytest.fail("Connections were left open.")


def _connected(database: str) -> int:
    with psycopg.connect(database) as connection:
        [count] = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'cortex'"
        ).fetchone() or [0]
    return int(count)


async def test_a_store_that_was_closed_stays_closed(database: str) -> None:
    async with open_store(database) as store:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        async with store.begin(single=True) as work:
            await work.registry.get("anything")
