"""What a unit of work must do: all of it, or nothing."""

from __future__ import annotations

import asyncio
from contextlib import suppress

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
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.links import Profile
from cortex_core.domain.models import Conversation, Role, User
from cortex_core.domain.sessions import Session
from cortex_core.ports import Store, UnitOfWork


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

    async def test_a_refusal_that_is_swallowed_loses_nothing_in_silence(self, store: Store) -> None:
        """Either the rest of the unit is stored, or its end raises."""
        scene = await stored_scene(store)
        before, after = make.user(), make.user()

        async def swallow() -> None:
            async with store.begin() as work:
                await work.users.ensure(before)
                with suppress(ConflictError):
                    await work.conversations.add(scene.conversation)
                await work.users.ensure(after)

        [outcome] = await asyncio.gather(swallow(), return_exceptions=True)
        for user in (before, after):
            async with store.begin(read_only=True) as work:
                if outcome is None:
                    assert same(await work.users.get(user.id), user)
                else:
                    with pytest.raises(NotFoundError):
                        await work.users.get(user.id)

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
    """A scene, someone who is no part of it, another conversation with a turn, and a session."""

    guest: User
    other: Conversation
    session: Session


async def _before(store: Store) -> _Before:
    scene = await stored_scene(store)
    guest = await stored_user(store)
    other = await stored_conversation(store, scene.workspace)
    await queued(store, Scene(owner=scene.owner, workspace=scene.workspace, conversation=other))
    session = make.session()
    async with store.begin() as work:
        await work.sessions.add(session)
    return _Before(
        owner=scene.owner,
        workspace=scene.workspace,
        conversation=scene.conversation,
        guest=guest,
        other=other,
        session=session,
    )


async def _change_everything(work: UnitOfWork, before: _Before) -> None:
    workspace, conversation = before.workspace, before.conversation
    await work.users.ensure(make.user())
    await work.users.update(replace(before.guest, name="Changed"))
    await work.users.refresh(
        before.guest.id, Profile(name="Said", said_at=make.at(1)), now=make.at(1)
    )
    await work.links.add(make.link(before.owner))
    await work.workspaces.put_member(make.membership(workspace, before.guest, Role.OWNER))
    await work.workspaces.update(replace(workspace, name="Changed", version=2), version=1)
    await work.workspaces.add(make.workspace("New"), owner_id=before.guest.id)
    await work.turns.lease(worker="x", now=make.at(1), until=make.at(9), limit=9)
    await work.conversations.delete(before.other.id, version=None)
    await work.conversations.add_participant(make.participant(conversation, before.guest))
    await work.messages.add(make.message(conversation, before.owner))
    await work.events.append(make.event(conversation, before.owner))
    await work.sessions.delete(before.session.digest)
    await work.revocations.add(make.revocation())
    await work.replays.spend("key", now=make.NOON, until=make.at(1))
    await work.registry.ensure("epoch", "one")


async def _assert_unchanged(store: Store, before: _Before) -> None:
    async with store.begin(read_only=True) as work:
        inside = before.conversation.id
        assert same(await work.users.get(before.guest.id), before.guest)
        assert list(await work.links.of_user(before.owner.id)) == []
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
        session = await work.sessions.get(before.session.digest, now=make.NOON)
        assert same(session, before.session)
        assert list(await work.revocations.since(make.NOON, now=make.NOON)) == []
        assert await work.registry.get("epoch") is None
    async with store.begin() as work:
        assert await work.replays.spend("key", now=make.NOON, until=make.at(1))
    assert [turn.attempts for turn in await lease(store, "one", now=1)] == [1]
