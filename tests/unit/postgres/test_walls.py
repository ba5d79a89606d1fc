"""Row-level security: a statement that forgets its WHERE shows nothing of others."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import psycopg
import pytest

from cortex_adapters.postgres import schema
from cortex_adapters.postgres.grants import RIGHTS, grants
from cortex_adapters.postgres.line import Line
from cortex_adapters.postgres.store import PostgresStore, PostgresUnitOfWork, open_store
from cortex_adapters.postgres.walls import POLICIES
from cortex_core.contract import make
from cortex_core.contract.store import Scene, stored_scene
from cortex_core.domain.errors import StorageForbiddenError
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import Role
from cortex_core.domain.policy import WRITERS
from tests.postgres import role_of_server

USERS = ("users", "workspaces", "memberships", "conversations", "messages", "events", "turns")
"""Tables in which each scene has rows."""


@pytest.fixture
def server(owned: str) -> Iterator[str]:
    with role_of_server(owned, row_security=True) as uri:
        yield uri


@pytest.fixture
async def store(server: str) -> AsyncIterator[PostgresStore]:
    async with open_store(server, max_size=1) as store:
        yield store


async def said(store: PostgresStore) -> Scene:
    """Store a scene with a message, a turn and an event in it."""
    scene = await stored_scene(store)
    note = make.message(scene.conversation, scene.owner)
    async with store.begin() as work:
        await work.messages.post(note, turn=make.turn(note), roles=WRITERS)
        await work.events.append(make.event(scene.conversation, scene.owner))
    return scene


async def seen(store: PostgresStore, table: str, caller: UserId | None) -> int:
    """Count the rows of a *table* that a statement finds that asks for all of them."""
    async with store.begin(read_only=True, caller=caller) as work:
        return await _count(work, table)


async def _count(work: PostgresUnitOfWork, table: str) -> int:
    found = await work._session.read(f"SELECT count(*) FROM {table}")
    return int(found[0][0])


def test_every_table_of_the_server_has_a_policy() -> None:
    assert POLICIES.keys() == RIGHTS.keys() - {"schema_steps"}


async def test_a_forgotten_where_shows_what_is_the_callers_and_no_more(
    store: PostgresStore,
) -> None:
    ada, eve = await said(store), await said(store)
    for table in USERS:
        assert await seen(store, table, ada.owner.id) == 1, table
        assert await seen(store, table, None) == 2, table
    stranger = make.user().id
    for table in POLICIES:
        assert await seen(store, table, stranger) == 0, table
    assert eve.owner.id != ada.owner.id


async def test_who_says_nothing_sees_nothing(store: PostgresStore, server: str) -> None:
    await said(store)
    with psycopg.connect(server) as connection:
        for caller in (b"RESET cortex.caller", b"SET cortex.caller = ''", b"SET cortex.caller = x"):
            connection.execute(caller)
            for table in POLICIES:
                count = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
                assert count == (0,), (table, caller)


async def test_what_is_sent_past_the_units_sees_nothing(store: PostgresStore) -> None:
    await said(store)
    line = Line(store._pool)
    try:
        assert await line.send("SELECT count(*) FROM messages") == [(0,)]
    finally:
        line.end()


async def test_a_caller_is_forgotten_with_the_unit(store: PostgresStore) -> None:
    """There is one connection: the next unit has the same."""
    ada = await said(store)
    assert await seen(store, "messages", ada.owner.id) == 1
    assert await seen(store, "messages", make.user().id) == 0
    with suppress(ZeroDivisionError):
        async with store.begin(caller=ada.owner.id) as work:
            await work.conversations.get(ada.conversation.id)
            raise ZeroDivisionError
    assert await seen(store, "messages", make.user().id) == 0


async def test_what_a_caller_has_no_part_in_cannot_be_changed(store: PostgresStore) -> None:
    ada, eve = await said(store), await said(store)
    async with store.begin(caller=eve.owner.id) as work:
        for statement in (
            "UPDATE conversations SET topic = 'taken'",
            "UPDATE workspaces SET name = 'taken'",
            "UPDATE users SET name = 'taken'",
            "DELETE FROM memberships WHERE user_id <> '" + eve.owner.id + "'",
        ):
            await work._session.write(statement)
    async with store.begin(read_only=True) as work:
        assert (await work.conversations.get(ada.conversation.id)).topic != "taken"
        assert (await work.users.get(ada.owner.id)).name != "taken"
        access = await work.workspaces.access(ada.owner.id, ada.workspace.id)
    assert access is not None
    assert access.role is Role.OWNER


async def test_a_row_cannot_be_put_where_its_caller_has_no_part(store: PostgresStore) -> None:
    ada, eve = await said(store), await said(store)
    note = make.message(ada.conversation, eve.owner)
    with pytest.raises(StorageForbiddenError):
        async with store.begin(caller=eve.owner.id) as work:
            await work._session.write(
                "INSERT INTO messages SELECT $1, $2, 99, 'user', $3, 'user', '', NULL, '{}', now()",
                note.id,
                ada.conversation.id,
                eve.owner.id,
            )


async def test_nobody_lets_themselves_in(store: PostgresStore) -> None:
    ada, eve = await said(store), await said(store)
    mine, workspace, conversation = eve.owner.id, ada.workspace.id, ada.conversation.id
    with pytest.raises(StorageForbiddenError):
        async with store.begin(caller=mine) as work:
            await work._session.write(
                "INSERT INTO participants VALUES ($1, $2)", conversation, mine
            )
    with pytest.raises(StorageForbiddenError):
        async with store.begin(caller=mine) as work:
            await work._session.write(
                "INSERT INTO memberships VALUES ($1, $2, 'owner', 'other')", workspace, mine
            )
    with pytest.raises(StorageForbiddenError):
        async with store.begin(caller=mine) as work:
            await work._session.write(
                "UPDATE memberships SET workspace_id = $1, name_key = 'other'", workspace
            )


async def test_walls_come_down_again(owned: str, server: str) -> None:
    role = server.partition("//")[2].partition(":")[0]
    async with open_store(server) as store:
        await said(store)
    with psycopg.connect(owned) as connection:
        connection.execute(grants(server=role, row_security=False).encode())
    async with open_store(server) as store:
        assert await seen(store, "messages", make.user().id) == 1
    assert await schema.check(owned) == []


async def test_walls_are_no_part_of_the_schema(owned: str, server: str) -> None:
    assert await schema.check(owned) == []
    assert await schema.upgrade(owned) == []
