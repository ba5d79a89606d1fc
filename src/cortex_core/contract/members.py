"""What a `WorkspaceRepository` must do with members."""

from __future__ import annotations

import asyncio

import pytest

from cortex_core.contract import make
from cortex_core.contract.store import (
    StoreContract,
    same,
    stored_member,
    stored_user,
    stored_workspace,
)
from cortex_core.domain.errors import LastOwnerError, NotFoundError
from cortex_core.domain.models import Role, User, Workspace
from cortex_core.ports import Store


class MembersContract(StoreContract):
    """Members, and the owner who is always there."""

    async def test_the_first_member_is_the_owner(self, store: Store) -> None:
        ada, lab = await _lab(store)
        assert await _roles(store, lab) == {ada.id: Role.OWNER}

    @pytest.mark.parametrize("role", Role)
    async def test_a_member_is_put(self, store: Store, role: Role) -> None:
        ada, lab = await _lab(store)
        bob = await stored_user(store)
        await _put(store, lab, bob, role)
        assert await _roles(store, lab) == {ada.id: Role.OWNER, bob.id: role}

    @pytest.mark.parametrize("before", Role)
    @pytest.mark.parametrize("after", Role)
    async def test_a_role_replaces_the_one_before(
        self, store: Store, before: Role, after: Role
    ) -> None:
        ada, lab = await _lab(store)
        bob = await stored_member(store, lab, before)
        await _put(store, lab, bob, after)
        assert await _roles(store, lab) == {ada.id: Role.OWNER, bob.id: after}

    async def test_the_only_owner_may_be_made_owner_again(self, store: Store) -> None:
        ada, lab = await _lab(store)
        await _put(store, lab, ada, Role.OWNER)
        assert await _roles(store, lab) == {ada.id: Role.OWNER}

    async def test_user_and_workspace_must_exist(self, store: Store) -> None:
        ada, lab = await _lab(store)
        for workspace, user in ((lab, make.user()), (make.workspace(), ada)):
            for role in Role:
                with pytest.raises(NotFoundError):
                    await _put(store, workspace, user, role)
        assert await _roles(store, lab) == {ada.id: Role.OWNER}

    async def test_a_membership_ends(self, store: Store) -> None:
        ada, lab = await _lab(store)
        bob = await stored_member(store, lab, Role.EDITOR)
        await _remove(store, lab, bob)
        assert await _roles(store, lab) == {ada.id: Role.OWNER}
        async with store.begin(read_only=True) as work:
            access = await work.workspaces.access(bob.id, lab.id)
            assert list(await work.workspaces.of_user(bob.id, after=None, limit=9)) == []
        assert access is not None
        assert access.role is None

    async def test_only_members_can_be_removed(self, store: Store) -> None:
        ada, lab = await _lab(store)
        eve = await stored_user(store)
        for workspace, user in ((lab, eve), (lab, make.user()), (make.workspace(), ada)):
            with pytest.raises(NotFoundError):
                await _remove(store, workspace, user)
        assert await _roles(store, lab) == {ada.id: Role.OWNER}

    async def test_the_last_owner_cannot_leave(self, store: Store) -> None:
        ada, lab = await _lab(store)
        await stored_member(store, lab, Role.EDITOR)
        before = await _roles(store, lab)
        with pytest.raises(LastOwnerError):
            await _remove(store, lab, ada)
        assert await _roles(store, lab) == before

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
    async def test_the_last_owner_cannot_step_down(self, store: Store, role: Role) -> None:
        ada, lab = await _lab(store)
        await stored_member(store, lab, Role.EDITOR)
        before = await _roles(store, lab)
        with pytest.raises(LastOwnerError):
            await _put(store, lab, ada, role)
        assert await _roles(store, lab) == before

    async def test_an_owner_leaves_another_behind(self, store: Store) -> None:
        ada, lab = await _lab(store)
        bob = await stored_member(store, lab, Role.OWNER)
        await _remove(store, lab, ada)
        assert await _roles(store, lab) == {bob.id: Role.OWNER}
        with pytest.raises(LastOwnerError):
            await _remove(store, lab, bob)

    async def test_owners_elsewhere_do_not_count(self, store: Store) -> None:
        ada, lab = await _lab(store)
        await stored_workspace(store, await stored_user(store))
        await stored_workspace(store, ada)
        with pytest.raises(LastOwnerError):
            await _remove(store, lab, ada)

    @pytest.mark.parametrize("first", ["leave", "step down"])
    @pytest.mark.parametrize("second", ["leave", "step down"])
    async def test_of_two_owners_who_go_at_once_one_stays(
        self, store: Store, first: str, second: str
    ) -> None:
        """Also when both have looked before either went."""
        for _ in range(5):
            ada, lab = await _lab(store)
            bob = await stored_member(store, lab, Role.OWNER)
            outcomes = await asyncio.gather(
                _go(store, lab, ada, first), _go(store, lab, bob, second), return_exceptions=True
            )
            assert outcomes.count(None) == 1
            assert [type(o) for o in outcomes if o is not None] == [LastOwnerError]
            roles = await _roles(store, lab)
            stayed = bob if outcomes[0] is None else ada
            assert [user for user, role in roles.items() if role is Role.OWNER] == [stayed.id]

    async def test_of_ten_owners_who_go_at_once_one_stays(self, store: Store) -> None:
        ada, lab = await _lab(store)
        owners = [ada, *[await stored_member(store, lab, Role.OWNER) for _ in range(9)]]
        outcomes = await asyncio.gather(
            *(_go(store, lab, owner, "leave") for owner in owners), return_exceptions=True
        )
        assert outcomes.count(None) == 9
        assert [type(o) for o in outcomes if o is not None] == [LastOwnerError]
        assert list((await _roles(store, lab)).values()) == [Role.OWNER]

    async def test_a_swap_of_owners_in_one_unit_is_allowed(self, store: Store) -> None:
        ada, lab = await _lab(store)
        bob = await stored_user(store)
        async with store.begin() as work:
            await work.workspaces.put_member(make.membership(lab, bob, Role.OWNER))
            await work.workspaces.remove_member(lab.id, ada.id)
        assert await _roles(store, lab) == {bob.id: Role.OWNER}

    async def test_memberships_come_back_whole(self, store: Store) -> None:
        ada, lab = await _lab(store)
        async with store.begin(read_only=True) as work:
            found = await work.workspaces.members(lab.id, after=None, limit=9)
        assert same(list(found), [make.membership(lab, ada, Role.OWNER)])


async def _lab(store: Store) -> tuple[User, Workspace]:
    ada = await stored_user(store)
    return ada, await stored_workspace(store, ada)


async def _roles(store: Store, workspace: Workspace) -> dict[str, Role]:
    async with store.begin(read_only=True) as work:
        found = await work.workspaces.members(workspace.id, after=None, limit=99)
    return {membership.user_id: membership.role for membership in found}


async def _put(store: Store, workspace: Workspace, user: User, role: Role) -> None:
    async with store.begin() as work:
        await work.workspaces.put_member(make.membership(workspace, user, role))


async def _remove(store: Store, workspace: Workspace, user: User) -> None:
    async with store.begin() as work:
        await work.workspaces.remove_member(workspace.id, user.id)


async def _go(store: Store, workspace: Workspace, owner: User, how: str) -> None:
    """Look, let others look, and then go."""
    async with store.begin() as work:
        await work.workspaces.access(owner.id, workspace.id)
        await asyncio.sleep(0)
        if how == "leave":
            await work.workspaces.remove_member(workspace.id, owner.id)
        else:
            viewer = make.membership(workspace, owner, Role.VIEWER)
            await work.workspaces.put_member(viewer)
