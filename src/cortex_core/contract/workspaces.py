"""What a `WorkspaceRepository` must do with workspaces."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import (
    StoreContract,
    same,
    stored_member,
    stored_scene,
    stored_user,
    stored_workspace,
)
from cortex_core.domain.errors import ConflictError, NotFoundError, StaleVersionError
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Role, User, Workspace
from cortex_core.domain.policy import WorkspaceAccess
from cortex_core.ports import Store


class WorkspacesContract(StoreContract):
    """Workspaces: adding, reading, changing, deleting."""

    async def test_a_workspace_is_stored_with_its_owner(self, store: Store) -> None:
        ada = await stored_user(store)
        lab = make.workspace("Lab", description="Ours", metadata={"b": 1, "a": []}, version=3)
        await stored_workspace(store, ada, lab)
        access = await _access(store, ada.id, lab.id)
        assert same(access, WorkspaceAccess(user=ada, workspace=lab, role=Role.OWNER))

    async def test_an_owner_must_exist(self, store: Store) -> None:
        lab = make.workspace()
        with pytest.raises(NotFoundError):
            await stored_workspace(store, make.user(), lab)
        ada = await stored_user(store)
        access = await _access(store, ada.id, lab.id)
        assert access is not None
        assert access.workspace is None

    async def test_a_workspace_id_is_taken_once(self, store: Store) -> None:
        ada, lab = await _lab(store)
        with pytest.raises(ConflictError):
            await stored_workspace(store, ada, replace(make.workspace(), id=lab.id))
        assert same(await _stored(store, ada.id, lab.id), lab)

    @pytest.mark.parametrize("role", Role)
    async def test_access_tells_the_role(self, store: Store, role: Role) -> None:
        _, lab = await _lab(store)
        bob = await stored_member(store, lab, role)
        access = await _access(store, bob.id, lab.id)
        assert same(access, WorkspaceAccess(user=bob, workspace=lab, role=role))

    async def test_access_of_a_stranger_has_no_role(self, store: Store) -> None:
        _, lab = await _lab(store)
        _, other = await _lab(store)
        eve = await stored_member(store, other, Role.OWNER)
        access = await _access(store, eve.id, lab.id)
        assert same(access, WorkspaceAccess(user=eve, workspace=lab, role=None))

    async def test_access_to_no_workspace_tells_the_user_alone(self, store: Store) -> None:
        ada, _ = await _lab(store)
        access = await _access(store, ada.id, make.workspace_id())
        assert same(access, WorkspaceAccess(user=ada, workspace=None, role=None))

    async def test_there_is_no_access_to_a_workspace_without_a_user(self, store: Store) -> None:
        _, lab = await _lab(store)
        assert await _access(store, make.user_id(), lab.id) is None
        assert await _access(store, make.user_id(), make.workspace_id()) is None

    async def test_a_locked_workspace_reads_the_same(self, store: Store) -> None:
        ada, lab = await _lab(store)
        async with store.begin() as work:
            locked = await work.workspaces.access(ada.id, lab.id, lock=True)
            assert same(locked, WorkspaceAccess(user=ada, workspace=lab, role=Role.OWNER))
            missing = await work.workspaces.access(ada.id, make.workspace_id(), lock=True)
            assert same(missing, WorkspaceAccess(user=ada, workspace=None, role=None))
            assert await work.workspaces.access(make.user_id(), lab.id, lock=True) is None

    async def test_a_workspace_read_under_a_lock_may_be_changed(self, store: Store) -> None:
        """Ten units read, add one and write; none is lost and none is stale."""
        ada, lab = await _lab(store)

        async def count() -> None:
            async with store.begin() as work:
                access = await work.workspaces.access(ada.id, lab.id, lock=True)
                assert access is not None
                assert access.workspace is not None
                await asyncio.sleep(0)
                changed = replace(
                    access.workspace,
                    version=access.workspace.version + 1,
                    description=access.workspace.description + "|",
                )
                await work.workspaces.update(changed, version=access.workspace.version)

        await asyncio.gather(*(count() for _ in range(10)))
        found = await _stored(store, ada.id, lab.id)
        assert (found.version, found.description) == (11, "|" * 10)

    async def test_a_changed_workspace_is_stored(self, store: Store) -> None:
        ada, lab = await _lab(store)
        changed = replace(
            lab,
            name="Other",
            description="New",
            metadata={"z": None, "a": 1},
            version=7,
            updated_at=make.at(1),
        )
        await _update(store, changed, version=1)
        assert same(await _stored(store, ada.id, lab.id), changed)

    async def test_a_change_leaves_the_birth_alone(self, store: Store) -> None:
        ada, lab = await _lab(store)
        await _update(store, replace(lab, created_at=make.at(9), version=2), version=1)
        assert (await _stored(store, ada.id, lab.id)).created_at == lab.created_at

    @pytest.mark.parametrize("stale", [0, 2, 99, -1, 2**63, 10**30])
    async def test_a_stale_change_of_a_workspace_is_refused(self, store: Store, stale: int) -> None:
        ada, lab = await _lab(store)
        with pytest.raises(StaleVersionError):
            await _update(store, replace(lab, name="Other", version=2), version=stale)
        assert same(await _stored(store, ada.id, lab.id), lab)

    async def test_of_rival_changes_of_a_workspace_one_wins(self, store: Store) -> None:
        ada, lab = await _lab(store)
        rivals = [replace(lab, description=f"Rival {n}", version=2) for n in range(8)]
        outcomes = await asyncio.gather(
            *(_update(store, rival, version=1) for rival in rivals), return_exceptions=True
        )
        assert outcomes.count(None) == 1
        assert [type(o) for o in outcomes if o is not None] == [StaleVersionError] * 7
        assert same(await _stored(store, ada.id, lab.id), rivals[outcomes.index(None)])

    async def test_what_is_not_there_cannot_be_changed_or_deleted(self, store: Store) -> None:
        ada, lab = await _lab(store)
        ghost = make.workspace(lab.name)
        with pytest.raises(NotFoundError):
            await _update(store, ghost, version=1)
        for version in (None, 1):
            with pytest.raises(NotFoundError):
                await _delete(store, ghost.id, version=version)
        assert same(await _stored(store, ada.id, lab.id), lab)

    @pytest.mark.parametrize("version", [None, 1])
    async def test_a_deleted_workspace_is_gone_for_all(
        self, store: Store, version: int | None
    ) -> None:
        ada, lab = await _lab(store)
        bob = await stored_member(store, lab, Role.VIEWER)
        await _delete(store, lab.id, version=version)
        for user in (ada, bob):
            access = await _access(store, user.id, lab.id)
            assert same(access, WorkspaceAccess(user=user, workspace=None, role=None))
            async with store.begin(read_only=True) as work:
                assert list(await work.workspaces.of_user(user.id, after=None, limit=9)) == []
                assert list(await work.workspaces.members(lab.id, after=None, limit=9)) == []

    @pytest.mark.parametrize("stale", [0, 2, -1, 2**63, 10**30])
    async def test_a_stale_delete_of_a_workspace_is_refused(self, store: Store, stale: int) -> None:
        ada, lab = await _lab(store)
        with pytest.raises(StaleVersionError):
            await _delete(store, lab.id, version=stale)
        assert same(await _stored(store, ada.id, lab.id), lab)

    async def test_a_deleted_workspace_takes_what_is_inside_and_no_more(self, store: Store) -> None:
        gone, kept = await stored_scene(store), await stored_scene(store)
        notes = {}
        for scene in (gone, kept):
            note = make.message(scene.conversation, scene.owner)
            notes[scene.conversation.id] = make.turn(note)
            async with store.begin() as work:
                await work.conversations.add_participant(
                    make.participant(scene.conversation, scene.owner)
                )
                await work.messages.post(
                    note, turn=notes[scene.conversation.id], roles=frozenset(Role)
                )
        await _delete(store, gone.workspace.id, version=None)
        async with store.begin(read_only=True) as work:
            for scene, count in ((gone, 0), (kept, 1)):
                inside = scene.conversation.id
                lists = [
                    await work.conversations.in_workspace(scene.workspace.id, after=None, limit=9),
                    await work.conversations.of_user(scene.owner.id, after=None, limit=9),
                    await work.conversations.participants(inside, after=None, limit=9),
                    await work.messages.in_conversation(inside, after=None, limit=9),
                    await work.events.since(inside, seq=0, limit=9),
                ]
                assert [len(found) for found in lists] == [count] * 5
            with pytest.raises(NotFoundError):
                await work.turns.get(notes[gone.conversation.id].id)
            await work.turns.get(notes[kept.conversation.id].id)


async def _lab(store: Store) -> tuple[User, Workspace]:
    ada = await stored_user(store)
    return ada, await stored_workspace(store, ada)


async def _access(
    store: Store, user_id: UserId, workspace_id: WorkspaceId
) -> WorkspaceAccess | None:
    async with store.begin(read_only=True, single=True) as work:
        return await work.workspaces.access(user_id, workspace_id)


async def _stored(store: Store, user_id: UserId, workspace_id: WorkspaceId) -> Workspace:
    access = await _access(store, user_id, workspace_id)
    assert access is not None
    assert access.workspace is not None
    return access.workspace


async def _update(store: Store, workspace: Workspace, *, version: int) -> None:
    async with store.begin() as work:
        await work.workspaces.update(workspace, version=version)


async def _delete(store: Store, workspace_id: WorkspaceId, *, version: int | None) -> None:
    async with store.begin() as work:
        await work.workspaces.delete(workspace_id, version=version)
