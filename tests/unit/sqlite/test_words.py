"""The words of messages in SQLite: who makes them where nobody has, and what becomes of them."""

import asyncio
import sqlite3
from contextlib import closing

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.sqlite import schema
from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import Scene, stored_conversation, stored_scene
from cortex_core.domain.models import Message
from cortex_core.domain.search.query import parse
from cortex_core.services.reception import Reception
from cortex_core.services.search import BATCH, Search

PATIENCE = 20


async def test_what_an_older_release_has_stored_is_made_findable(
    store: SqliteStore, path: str
) -> None:
    scene = await stored_scene(store)
    notes = [await _add(store, scene, "the cat") for _ in range(7)]
    forgotten = {note.id for note in notes[:5]}
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for message_id in forgotten:
            place = "SELECT words FROM messages WHERE id = ?"
            connection.execute(f"DELETE FROM message_words WHERE rowid = ({place})", (message_id,))
            connection.execute("UPDATE messages SET words = NULL WHERE id = ?", (message_id,))
    assert await _found(store, scene) == {note.id for note in notes} - forgotten
    for expected in (2, 2, 1, 0):
        async with store.begin(single=True) as work:
            assert await work.search.catch_up(limit=2) == expected
    assert await _found(store, scene) == {note.id for note in notes}


async def test_a_message_that_is_damaged_is_in_nobodys_way(store: SqliteStore, path: str) -> None:
    scene = await stored_scene(store)
    damaged, whole = [await _add(store, scene, "the cat") for _ in range(2)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM message_words")
        connection.execute("UPDATE messages SET words = NULL")
        connection.execute(
            "UPDATE messages SET content = CAST(x'ff20646f67' AS TEXT) WHERE id = ?", (damaged.id,)
        )
    async with store.begin(single=True) as work:
        assert await work.search.catch_up(limit=9) == 2
    assert await _found(store, scene) == {whole.id}


async def test_a_server_catches_up_by_itself(store: SqliteStore, path: str) -> None:
    scene = await stored_scene(store)
    notes = [await _add(store, scene, "the cat") for _ in range(2 * BATCH + 1)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM message_words")
        connection.execute("UPDATE messages SET words = NULL")
    ports = ports_around(store)
    keeper = asyncio.create_task(Search(ports, Reception(ports)).keep_up())
    async with asyncio.timeout(PATIENCE):
        while len(await _found(store, scene)) < len(notes):  # noqa: ASYNC110 - nothing rings
            await asyncio.sleep(0.01)
    keeper.cancel()


async def test_words_go_with_their_message(store: SqliteStore, path: str) -> None:
    scene = await stored_scene(store)
    beside = await stored_conversation(store, scene.workspace)
    await _add(store, scene, "the cat")
    async with store.begin() as work:
        await work.messages.add(make.message(beside, scene.owner, "another"))
        await work.conversations.delete(scene.conversation.id, version=None)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT words FROM message_words").fetchall() == [(" another ",)]
    async with store.begin() as work:
        await work.workspaces.delete(scene.workspace.id, version=1)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM message_words").fetchone() == (0,)
        connection.execute("INSERT INTO message_words (message_words) VALUES ('integrity-check')")


async def test_the_steps_are_taken_back_and_again_without_loss(path: str) -> None:
    """Whoever runs an older release meanwhile stores messages as it always has."""
    async with open_store(path) as store:
        scene = await stored_scene(store)
        note = await _add(store, scene, "the cat")
    await schema.downgrade(path, 4, losing=True)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id, content FROM messages").fetchall() == [
            (note.id, "the cat")
        ]
    await schema.upgrade(path)
    assert await schema.check(path) == []
    async with open_store(path) as store:
        async with store.begin(single=True) as work:
            assert await work.search.catch_up(limit=9) == 1
        assert await _found(store, scene) == {note.id}


async def _add(store: SqliteStore, scene: Scene, content: str) -> Message:
    async with store.begin() as work:
        return await work.messages.add(make.message(scene.conversation, scene.owner, content))


async def _found(store: SqliteStore, scene: Scene) -> set[str]:
    async with store.begin(read_only=True) as work:
        hits = await work.search.find(scene.owner.id, parse("cat"), after=None, limit=999)
    return {hit.message.id for hit in hits}
