"""What a unit of work must do: all of it, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import (
    Scene,
    StoreContract,
    same,
    stored_conversation,
    stored_scene,
    stored_user,
    undone,
)
from cortex_core.contract.turns import lease, queued
from cortex_core.domain.errors import ConflictError, NotFoundError, StorageReadOnlyError
from cortex_core.domain.models import Conversation, Role, User
from cortex_core.domain.policy import WRITERS
from cortex_core.ports import Store, UnitOfWork

Write = Callable[[UnitOfWork, Scene], Awaitable[object]]

WRITES: Final[dict[str, Write]] = {
    "users.ensure": lambda work, _: work.users.ensure(make.user()),
    "users.update": lambda work, scene: work.users.update(replace(scene.owner, name="Changed")),
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
    "registry.ensure": lambda work, _: work.registry.ensure("epoch", "one"),
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())


class UnitsContract(StoreContract):
    """Units of work: commit, rollback, and who sees what."""

    async def test_a_unit_sees_its_own_work(self, store: Store) -> None:
        ada, lab = make.user(), make.workspace()
        talk = make.conversation(lab)
        async with store.begin() as work:
            await work.users.ensure(ada)
            await work.workspaces.add(lab, owner_id=ada.id)
            await work.conversations.add(talk)
            placed = await work.messages.add(make.message(talk, ada))
            assert same(await work.users.get(ada.id), ada)
            assert same(await work.messages.get(talk.id, placed.id), placed)
            assert (await work.conversations.get(talk.id)).last_seq == 1
            assert len(await work.conversations.of_user(ada.id, after=None, limit=9)) == 1

    @pytest.mark.parametrize("error", [ZeroDivisionError, ConflictError, KeyboardInterrupt])
    async def test_an_error_undoes_every_repository(
        self, store: Store, error: type[BaseException]
    ) -> None:
        before = await _before(store)
        await undone(store, lambda work: _change_everything(work, before), error())
        await _assert_unchanged(store, before)

    async def test_an_error_passes_through_unchanged(self, store: Store) -> None:
        for error in (ZeroDivisionError("mine"), ConflictError("mine"), StopAsyncIteration()):
            await undone(store, lambda work: work.users.ensure(make.user()), error)

    async def test_a_failed_call_undoes_what_went_before(self, store: Store) -> None:
        scene = await stored_scene(store)
        ada = make.user()

        async def fail() -> None:
            async with store.begin() as work:
                await work.users.ensure(ada)
                await work.messages.add(make.message(scene.conversation, scene.owner))
                await work.conversations.add(scene.conversation)

        with pytest.raises(ConflictError):
            await fail()
        async with store.begin(read_only=True) as work:
            assert same(await work.conversations.get(scene.conversation.id), scene.conversation)
            with pytest.raises(NotFoundError):
                await work.users.get(ada.id)

    async def test_a_cancelled_unit_leaves_nothing(self, store: Store) -> None:
        scene = await stored_scene(store)
        written = asyncio.Event()

        async def write() -> None:
            async with store.begin() as work:
                await work.messages.add(make.message(scene.conversation, scene.owner))
                written.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(write())
        await written.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with store.begin(read_only=True) as work:
            assert same(await work.conversations.get(scene.conversation.id), scene.conversation)
        async with store.begin() as work:
            placed = await work.messages.add(make.message(scene.conversation, scene.owner))
        assert placed.seq == 1

    async def test_units_cancelled_at_any_point_leave_all_or_nothing(self, store: Store) -> None:
        """And the store goes on as if nothing had been."""
        scene = await stored_scene(store)

        async def write() -> None:
            async with store.begin() as work:
                await work.messages.add(make.message(scene.conversation, scene.owner))
                await work.events.append(make.event(scene.conversation, scene.owner))

        for patience in range(40):
            tasks = [asyncio.create_task(write()) for _ in range(2)]
            for _ in range(patience):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(10):
            await write()
        async with store.begin(read_only=True) as work:
            log = await work.events.since(scene.conversation.id, seq=0, limit=999)
            talk = await work.conversations.get(scene.conversation.id)
        assert [recorded.seq for recorded in log] == list(range(1, talk.last_seq + 1))
        assert [recorded.data.type for recorded in log] == (
            ["message.created", "participant.added"] * (talk.last_seq // 2)
        )

    async def test_reads_do_not_see_what_is_not_committed(self, store: Store) -> None:
        scene = await stored_scene(store)
        ada = make.user()
        async with store.begin() as work:
            await work.users.ensure(ada)
            await work.messages.add(make.message(scene.conversation, scene.owner))
            await work.registry.ensure("epoch", "one")
            async with store.begin(read_only=True) as beside:
                inside = scene.conversation.id
                assert same(await beside.conversations.get(inside), scene.conversation)
                assert list(await beside.events.since(inside, seq=0, limit=9)) == []
                assert await beside.registry.get("epoch") is None
                with pytest.raises(NotFoundError):
                    await beside.users.get(ada.id)
        async with store.begin(read_only=True) as work:
            assert same(await work.users.get(ada.id), ada)
            assert await work.registry.get("epoch") == "one"

    async def test_what_was_committed_is_seen_by_units_that_begin_after(self, store: Store) -> None:
        for n in range(20):
            ada = await stored_user(store)
            async with store.begin(read_only=True, single=bool(n % 2)) as work:
                assert same(await work.users.get(ada.id), ada)

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

    async def test_many_units_at_once_all_end(self, store: Store) -> None:
        """Sixty readers and writers, far more than there are connections."""
        scene = await stored_scene(store)

        async def read() -> None:
            async with store.begin(read_only=True) as work:
                await work.users.get(scene.owner.id)
                await asyncio.sleep(0)
                await work.conversations.get(scene.conversation.id)

        async def write() -> None:
            async with store.begin() as work:
                await work.events.append(make.event(scene.conversation, scene.owner))
                await asyncio.sleep(0)

        async with asyncio.timeout(60):
            await asyncio.gather(*(step() for _ in range(30) for step in (read, write)))
        async with store.begin(read_only=True) as work:
            assert (await work.conversations.get(scene.conversation.id)).last_seq == 30


class _Before(Scene, frozen=True, kw_only=True):
    """A scene, someone who is no part of it, and another conversation with a turn."""

    guest: User
    other: Conversation


async def _before(store: Store) -> _Before:
    scene = await stored_scene(store)
    guest = await stored_user(store)
    other = await stored_conversation(store, scene.workspace)
    await queued(store, Scene(owner=scene.owner, workspace=scene.workspace, conversation=other))
    return _Before(
        owner=scene.owner,
        workspace=scene.workspace,
        conversation=scene.conversation,
        guest=guest,
        other=other,
    )


async def _change_everything(work: UnitOfWork, before: _Before) -> None:
    workspace, conversation = before.workspace, before.conversation
    await work.users.ensure(make.user())
    await work.users.update(replace(before.guest, name="Changed"))
    await work.workspaces.put_member(make.membership(workspace, before.guest, Role.OWNER))
    await work.workspaces.update(replace(workspace, name="Changed", version=2), version=1)
    await work.workspaces.add(make.workspace("New"), owner_id=before.guest.id)
    await work.turns.lease(worker="x", now=make.at(1), until=make.at(9), limit=9)
    await work.conversations.delete(before.other.id, version=None)
    await work.conversations.add_participant(make.participant(conversation, before.guest))
    await work.messages.add(make.message(conversation, before.owner))
    await work.events.append(make.event(conversation, before.owner))
    await work.registry.ensure("epoch", "one")


async def _assert_unchanged(store: Store, before: _Before) -> None:
    async with store.begin(read_only=True) as work:
        inside = before.conversation.id
        assert same(await work.users.get(before.guest.id), before.guest)
        access = await work.workspaces.access(before.owner.id, before.workspace.id)
        assert access is not None
        assert same(access.workspace, before.workspace)
        members = await work.workspaces.members(before.workspace.id, after=None, limit=9)
        assert [member.user_id for member in members] == [before.owner.id]
        assert list(await work.workspaces.of_user(before.guest.id, after=None, limit=9)) == []
        assert same(await work.conversations.get(inside), before.conversation)
        assert (await work.conversations.get(before.other.id)).last_seq == 1
        assert list(await work.conversations.participants(inside, after=None, limit=9)) == []
        assert list(await work.messages.in_conversation(inside, after=None, limit=9)) == []
        assert list(await work.events.since(inside, seq=0, limit=9)) == []
        assert await work.registry.get("epoch") is None
    assert [turn.attempts for turn in await lease(store, "one", now=1)] == [1]
