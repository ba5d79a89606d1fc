"""The members of workspaces, in PostgreSQL.

Each change locks the workspace first, in a statement of its own, so that the next one sees what
others have done until then: who else is an owner, and what the workspace is called.
"""

from __future__ import annotations

from collections.abc import Sequence

from cortex_adapters.postgres.repositories.rows import FIRST_ID
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import LastOwnerError, NotFoundError
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Membership, Role
from cortex_core.domain.text import name_key

__all__ = ["PostgresMembers"]


class PostgresMembers:
    """Who belongs to a workspace, and as what."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def members(
        self, workspace_id: WorkspaceId, *, after: UserId | None, limit: int
    ) -> Sequence[Membership]:
        found = await self._session.read(
            """
            SELECT user_id, role FROM memberships
            WHERE workspace_id = $1 AND user_id > $2
            ORDER BY user_id
            LIMIT $3
            """,
            workspace_id,
            after or FIRST_ID,
            limit,
        )
        return [
            Membership(workspace_id=workspace_id, user_id=user_id, role=Role(role))
            for user_id, role in found
        ]

    async def put_member(self, membership: Membership) -> None:
        name, _ = await self._locked(membership.workspace_id)
        put = await self._session.write(
            """
            INSERT INTO memberships (workspace_id, user_id, role, name_key)
            SELECT $1::uuid, $2::uuid, $3, $4
            WHERE $3 = 'owner' OR (
                SELECT count(*) FROM memberships
                WHERE workspace_id = $1 AND user_id <> $2 AND role = 'owner'
            ) > 0
            ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role
            RETURNING user_id
            """,
            membership.workspace_id,
            membership.user_id,
            membership.role.value,
            name_key(name),
        )
        if not put:
            raise LastOwnerError

    async def remove_member(self, workspace_id: WorkspaceId, user_id: UserId) -> None:
        await self._locked(workspace_id)
        [(gone, there)] = await self._session.write(
            """
            WITH gone AS (
                DELETE FROM memberships
                WHERE workspace_id = $1 AND user_id = $2 AND (role <> 'owner' OR (
                    SELECT count(*) FROM memberships
                    WHERE workspace_id = $1 AND user_id <> $2 AND role = 'owner'
                ) > 0)
                RETURNING user_id
            )
            SELECT EXISTS (SELECT FROM gone), EXISTS (
                SELECT FROM memberships WHERE workspace_id = $1 AND user_id = $2
            )
            """,
            workspace_id,
            user_id,
        )
        if not gone:
            raise LastOwnerError if there else NotFoundError

    async def _locked(self, workspace_id: WorkspaceId) -> tuple[str, int]:
        """Lock a workspace until the unit ends; return its name and its version."""
        await self._session.several()
        found = await self._session.write(
            "SELECT name, version FROM workspaces WHERE id = $1 FOR NO KEY UPDATE", workspace_id
        )
        if not found:
            raise NotFoundError
        name, version = found[0]
        return name, version
