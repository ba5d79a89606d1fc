"""What units of work of the special kinds must do: those that read, and those of one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import Scene, StoreContract, stored_scene, stored_user
from cortex_core.contract.turns import lease, queued
from cortex_core.domain.errors import StorageReadOnlyError
from cortex_core.domain.links import Profile
from cortex_core.domain.models import Role
from cortex_core.domain.policy import WRITERS
from cortex_core.ports import Horizon, Store, UnitOfWork

Write = Callable[[UnitOfWork, Scene], Awaitable[object]]

WRITES: Final[dict[str, Write]] = {
    "users.ensure": lambda work, _: work.users.ensure(make.user()),
    "users.update": lambda work, scene: work.users.update(replace(scene.owner, name="Changed")),
    "users.get, locked": lambda work, scene: work.users.get(scene.owner.id, lock=True),
    "users.refresh": lambda work, scene: work.users.refresh(
        scene.owner.id, Profile(name="Said", said_at=make.at(1)), now=make.NOON
    ),
    "links.add": lambda work, scene: work.links.add(make.link(scene.owner)),
    "links.remove": lambda work, _: work.links.remove(make.ISSUER, "nobody"),
    "workspaces.add": lambda work, scene: work.workspaces.add(
        make.workspace(), owner_id=scene.owner.id
    ),
    "workspaces.update": lambda work, scene: work.workspaces.update(
        replace(scene.workspace, version=2), version=1
    ),
    "workspaces.delete": lambda work, scene: work.workspaces.delete(
        scene.workspace.id, version=None
    ),
    "workspaces.put_member": lambda work, scene: work.workspaces.put_member(
        make.membership(scene.workspace, scene.owner, Role.OWNER)
    ),
    "workspaces.remove_member": lambda work, scene: work.workspaces.remove_member(
        scene.workspace.id, scene.owner.id
    ),
    "conversations.add": lambda work, scene: work.conversations.add(
        make.conversation(scene.workspace)
    ),
    "conversations.update": lambda work, scene: work.conversations.update(
        replace(scene.conversation, version=2), version=1
    ),
    "conversations.delete": lambda work, scene: work.conversations.delete(
        scene.conversation.id, version=None
    ),
    "conversations.add_participant": lambda work, scene: work.conversations.add_participant(
        make.participant(scene.conversation, scene.owner)
    ),
    "messages.add": lambda work, scene: work.messages.add(
        make.message(scene.conversation, scene.owner)
    ),
    "messages.post": lambda work, scene: work.messages.post(
        make.message(scene.conversation, scene.owner), turn=None, roles=WRITERS
    ),
    "turns.lease": lambda work, _: work.turns.lease(
        worker="x", now=make.at(1), until=make.at(2), limit=1
    ),
    "events.append": lambda work, scene: work.events.append(
        make.event(scene.conversation, scene.owner)
    ),
    "sessions.add": lambda work, _: work.sessions.add(make.session()),
    "sessions.delete": lambda work, _: work.sessions.delete(make.session().digest),
    "sessions.delete_by_session_id": lambda work, _: work.sessions.delete_by_session_id(
        make.ISSUER, "sid"
    ),
    "sessions.delete_by_subject": lambda work, _: work.sessions.delete_by_subject(
        make.ISSUER, "subject"
    ),
    "sessions.purge": lambda work, _: work.sessions.purge(now=make.NOON, limit=9),
    "revocations.add": lambda work, _: work.revocations.add(make.revocation()),
    "revocations.purge": lambda work, _: work.revocations.purge(now=make.NOON, limit=9),
    "replays.spend": lambda work, _: work.replays.spend("key", now=make.NOON, until=make.at(1)),
    "replays.purge": lambda work, _: work.replays.purge(now=make.NOON, limit=9),
    "retention.prune": lambda work, scene: work.retention.prune(
        scene.conversation.id, Horizon(), limit=9
    ),
    "registry.ensure": lambda work, _: work.registry.ensure("epoch", "one"),
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())


class KindsOfUnitContract(StoreContract):
    """Units that only read, and units of a single call."""

    @each_write
    async def test_a_reading_unit_refuses_to_write(self, store: Store, write: Write) -> None:
        scene = await stored_scene(store)
        await queued(store, scene)
        for single in (False, True):
            with pytest.raises(StorageReadOnlyError):
                async with store.begin(read_only=True, single=single) as work:
                    await write(work, scene)
        async with store.begin(read_only=True) as work:
            talk = await work.conversations.get(scene.conversation.id)
            assert (talk.version, talk.last_seq) == (1, 1)
        async with store.begin() as work:
            await work.registry.ensure("epoch", "two")
        assert len(await lease(store, "one", now=1)) == 1

    @each_write
    async def test_a_single_unit_writes(self, store: Store, write: Write) -> None:
        if write is WRITES["workspaces.remove_member"]:
            return  # The only owner stays.
        scene = await stored_scene(store)
        async with store.begin(single=True) as work:
            await write(work, scene)

    @pytest.mark.parametrize("read_only", [False, True])
    async def test_a_single_unit_makes_one_call(self, store: Store, read_only: bool) -> None:
        ada = await stored_user(store)

        async def call_twice() -> None:
            async with store.begin(single=True, read_only=read_only) as work:
                await work.users.get(ada.id)
                await work.registry.get("epoch")

        with pytest.raises(RuntimeError):
            await call_twice()

    async def test_a_single_unit_may_make_none(self, store: Store) -> None:
        for read_only in (False, True):
            async with store.begin(single=True, read_only=read_only):
                pass
            async with store.begin(read_only=read_only):
                pass
