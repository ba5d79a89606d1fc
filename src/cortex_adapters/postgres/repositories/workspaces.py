"""Workspaces in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.repositories.members import PostgresMembers
from cortex_core.domain.errors import NotFoundError, StaleVersionError
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Workspace
from cortex_core.domain.policy import WorkspaceAccess
from cortex_core.domain.text import name_key

__all__ = ["PostgresWorkspaces"]

_LOOK: Final = """
    SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status, u.metadata,
        u.created_at, u.updated_at, w.id, w.name, w.description, w.metadata, w.version,
        w.created_at, w.updated_at, m.role
    FROM users u
    LEFT JOIN workspaces w ON w.id = $2
    LEFT JOIN memberships m ON m.workspace_id = w.id AND m.user_id = u.id
    WHERE u.id = $1
    """
# Whoever waits for the lock on the workspace must not go by what was there before: FOR SHARE
# finds the membership as it is then, gone included.
_LOCK: Final = """
    WITH w AS MATERIALIZED (
        SELECT id, name, description, metadata, version, created_at, updated_at
        FROM workspaces WHERE id = $2
        FOR NO KEY UPDATE
    ), m AS MATERIALIZED (
        SELECT role FROM memberships
        WHERE workspace_id = (SELECT id FROM w) AND user_id = $1
        FOR SHARE
    )
    SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status, u.metadata,
        u.created_at, u.updated_at, w.id, w.name, w.description, w.metadata, w.version,
        w.created_at, w.updated_at, m.role
    FROM users u
    LEFT JOIN w ON true
    LEFT JOIN m ON true
    WHERE u.id = $1
    """


class PostgresWorkspaces(PostgresMembers):
    """Workspaces by id and by member."""

    async def add(self, workspace: Workspace, *, owner_id: UserId) -> None:
        await self._session.write(
            """
            WITH added AS (
                INSERT INTO workspaces (id, name, description, metadata, version, created_at,
                    updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                RETURNING id
            )
            INSERT INTO memberships (workspace_id, user_id, role, name_key)
            SELECT id, $8::uuid, 'owner', $9 FROM added
            """,
            workspace.id,
            workspace.name,
            workspace.description,
            rows.encoded(workspace.metadata),
            workspace.version,
            workspace.created_at,
            workspace.updated_at,
            owner_id,
            name_key(workspace.name),
        )

    async def access(
        self, user_id: UserId, workspace_id: WorkspaceId, *, lock: bool = False
    ) -> WorkspaceAccess | None:
        if lock:
            found = await self._session.write(_LOCK, user_id, workspace_id)
        else:
            found = await self._session.read(_LOOK, user_id, workspace_id)
        if not found:
            return None
        row = found[0]
        return WorkspaceAccess(
            user=rows.user(row[:10]),
            workspace=None if row[10] is None else rows.workspace(row[10:17]),
            role=rows.role(row[17]),
        )

    async def of_user(
        self, user_id: UserId, *, after: WorkspaceId | None, limit: int
    ) -> Sequence[Workspace]:
        found = await self._session.read(
            """
            SELECT w.id, w.name, w.description, w.metadata, w.version, w.created_at, w.updated_at
            FROM memberships m
            JOIN workspaces w ON w.id = m.workspace_id
            WHERE m.user_id = $1 AND m.workspace_id > $2
            ORDER BY m.workspace_id
            LIMIT $3
            """,
            user_id,
            after or rows.FIRST_ID,
            limit,
        )
        return [rows.workspace(row) for row in found]

    async def update(self, workspace: Workspace, *, version: int) -> None:
        _, stored = await self._locked(workspace.id)
        if stored != version:
            raise StaleVersionError
        await self._session.write(
            """
            WITH changed AS (
                UPDATE workspaces
                SET name = $2, description = $3, metadata = $4, version = $5, updated_at = $6
                WHERE id = $1
            )
            UPDATE memberships SET name_key = $7 WHERE workspace_id = $1 AND name_key <> $7
            """,
            workspace.id,
            workspace.name,
            workspace.description,
            rows.encoded(workspace.metadata),
            workspace.version,
            workspace.updated_at,
            name_key(workspace.name),
        )

    async def delete(self, workspace_id: WorkspaceId, *, version: int | None) -> None:
        await self._session.several(patient=True)
        [(gone, there)] = await self._session.write(
            """
            WITH gone AS (
                DELETE FROM workspaces
                WHERE id = $1 AND ($2::bigint IS NULL OR version = $2)
                RETURNING id
            )
            SELECT EXISTS (SELECT FROM gone), EXISTS (SELECT FROM workspaces WHERE id = $1)
            """,
            workspace_id,
            None if version is None else rows.bounded(version),
        )
        if not gone:
            raise StaleVersionError if there else NotFoundError
