"""How many round trips each repository call takes, alone in a single unit."""

import pytest
from msgspec.structs import replace

from cortex_adapters.postgres.store import PostgresStore
from cortex_core.contract import make
from cortex_core.contract.kinds import WRITES, Write
from cortex_core.contract.store import Scene, stored_scene
from cortex_core.contract.turns import queued
from cortex_core.ports import UnitOfWork

# Those that must see what others left before they change anything: BEGIN, lock, change, COMMIT.
# A delete may take long, and says so: BEGIN, timeout, delete, COMMIT.
SEVERAL = {
    "links.add": 5,  # it locks two rows
    "workspaces.put_member": 4,
    "workspaces.update": 4,
    "workspaces.delete": 4,
    "conversations.delete": 4,
}
READS: dict[str, Write] = {
    "users.get": lambda work, scene: work.users.get(scene.owner.id),
    "users.find": lambda work, scene: work.users.find(scene.owner.issuer, scene.owner.subject),
    "users.with_email": lambda work, _: work.users.with_email("ada@example.org", limit=2),
    "links.of_user": lambda work, scene: work.links.of_user(scene.owner.id),
    "workspaces.access": lambda work, scene: work.workspaces.access(
        scene.owner.id, scene.workspace.id
    ),
    "workspaces.of_user": lambda work, scene: work.workspaces.of_user(
        scene.owner.id, after=None, limit=9
    ),
    "workspaces.members": lambda work, scene: work.workspaces.members(
        scene.workspace.id, after=None, limit=9
    ),
    "conversations.access": lambda work, scene: work.conversations.access(
        scene.owner.id, scene.conversation.id
    ),
    "conversations.get": lambda work, scene: work.conversations.get(scene.conversation.id),
    "conversations.visible": lambda work, scene: work.conversations.visible(
        [(scene.owner.id, scene.conversation.id)] * 1_000
    ),
    "conversations.in_workspace": lambda work, scene: work.conversations.in_workspace(
        scene.workspace.id, after=None, limit=9
    ),
    "conversations.of_user": lambda work, scene: work.conversations.of_user(
        scene.owner.id, after=None, limit=9
    ),
    "conversations.participants": lambda work, scene: work.conversations.participants(
        scene.conversation.id, after=None, limit=9
    ),
    "messages.in_conversation": lambda work, scene: work.messages.in_conversation(
        scene.conversation.id, after=None, limit=9
    ),
    "events.since": lambda work, scene: work.events.since(scene.conversation.id, seq=0, limit=9),
    "sessions.get": lambda work, _: work.sessions.get(make.session().digest, now=make.NOON),
    "sessions.present": lambda work, _: work.sessions.present(
        [make.session().digest] * 1_000, now=make.NOON
    ),
    "revocations.since": lambda work, _: work.revocations.since(make.NOON, now=make.NOON),
    "registry.get": lambda work, _: work.registry.get("epoch"),
}


@pytest.mark.parametrize("name", READS)
async def test_a_read_is_one_round_trip(store: PostgresStore, name: str) -> None:
    scene = await stored_scene(store)
    for single in (False, True):
        before = store.statements
        async with store.begin(read_only=True, single=single) as work:
            await READS[name](work, scene)
        assert store.statements - before == 1


@pytest.mark.parametrize("name", WRITES.keys() - {"workspaces.remove_member"})
async def test_a_single_write_is_one_round_trip_where_it_can_be(
    store: PostgresStore, name: str
) -> None:
    scene = await stored_scene(store)
    await queued(store, scene)
    before = store.statements
    async with store.begin(single=True) as work:
        await WRITES[name](work, scene)
    assert store.statements - before == SEVERAL.get(name, 1)


async def test_a_session_is_renewed_in_one_round_trip(store: PostgresStore) -> None:
    session = make.session()
    async with store.begin(single=True) as work:
        await work.sessions.add(session)
    before = store.statements
    async with store.begin(single=True) as work:
        await work.sessions.update(replace(session, version=2), version=1)
    assert store.statements - before == 1


async def test_a_unit_begins_with_its_first_write(store: PostgresStore) -> None:
    """What is refused before it writes costs neither BEGIN nor ROLLBACK."""
    scene = await stored_scene(store)

    async def look(work: UnitOfWork, scene: Scene) -> None:
        await work.users.get(scene.owner.id)
        await work.conversations.get(scene.conversation.id)

    before = store.statements
    async with store.begin() as work:
        await look(work, scene)
    assert store.statements - before == 2
    async with store.begin() as work:
        await look(work, scene)
        await work.users.update(replace(scene.owner, name="Changed"))
        await work.messages.add(make.message(scene.conversation, scene.owner))
    assert store.statements - before == 2 + 6
