"""Workspaces: opening, reading, changing, deleting."""

from __future__ import annotations

from msgspec.structs import replace

from cortex_core.domain.commands import ChangeWorkspace, CreateWorkspace
from cortex_core.domain.ids import WorkspaceId
from cortex_core.domain.models import Workspace
from cortex_core.domain.paging import Page, PageRequest, cut
from cortex_core.domain.policy import OWNERS, enter_workspace, require_permission
from cortex_core.ports import Ports, Principal
from cortex_core.services.anew import anew
from cortex_core.services.changes import (
    changed,
    changed_metadata,
    changed_text,
    require_version,
    same,
)
from cortex_core.services.operation import operation
from cortex_core.services.places import id_place
from cortex_core.services.reception import Reception


class Workspaces:
    """What callers can do with workspaces."""

    def __init__(self, ports: Ports, reception: Reception) -> None:
        self._ports = ports
        self._reception = reception

    @anew
    async def create(self, principal: Principal, command: CreateWorkspace) -> Workspace:
        """Open a workspace that the caller owns."""
        with operation(self._ports, "workspaces.create"):
            require_permission(principal.permissions, "write:workspaces")
            owner_id = await self._reception.admit(principal)
            now = self._ports.clock()
            workspace = Workspace(
                id=WorkspaceId(self._ports.new_id()),
                name=command.name,
                description=command.description,
                metadata=command.metadata,
                created_at=now,
                updated_at=now,
            )
            async with self._ports.store.begin(caller=None) as work:  # of nobody's yet
                await self._reception.active(principal, work.users, owner_id)
                await work.workspaces.add(workspace, owner_id=owner_id)
            return workspace

    async def get(self, principal: Principal, workspace_id: WorkspaceId) -> Workspace:
        """Return a workspace the caller is a member of."""
        with operation(self._ports, "workspaces.get"):
            require_permission(principal.permissions, "read:workspaces")
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(read_only=True, single=True, caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id)
            return enter_workspace(self._reception.present(principal, access))

    async def mine(self, principal: Principal, page: PageRequest) -> Page[Workspace]:
        """Return a page of the workspaces the caller is a member of, oldest first."""
        with operation(self._ports, "workspaces.mine"):
            require_permission(principal.permissions, "read:workspaces")
            user_id = await self._reception.admit(principal)
            scope = f"workspaces:{user_id}"
            after = id_place(scope, page, WorkspaceId)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                await self._reception.active(principal, work.users, user_id)
                found = await work.workspaces.of_user(user_id, after=after, limit=page.limit + 1)
            return cut(scope, found, page.limit, lambda workspace: workspace.id)

    @anew
    async def change(
        self,
        principal: Principal,
        workspace_id: WorkspaceId,
        command: ChangeWorkspace,
        *,
        version: int | None = None,
    ) -> Workspace:
        """Change a workspace the caller owns, if it still has *version* where one is given.

        A change that changes nothing makes no new version.
        """
        with operation(self._ports, "workspaces.change"):
            require_permission(principal.permissions, "write:workspaces")
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id, lock=True)
                current = enter_workspace(self._reception.present(principal, access), OWNERS)
                require_version(current.version, version)
                workspace = replace(
                    current,
                    name=changed(command.name, current.name),
                    description=changed_text(command.description, current.description),
                    metadata=changed_metadata(command.metadata, current.metadata),
                )
                if same(current, workspace):
                    return current
                workspace = replace(
                    workspace, version=current.version + 1, updated_at=self._ports.clock()
                )
                await work.workspaces.update(workspace, version=current.version)
            return workspace

    @anew
    async def delete(
        self, principal: Principal, workspace_id: WorkspaceId, *, version: int | None = None
    ) -> None:
        """Delete a workspace the caller owns, with all that is inside."""
        with operation(self._ports, "workspaces.delete"):
            require_permission(principal.permissions, "write:workspaces")
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id, lock=True)
                enter_workspace(self._reception.present(principal, access), OWNERS)
                await work.workspaces.delete(workspace_id, version=version)
