"""The members of a workspace in SQLite: work for its repository."""

from __future__ import annotations

import sqlite3

from cortex_adapters.sqlite.connections import Row, Work
from cortex_adapters.sqlite.repositories.rows import many
from cortex_core.domain.errors import LastOwnerError, NotFoundError
from cortex_core.domain.ids import UserId, WorkspaceId
from cortex_core.domain.models import Membership, Role


def page(workspace_id: WorkspaceId, after: UserId | None, limit: int) -> Work[list[Membership]]:
    """Return members, by user id."""
    return many(
        """
        SELECT workspace_id, user_id, role
        FROM memberships
        WHERE workspace_id = ? AND user_id > ?
        ORDER BY user_id
        LIMIT ?
        """,
        (workspace_id, after or "", limit),
        _to_membership,
    )


def put(membership: Membership) -> Work[None]:
    """Give a user a role; the name's key is any other member's."""

    def work(connection: sqlite3.Connection) -> None:
        changed = connection.execute(
            """
            INSERT INTO memberships (workspace_id, user_id, role, name_key)
            SELECT workspace_id, ?, ?, name_key
            FROM memberships
            WHERE workspace_id = ?
            LIMIT 1
            ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role
            """,
            (membership.user_id, membership.role.value, membership.workspace_id),
        )
        if not changed.rowcount:
            raise NotFoundError
        if membership.role is not Role.OWNER:
            _require_owner(connection, membership.workspace_id)

    return work


def remove(workspace_id: WorkspaceId, user_id: UserId) -> Work[None]:
    """End a membership."""

    def work(connection: sqlite3.Connection) -> None:
        changed = connection.execute(
            "DELETE FROM memberships WHERE workspace_id = ? AND user_id = ?",
            (workspace_id, user_id),
        )
        if not changed.rowcount:
            raise NotFoundError
        _require_owner(connection, workspace_id)

    return work


def _require_owner(connection: sqlite3.Connection, workspace_id: WorkspaceId) -> None:
    owner = connection.execute(
        "SELECT 1 FROM memberships WHERE workspace_id = ? AND role = 'owner' LIMIT 1",
        (workspace_id,),
    ).fetchone()
    if owner is None:
        raise LastOwnerError


def _to_membership(row: Row) -> Membership:
    return Membership(workspace_id=row[0], user_id=row[1], role=Role(row[2]))
