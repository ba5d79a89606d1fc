"""Workspaces and their members in memory."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from cortex_adapters.memory.copies import copied
from cortex_adapters.memory.repositories.conversations import drop_conversation
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import (
    ConflictError,
    LastOwnerError,
    NotFoundError,
    StaleVersionError,
)
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Membership, Role, Workspace
from cortex_core.domain.policy import WorkspaceAccess
from cortex_core.domain.text import name_key


class MemoryWorkspaces:
    """Workspaces and their members."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, workspace: Workspace, *, owner_id: UserId) -> None:
        tables = self._transaction.writing()
        if owner_id not in tables.users:
            raise NotFoundError
        if workspace.id in tables.workspaces:
            raise ConflictError
        _name(tables, {owner_id}, workspace)
        tables.workspaces.put(workspace.id, copied(workspace))
        tables.members.put(workspace.id, {owner_id: Role.OWNER})

    async def access(
        self, user_id: UserId, workspace_id: WorkspaceId, *, lock: bool = False
    ) -> WorkspaceAccess | None:
        tables = self._transaction.writing() if lock else self._transaction.reading()
        user = tables.users.get(user_id)
        if user is None:
            return None
        workspace = tables.workspaces.get(workspace_id)
        return WorkspaceAccess(
            user=copied(user),
            workspace=copied(workspace) if workspace else None,
            role=_roles(tables, workspace_id).get(user_id),
        )

    async def of_user(
        self, user_id: UserId, *, after: WorkspaceId | None, limit: int
    ) -> Sequence[Workspace]:
        tables = self._transaction.reading()
        found = sorted(
            workspace_id
            for workspace_id, roles in tables.members
            if user_id in roles and (after is None or workspace_id > after)
        )
        return [copied(_stored(tables, workspace_id)) for workspace_id in found[:limit]]

    async def update(self, workspace: Workspace, *, version: int) -> None:
        tables = self._transaction.writing()
        stored = _stored(tables, workspace.id, version)
        owners = _owners(tables, workspace.id)
        _name(tables, owners, workspace)
        if name_key(stored.name) != name_key(workspace.name):
            _unname(tables, owners, stored)
        tables.workspaces.put(
            workspace.id, copied(replace(workspace, created_at=stored.created_at))
        )

    async def delete(self, workspace_id: WorkspaceId, *, version: int | None) -> None:
        tables = self._transaction.writing()
        stored = _stored(tables, workspace_id, version)
        _unname(tables, _owners(tables, workspace_id), stored)
        inside = [
            conversation_id
            for conversation_id, conversation in tables.conversations
            if conversation.workspace_id == workspace_id
        ]
        for conversation_id in inside:
            drop_conversation(tables, conversation_id)
        tables.members.drop(workspace_id)
        tables.workspaces.drop(workspace_id)

    async def members(
        self, workspace_id: WorkspaceId, *, after: UserId | None, limit: int
    ) -> Sequence[Membership]:
        roles = _roles(self._transaction.reading(), workspace_id)
        found = sorted(user_id for user_id in roles if after is None or user_id > after)
        return [
            Membership(workspace_id=workspace_id, user_id=user_id, role=roles[user_id])
            for user_id in found[:limit]
        ]

    async def put_member(self, membership: Membership) -> None:
        tables = self._transaction.writing()
        workspace = _stored(tables, membership.workspace_id)
        if membership.user_id not in tables.users:
            raise NotFoundError
        roles = _roles(tables, workspace.id)
        if membership.role is Role.OWNER:
            _name(tables, {membership.user_id}, workspace)
        else:
            _keep_an_owner(tables, workspace, without=membership.user_id)
        tables.members.put(workspace.id, {**roles, membership.user_id: membership.role})

    async def remove_member(self, workspace_id: WorkspaceId, user_id: UserId) -> None:
        tables = self._transaction.writing()
        workspace = _stored(tables, workspace_id)
        roles = dict(_roles(tables, workspace_id))
        if roles.pop(user_id, None) is None:
            raise NotFoundError
        _keep_an_owner(tables, workspace, without=user_id)
        tables.members.put(workspace_id, roles)


def _stored(tables: Tables, workspace_id: WorkspaceId, version: int | None = None) -> Workspace:
    stored = tables.workspaces.get(workspace_id)
    if stored is None:
        raise NotFoundError
    if version is not None and stored.version != version:
        raise StaleVersionError
    return stored


def _roles(tables: Tables, workspace_id: WorkspaceId) -> dict[UserId, Role]:
    return tables.members.get(workspace_id) or {}


def _owners(tables: Tables, workspace_id: WorkspaceId) -> set[UserId]:
    roles = _roles(tables, workspace_id)
    return {user_id for user_id, role in roles.items() if role is Role.OWNER}


def _keep_an_owner(tables: Tables, workspace: Workspace, *, without: UserId) -> None:
    """Take the name from an owner who steps down, unless it is the last."""
    owners = _owners(tables, workspace.id)
    if owners == {without}:
        raise LastOwnerError
    if without in owners:
        _unname(tables, {without}, workspace)


def _name(tables: Tables, owners: set[UserId], workspace: Workspace) -> None:
    """Reserve the workspace's name among those of each of *owners*."""
    key = name_key(workspace.name)
    if any(tables.names.get((owner, key)) not in {None, workspace.id} for owner in owners):
        raise ConflictError
    for owner in owners:
        tables.names.put((owner, key), workspace.id)


def _unname(tables: Tables, owners: set[UserId], workspace: Workspace) -> None:
    for owner in owners:
        tables.names.drop((owner, name_key(workspace.name)))
