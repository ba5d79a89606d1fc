"""Units that meet at a row lock: whoever waited goes by what is there afterwards."""

import asyncio
import random
from contextlib import suppress

import pytest
from msgspec.structs import replace

from cortex_adapters.postgres.store import PostgresStore
from cortex_core.contract import make
from cortex_core.contract.store import (
    Scene,
    stored_guest,
    stored_member,
    stored_scene,
    stored_user,
    stored_workspace,
)
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.models import Message, Role, UserStatus
from cortex_core.domain.policy import WRITERS

# Long enough for the other unit to be waiting at the lock, on a slow machine, too.
_HELD = 0.2


async def _post(store: PostgresStore, note: Message) -> Message | None:
    async with store.begin(single=True) as work:
        return await work.messages.post(note, turn=make.turn(note), roles=WRITERS)


async def test_fault_48_thirty_two_writers_leave_no_gap_and_no_double(
    store: PostgresStore,
) -> None:
    scene = await stored_scene(store)
    members = [await stored_member(store, scene.workspace, Role.EDITOR) for _ in range(16)]
    guests = [await stored_guest(store, scene.conversation) for _ in range(16)]
    sent: list[Message] = []
    refused: list[Message] = []

    async def write(author: int) -> None:
        user = (members + guests)[author]
        for _ in range(12):
            note = make.message(scene.conversation, user)
            placed = await _post(store, note)
            if placed is None:
                refused.append(note)
            else:
                sent.append(placed)

    async def change() -> None:
        for _ in range(30):
            async with store.begin() as work:
                access = await work.conversations.access(
                    scene.owner.id, scene.conversation.id, lock=True
                )
                assert access
                assert access.conversation
                now = access.conversation
                await work.conversations.update(
                    replace(now, topic="Changed", version=now.version + 1), version=now.version
                )
                await work.events.append(make.event(scene.conversation, scene.owner))

    async def give_up() -> None:
        """Some write, and then undo it."""
        for _ in range(30):
            with suppress(ZeroDivisionError):
                async with store.begin() as work:
                    await work.messages.add(make.message(scene.conversation, scene.owner))
                    raise ZeroDivisionError

    async def revoke() -> None:
        """Every other author loses the right to write, in one way or another."""
        for place in range(0, 16, 2):
            await asyncio.sleep(random.random() / 20)
            async with store.begin() as work:
                await work.workspaces.remove_member(scene.workspace.id, members[place].id)
                await work.conversations.remove_participant(
                    make.participant(scene.conversation, guests[place])
                )
                await work.users.update(replace(guests[place], status=UserStatus.DISABLED))

    await asyncio.gather(*(write(author) for author in range(32)), change(), give_up(), revoke())
    async with store.begin(read_only=True) as work:
        log = await work.events.since(scene.conversation.id, seq=0, limit=10**4)
        talk = await work.conversations.get(scene.conversation.id)
        stored = await work.messages.in_conversation(talk.id, after=None, limit=10**4)
    assert [event.seq for event in log] == list(range(1, talk.last_seq + 1))
    assert talk.last_seq == len(sent) + 30
    assert stored == sorted(sent, key=lambda message: message.seq)
    assert len(sent) + len(refused) == 32 * 12
    assert talk.version == 31
    silenced = {user.id for user in members[::2] + guests[::2]}
    assert all(note.author.id in silenced for note in refused)
    for user in members[::2] + guests[::2]:
        assert await _post(store, make.message(scene.conversation, user)) is None


@pytest.mark.parametrize("change", ["demoted", "removed", "promoted"])
async def test_who_waited_for_a_workspace_sees_its_own_role_as_it_is(
    store: PostgresStore, change: str
) -> None:
    scene = await stored_scene(store)
    bob = await stored_member(store, scene.workspace, Role.EDITOR)

    async def act() -> None:
        async with store.begin() as work:
            await work.workspaces.access(scene.owner.id, scene.workspace.id, lock=True)
            await asyncio.sleep(_HELD)
            if change == "removed":
                await work.workspaces.remove_member(scene.workspace.id, bob.id)
            else:
                role = Role.VIEWER if change == "demoted" else Role.OWNER
                await work.workspaces.put_member(make.membership(scene.workspace, bob, role))

    async def look() -> Role | None:
        await asyncio.sleep(_HELD / 2)
        async with store.begin() as work:
            access = await work.workspaces.access(bob.id, scene.workspace.id, lock=True)
        assert access
        return access.role

    _, role = await asyncio.gather(act(), look())
    assert role is {"demoted": Role.VIEWER, "removed": None, "promoted": Role.OWNER}[change]


