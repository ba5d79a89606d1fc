"""Rules for users, workspaces and members."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cortex_core.contract import make, strategies
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Membership, Role, User, UserStatus, Workspace
from cortex_core.domain.policy import WorkspaceAccess


class WorkspaceRules(Agreement):
    """Users, workspaces, members."""

    @rule(
        target=some.users,
        head=some.heads,
        subject=some.subjects,
        name=strategies.text(most=200),
        metadata=some.some_metadata,
        at=some.moments,
    )
    def ensure_user(
        self, head: int, subject: str, name: str, metadata: dict[str, object], at: datetime
    ) -> UserId:
        newcomer = User(
            id=UserId(self.fresh_id(head)),
            issuer=make.ISSUER,
            subject=subject,
            name=name,
            metadata=metadata,
            created_at=at,
            updated_at=at,
        )
        known = self.write(lambda work: work.users.ensure(newcomer))
        return known.id if isinstance(known, User) else newcomer.id

    @rule(
        user_id=some.any_user,
        name=strategies.text(most=200),
        email=st.none() | strategies.text(most=255),
        status=st.sampled_from(UserStatus),
        metadata=some.some_metadata,
        at=some.moments,
    )
    def update_user(
        self,
        user_id: UserId,
        name: str,
        email: str | None,
        status: UserStatus,
        metadata: dict[str, object],
        at: datetime,
    ) -> None:
        changed = User(
            id=user_id,
            issuer="-",
            subject="-",
            name=name,
            email=email,
            email_verified=email is not None,
            status=status,
            metadata=metadata,
            created_at=at,
            updated_at=at,
        )
        self.write(lambda work: work.users.update(changed))

    @rule(
        target=some.workspaces,
        head=some.heads,
        owner_id=some.users,
        name=some.names,
        metadata=some.some_metadata,
        at=some.moments,
    )
    def add_workspace(
        self, head: int, owner_id: UserId, name: str, metadata: dict[str, object], at: datetime
    ) -> WorkspaceId:
        workspace = Workspace(
            id=WorkspaceId(self.fresh_id(head)),
            name=name,
            metadata=metadata,
            created_at=at,
            updated_at=at,
        )
        self.write(lambda work: work.workspaces.add(workspace, owner_id=owner_id))
        return workspace.id

    @rule(workspace_id=some.workspaces, name=some.names)
    def add_workspace_again(self, workspace_id: WorkspaceId, name: str) -> None:
        workspace = Workspace(
            id=workspace_id, name=name, created_at=make.NOON, updated_at=make.NOON
        )
        self.write(lambda work: work.workspaces.add(workspace, owner_id=some.ADA))

    @rule(head=some.heads, name=some.names)
    def add_workspace_of_nobody(self, head: int, name: str) -> None:
        workspace = Workspace(
            id=WorkspaceId(self.fresh_id(head)),
            name=name,
            created_at=make.NOON,
            updated_at=make.NOON,
        )
        self.write(lambda work: work.workspaces.add(workspace, owner_id=some.NOBODY))

    @rule(
        workspace_id=some.any_workspace,
        name=some.names,
        description=strategies.text(most=500),
        metadata=some.some_metadata,
        version=some.versions,
        at=some.moments,
    )
    def update_workspace(
        self,
        workspace_id: WorkspaceId,
        name: str,
        description: str,
        metadata: dict[str, object],
        version: int | None,
        at: datetime,
    ) -> None:
        version = self._version(workspace_id) if version is None else version
        changed = Workspace(
            id=workspace_id,
            name=name,
            description=description,
            metadata=metadata,
            version=version + 1,
            created_at=at,
            updated_at=at,
        )
        self.write(lambda work: work.workspaces.update(changed, version=version))

    @rule(workspace_id=some.any_workspace, version=some.last_versions)
    def delete_workspace(self, workspace_id: WorkspaceId, version: int | None) -> None:
        self.write(lambda work: work.workspaces.delete(workspace_id, version=version))

    @rule(workspace_id=some.any_workspace, user_id=some.any_user, role=some.roles)
    def put_member(self, workspace_id: WorkspaceId, user_id: UserId, role: Role) -> None:
        member = Membership(workspace_id=workspace_id, user_id=user_id, role=role)
        self.write(lambda work: work.workspaces.put_member(member))

    @rule(workspace_id=some.any_workspace, user_id=some.any_user)
    def remove_member(self, workspace_id: WorkspaceId, user_id: UserId) -> None:
        self.write(lambda work: work.workspaces.remove_member(workspace_id, user_id))

    def _version(self, workspace_id: WorkspaceId) -> int:
        access = self.read(lambda work: work.workspaces.access(some.ADA, workspace_id))
        found = access.workspace if isinstance(access, WorkspaceAccess) else None
        return found.version if found else 1
