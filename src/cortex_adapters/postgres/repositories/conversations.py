"""Conversations in PostgreSQL, and those who were added to them by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.repositories.participants import PostgresParticipants
from cortex_core.domain.errors import NotFoundError, StaleVersionError
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation
from cortex_core.domain.policy import ConversationAccess
from cortex_core.ports import Activity

__all__ = ["PostgresConversations"]

_NEWER: Final = ("infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff")

_LOOK: Final = """
    SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status, u.metadata,
        u.created_at, u.updated_at, c.id, c.workspace_id, c.topic, c.metadata, c.last_seq,
        c.version, c.created_at, c.updated_at, m.role, p.user_id IS NOT NULL
    FROM users u
    LEFT JOIN conversations c ON c.id = $2
    LEFT JOIN memberships m ON m.workspace_id = c.workspace_id AND m.user_id = u.id
    LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = u.id
    WHERE u.id = $1
    """
# Whoever waits for the lock on the conversation must not go by what was there before: FOR SHARE
# finds the participant as it is then, gone included.
_LOCK: Final = """
    WITH w AS MATERIALIZED (
        SELECT id FROM workspaces
        WHERE id = (SELECT workspace_id FROM conversations WHERE id = $2)
        FOR KEY SHARE
    ), c AS MATERIALIZED (
        SELECT id, workspace_id, topic, metadata, last_seq, version, created_at, updated_at
        FROM conversations WHERE id = $2 AND workspace_id = (SELECT id FROM w)
        FOR UPDATE
    ), p AS MATERIALIZED (
        SELECT user_id FROM participants
        WHERE conversation_id = (SELECT id FROM c) AND user_id = $1
        FOR SHARE
    )
    SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status, u.metadata,
        u.created_at, u.updated_at, c.id, c.workspace_id, c.topic, c.metadata, c.last_seq,
        c.version, c.created_at, c.updated_at, m.role, p.user_id IS NOT NULL
    FROM users u
    LEFT JOIN c ON true
    LEFT JOIN memberships m ON m.workspace_id = c.workspace_id AND m.user_id = u.id
    LEFT JOIN p ON true
    WHERE u.id = $1
    """


class PostgresConversations(PostgresParticipants):
    """Conversations by id and by activity."""

    async def add(self, conversation: Conversation) -> None:
        await self._session.write(
            """
            INSERT INTO conversations (id, workspace_id, topic, metadata, last_seq, version,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            conversation.id,
            conversation.workspace_id,
            conversation.topic,
            rows.encoded(conversation.metadata),
            conversation.last_seq,
            conversation.version,
            conversation.created_at,
            conversation.updated_at,
        )

    async def access(
        self, user_id: UserId, conversation_id: ConversationId, *, lock: bool = False
    ) -> ConversationAccess | None:
        if lock:
            found = await self._session.write(_LOCK, user_id, conversation_id)
        else:
            found = await self._session.read(_LOOK, user_id, conversation_id)
        if not found:
            return None
        row = found[0]
        return ConversationAccess(
            user=rows.user(row[:10]),
            conversation=None if row[10] is None else rows.conversation(row[10:18]),
            role=rows.role(row[18]),
            participant=row[19],
        )

    async def get(self, conversation_id: ConversationId) -> Conversation:
        found = await self._session.read(
            """
            SELECT id, workspace_id, topic, metadata, last_seq, version, created_at, updated_at
            FROM conversations WHERE id = $1
            """,
            conversation_id,
        )
        if not found:
            raise NotFoundError
        return rows.conversation(found[0])

    async def visible(self, pairs: Sequence[tuple[UserId, ConversationId]]) -> Sequence[int | None]:
        found = await self._session.read(
            """
            SELECT seen.last_seq
            FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY
                AS pair (user_id, conversation_id, place)
            LEFT JOIN LATERAL (
                SELECT c.last_seq
                FROM conversations c
                JOIN users u ON u.id = pair.user_id AND u.status = 'active'
                LEFT JOIN memberships m ON m.workspace_id = c.workspace_id AND m.user_id = u.id
                LEFT JOIN participants p ON p.conversation_id = c.id AND p.user_id = u.id
                WHERE c.id = pair.conversation_id AND (m.role IS NOT NULL OR p.user_id IS NOT NULL)
            ) seen ON true
            ORDER BY pair.place
            """,
            "{" + ",".join(user_id for user_id, _ in pairs) + "}",
            "{" + ",".join(conversation_id for _, conversation_id in pairs) + "}",
        )
        return [row[0] for row in found]

    async def in_workspace(
        self, workspace_id: WorkspaceId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        found = await self._session.read(
            """
            SELECT id, workspace_id, topic, metadata, last_seq, version, created_at, updated_at
            FROM conversations
            WHERE workspace_id = $1 AND (updated_at, id) < ($2, $3)
            ORDER BY updated_at DESC, id DESC
            LIMIT $4
            """,
            workspace_id,
            *(after or _NEWER),
            limit,
        )
        return [rows.conversation(row) for row in found]

    async def of_user(
        self, user_id: UserId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        # The newest of each workspace, by its index; then the newest of those.
        found = await self._session.read(
            """
            SELECT c.id, c.workspace_id, c.topic, c.metadata, c.last_seq, c.version, c.created_at,
                c.updated_at
            FROM (
                SELECT id, updated_at FROM (
                    SELECT w.id, w.updated_at
                    FROM memberships m
                    CROSS JOIN LATERAL (
                        SELECT id, updated_at FROM conversations
                        WHERE workspace_id = m.workspace_id AND (updated_at, id) < ($2, $3)
                        ORDER BY updated_at DESC, id DESC
                        LIMIT $4
                    ) w
                    WHERE m.user_id = $1
                    UNION ALL
                    SELECT c.id, c.updated_at
                    FROM participants p
                    JOIN conversations c ON c.id = p.conversation_id
                    WHERE p.user_id = $1 AND (c.updated_at, c.id) < ($2, $3) AND NOT EXISTS (
                        SELECT FROM memberships m
                        WHERE m.workspace_id = c.workspace_id AND m.user_id = p.user_id
                    )
                ) every
                ORDER BY updated_at DESC, id DESC
                LIMIT $4
            ) newest
            JOIN conversations c USING (id)
            ORDER BY c.updated_at DESC, c.id DESC
            """,
            user_id,
            *(after or _NEWER),
            limit,
        )
        return [rows.conversation(row) for row in found]

    async def update(self, conversation: Conversation, *, version: int) -> None:
        [(changed, there)] = await self._session.write(
            """
            WITH changed AS (
                UPDATE conversations
                SET topic = $3, metadata = $4, version = $5, updated_at = $6
                WHERE id = $1 AND version = $2
                RETURNING id
            )
            SELECT EXISTS (SELECT FROM changed), EXISTS (SELECT FROM conversations WHERE id = $1)
            """,
            conversation.id,
            rows.bounded(version),
            conversation.topic,
            rows.encoded(conversation.metadata),
            conversation.version,
            conversation.updated_at,
        )
        if not changed:
            raise StaleVersionError if there else NotFoundError

    async def delete(self, conversation_id: ConversationId, *, version: int | None) -> None:
        await self._session.several(patient=True)
        [(gone, there)] = await self._session.write(
            """
            WITH gone AS (
                DELETE FROM conversations
                WHERE id = $1 AND ($2::bigint IS NULL OR version = $2)
                RETURNING id
            )
            SELECT EXISTS (SELECT FROM gone), EXISTS (SELECT FROM conversations WHERE id = $1)
            """,
            conversation_id,
            None if version is None else rows.bounded(version),
        )
        if not gone:
            raise StaleVersionError if there else NotFoundError
