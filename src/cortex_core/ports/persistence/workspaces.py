"""Workspaces and their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Membership, Workspace
from cortex_core.domain.policy import WorkspaceAccess


class WorkspaceRepository(Protocol):
    """Workspaces and their members."""

    async def add(self, workspace: Workspace, *, owner_id: UserId) -> None:
        """Add a workspace with its first owner.

        Raises:
            ConflictError: The owner has one of that name already (`name_key`), or the id is taken.
        """
        ...

    async def access(
        self, user_id: UserId, workspace_id: WorkspaceId, *, lock: bool = False
    ) -> WorkspaceAccess | None:
        """Return what the user is to the workspace, or None if there is no such user.

        With *lock*, other units that lock or change the workspace wait until this one ends, so
        that what was read may be changed. One statement, where the store knows statements.
        """
        ...

    async def of_user(
        self, user_id: UserId, *, after: WorkspaceId | None, limit: int
    ) -> Sequence[Workspace]:
        """Return the workspaces the user is a member of, by id."""
        ...

    async def update(self, workspace: Workspace, *, version: int) -> None:
        """Store name, description, metadata, version and updated_at of *workspace*.

        Raises:
            StaleVersionError: The stored version is not *version*.
            ConflictError: One of its owners has another one of that name (`name_key`).
        """
        ...

    async def delete(self, workspace_id: WorkspaceId, *, version: int | None) -> None:
        """Delete a workspace and all that is inside.

        Raises:
            StaleVersionError: *version* is given, and the stored one is another.
        """
        ...

    async def members(
        self, workspace_id: WorkspaceId, *, after: UserId | None, limit: int
    ) -> Sequence[Membership]:
        """Return the members, by user id."""
        ...

    async def put_member(self, membership: Membership) -> None:
        """Give a user a role, instead of any other it had.

        Raises:
            NotFoundError: There is no such user or workspace.
            LastOwnerError: Nobody would be left who owns the workspace, races included.
            ConflictError: The new owner owns a workspace of that name already.
        """
        ...

    async def remove_member(self, workspace_id: WorkspaceId, user_id: UserId) -> None:
        """End a membership.

        Raises:
            NotFoundError: The user is not a member.
            LastOwnerError: Nobody would be left who owns the workspace, races included.
        """
        ...
