"""Who belongs to a workspace, and as what."""

from __future__ import annotations

from cortex_core.domain.commands import PutMember
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Membership
from cortex_core.domain.paging import Page, PageRequest, cut
from cortex_core.domain.policy import OWNERS, READERS, enter_workspace, require_permission
from cortex_core.ports import Ports, Principal
from cortex_core.services.anew import anew
from cortex_core.services.operation import operation
from cortex_core.services.places import id_place
from cortex_core.services.reception import Reception


class Members:
    """What callers can do with the members of a workspace."""

    def __init__(self, ports: Ports, reception: Reception) -> None:
        self._ports = ports
        self._reception = reception

    async def page(
        self, principal: Principal, workspace_id: WorkspaceId, page: PageRequest
    ) -> Page[Membership]:
        """Return a page of the members, by user id."""
        with operation(self._ports, "members.page"):
            require_permission(principal.permissions, "read:workspaces")
            user_id = await self._reception.admit(principal)
            scope = f"members:{workspace_id}"
            after = id_place(scope, page, UserId)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id)
                enter_workspace(self._reception.present(principal, access))
                found = await work.workspaces.members(
                    workspace_id, after=after, limit=page.limit + 1
                )
            return cut(scope, found, page.limit, lambda member: member.user_id)

    @anew
    async def put(
        self,
        principal: Principal,
        workspace_id: WorkspaceId,
        member_id: UserId,
        command: PutMember,
    ) -> Membership:
        """Give a user a role in a workspace the caller owns."""
        with operation(self._ports, "members.put"):
            require_permission(principal.permissions, "write:workspaces")
            user_id = await self._reception.admit(principal)
            membership = Membership(workspace_id=workspace_id, user_id=member_id, role=command.role)
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id, lock=True)
                enter_workspace(self._reception.present(principal, access), OWNERS)
                await work.workspaces.put_member(membership)
            return membership

    @anew
    async def remove(
        self, principal: Principal, workspace_id: WorkspaceId, member_id: UserId
    ) -> None:
        """End a membership: that of another if the caller owns the workspace, or its own."""
        with operation(self._ports, "members.remove"):
            require_permission(principal.permissions, "write:workspaces")
            user_id = await self._reception.admit(principal)
            roles = READERS if member_id == user_id else OWNERS
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id, lock=True)
                enter_workspace(self._reception.present(principal, access), roles)
                await work.workspaces.remove_member(workspace_id, member_id)