async def test_who_waited_for_a_conversation_sees_whether_it_was_removed(
    store: PostgresStore,
) -> None:
    scene = await stored_scene(store)
    guest = await stored_guest(store, scene.conversation)

    async def remove() -> None:
        async with store.begin() as work:
            await work.conversations.access(scene.owner.id, scene.conversation.id, lock=True)
            await asyncio.sleep(_HELD)
            await work.conversations.remove_participant(make.participant(scene.conversation, guest))

    async def look() -> bool:
        await asyncio.sleep(_HELD / 2)
        async with store.begin() as work:
            access = await work.conversations.access(guest.id, scene.conversation.id, lock=True)
        assert access
        return access.participant

    assert (await asyncio.gather(remove(), look()))[1] is False


async def test_a_rename_reaches_an_owner_who_was_made_meanwhile(store: PostgresStore) -> None:
    scene = await stored_scene(store)
    lab = scene.workspace
    bob = await stored_user(store)

    async def promote() -> None:
        async with store.begin() as work:
            await work.workspaces.put_member(make.membership(lab, bob, Role.OWNER))
            await asyncio.sleep(_HELD)

    async def rename() -> None:
        await asyncio.sleep(_HELD / 2)
        async with store.begin() as work:
            await work.workspaces.update(replace(lab, name="Other", version=2), version=1)

    await asyncio.gather(promote(), rename())
    await stored_workspace(store, bob, make.workspace(lab.name))
    with pytest.raises(ConflictError):
        await stored_workspace(store, bob, make.workspace("other"))


async def test_an_owner_who_was_made_meanwhile_takes_the_new_name(store: PostgresStore) -> None:
    scene = await stored_scene(store)
    lab = scene.workspace
    bob = await stored_user(store)

    async def rename() -> None:
        async with store.begin() as work:
            await work.workspaces.update(replace(lab, name="Other", version=2), version=1)
            await asyncio.sleep(_HELD)

    async def promote() -> None:
        await asyncio.sleep(_HELD / 2)
        async with store.begin() as work:
            await work.workspaces.put_member(make.membership(lab, bob, Role.OWNER))

    await asyncio.gather(promote(), rename())
    with pytest.raises(ConflictError):
        await stored_workspace(store, bob, make.workspace("other"))


async def test_writers_into_what_is_being_deleted_write_or_find_nothing(
    store: PostgresStore,
) -> None:
    for whole in (False, True):
        scene = await stored_scene(store)
        await asyncio.gather(
            *(_write_on(store, scene) for _ in range(8)), _delete(store, scene, whole)
        )
        async with store.begin(read_only=True) as work:
            assert await work.events.since(scene.conversation.id, seq=0, limit=9) == []


async def _write_on(store: PostgresStore, scene: Scene) -> None:
    while await _post(store, make.message(scene.conversation, scene.owner)):
        try:
            async with store.begin() as work:
                await work.conversations.add_participant(
                    make.participant(scene.conversation, scene.owner)
                )
                await work.messages.add(make.message(scene.conversation, scene.owner))
        except NotFoundError:
            return


async def _delete(store: PostgresStore, scene: Scene, whole: bool) -> None:
    await asyncio.sleep(_HELD / 2)
    async with store.begin() as work:
        if whole:
            await work.workspaces.access(scene.owner.id, scene.workspace.id, lock=True)
            await work.workspaces.delete(scene.workspace.id, version=None)
        else:
            await work.conversations.access(scene.owner.id, scene.conversation.id, lock=True)
            await work.conversations.delete(scene.conversation.id, version=None)
