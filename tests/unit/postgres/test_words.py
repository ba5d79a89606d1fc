"""The words of messages in PostgreSQL: who makes them where nobody has."""

import asyncio

import psycopg

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import Scene, stored_scene
from cortex_core.domain.models import Message
from cortex_core.domain.search.query import parse


async def test_what_an_older_release_has_stored_is_made_findable(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    async with open_store(fresh_database) as store:
        scene = await stored_scene(store)
        notes = [await _add(store, scene, "the cat") for _ in range(7)]
        _forget(fresh_database)
        assert await _found(store, scene) == set()
        for expected in (3, 3, 1, 0):
            assert await _catch_up(store, 3) == expected
        assert await _found(store, scene) == {note.id for note in notes}


async def test_processes_that_catch_up_at_once_share_the_work(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    async with open_store(fresh_database) as store:
        scene = await stored_scene(store)
        notes = [await _add(store, scene, "the cat") for _ in range(40)]
        _forget(fresh_database)
        done = await asyncio.gather(*(_catch_up(store, 10) for _ in range(4)))
        rest = await _catch_up(store, 99)
        assert sum(done) + rest == len(notes)
        assert await _found(store, scene) == {note.id for note in notes}


async def test_the_steps_are_taken_back_and_again_without_loss(fresh_database: str) -> None:
    """Whoever runs an older release meanwhile stores messages as it always has."""
    await schema.upgrade(fresh_database)
    async with open_store(fresh_database) as store:
        scene = await stored_scene(store)
        note = await _add(store, scene, "the cat")
    await schema.downgrade(fresh_database, 4, losing=True)
    await schema.upgrade(fresh_database)
    assert await schema.check(fresh_database) == []
    async with open_store(fresh_database) as store:
        assert await _catch_up(store, 9) == 1
        assert await _found(store, scene) == {note.id}


def _forget(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE messages SET words = NULL")


async def _catch_up(store: PostgresStore, limit: int) -> int:
    async with store.begin(single=True) as work:
        return await work.search.catch_up(limit=limit)


async def _add(store: PostgresStore, scene: Scene, content: str) -> Message:
    async with store.begin() as work:
        return await work.messages.add(make.message(scene.conversation, scene.owner, content))


async def _found(store: PostgresStore, scene: Scene) -> set[str]:
    async with store.begin(read_only=True) as work:
        hits = await work.search.find(scene.owner.id, parse("cat"), after=None, limit=999)
    return {hit.message.id for hit in hits}
