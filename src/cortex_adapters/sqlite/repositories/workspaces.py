"""Workspaces in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from cortex_adapters.sqlite.connections import Row
from cortex_adapters.sqlite.repositories import members
from cortex_adapters.sqlite.repositories.rows import (
    bounded,
    many,
    one,
    to_json,
    to_micros,
    to_user,
    to_workspace,
)
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import CortexError, NotFoundError, StaleVersionError
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Membership, Role, Workspace
from cortex_core.domain.policy import WorkspaceAccess
from cortex_core.domain.text import name_key


class SqliteWorkspaces:
    """Workspaces and their members."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, workspace: Workspace, *, owner_id: UserId) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _insert(connection, workspace)
            connection.execute(
                """
                INSERT INTO memberships (workspace_id, user_id, role, name_key)
                VALUES (?, ?, 'owner', ?)
                """,
                (workspace.id, owner_id, name_key(workspace.name)),
            )

        await self._transaction.write(work)

    async def access(
        self, user_id: UserId, workspace_id: WorkspaceId, *, lock: bool = False
    ) -> WorkspaceAccess | None:
        run = self._transaction.write if lock else self._transaction.read
        return await run(
            one(
                """
                SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status,
                    u.metadata, u.created_at, u.updated_at,
                    m.role,
                    w.id, w.name, w.description, w.metadata, w.version, w.created_at, w.updated_at
                FROM users AS u
                LEFT JOIN workspaces AS w ON w.id = ?
                LEFT JOIN memberships AS m ON m.workspace_id = w.id AND m.user_id = u.id
                WHERE u.id = ?
                """,
                (workspace_id, user_id),
                _to_access,
            )
        )

    async def of_user(
        self, user_id: UserId, *, after: WorkspaceId | None, limit: int
    ) -> Sequence[Workspace]:
        return await self._transaction.read(
            many(
                """
                SELECT w.id, w.name, w.description, w.metadata, w.version, w.created_at,
                    w.updated_at
                FROM memberships AS m
                JOIN workspaces AS w ON w.id = m.workspace_id
                WHERE m.user_id = ? AND m.workspace_id > ?
                ORDER BY m.workspace_id
                LIMIT ?
                """,
                (user_id, after or "", limit),
                to_workspace,
            )
        )

    async def update(self, workspace: Workspace, *, version: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                """
                UPDATE workspaces
                SET name = ?, description = ?, metadata = ?, version = ?, updated_at = ?
                WHERE id = ? AND version = ?
                """,
                (
                    workspace.name,
                    workspace.description,
                    to_json(workspace.metadata),
                    workspace.version,
                    to_micros(workspace.updated_at),
                    workspace.id,
                    bounded(version),
                ),
            )
            if not changed.rowcount:
                raise _missed(connection, workspace.id)
            key = name_key(workspace.name)
            connection.execute(
                "UPDATE memberships SET name_key = ? WHERE workspace_id = ? AND name_key <> ?",
                (key, workspace.id, key),
            )

        await self._transaction.write(work)

    async def delete(self, workspace_id: WorkspaceId, *, version: int | None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                "DELETE FROM workspaces WHERE id = ? AND version = ifnull(?, version)",
                (workspace_id, None if version is None else bounded(version)),
            )
            if not changed.rowcount:
                raise _missed(connection, workspace_id)

        await self._transaction.write(work)

    async def members(
        self, workspace_id: WorkspaceId, *, after: UserId | None, limit: int
    ) -> Sequence[Membership]:
        return await self._transaction.read(members.page(workspace_id, after, limit))

    async def put_member(self, membership: Membership) -> None:
        await self._transaction.write(members.put(membership))

    async def remove_member(self, workspace_id: WorkspaceId, user_id: UserId) -> None:
        await self._transaction.write(members.remove(workspace_id, user_id))


def _insert(connection: sqlite3.Connection, workspace: Workspace) -> None:
    connection.execute(
        """
        INSERT INTO workspaces (
            id, name, description, metadata, version, created_at, updated_at
        )
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (
            workspace.id,
            workspace.name,
            workspace.description,
            to_json(workspace.metadata),
            workspace.version,
            to_micros(workspace.created_at),
            to_micros(workspace.updated_at),
        ),
    )


def _missed(connection: sqlite3.Connection, workspace_id: WorkspaceId) -> CortexError:
    """Return why a change of one version changed nothing."""
    known = connection.execute("SELECT 1 FROM workspaces WHERE id = ?", (workspace_id,)).fetchone()
    return StaleVersionError() if known else NotFoundError()


def _to_access(row: Row) -> WorkspaceAccess:
    role, workspace = row[10], row[11:]
    return WorkspaceAccess(
        user=to_user(row),
        workspace=None if workspace[0] is None else to_workspace(workspace),
        role=None if role is None else Role(role),
    )
