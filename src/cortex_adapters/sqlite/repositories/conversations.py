"""Conversations in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from cortex_adapters.sqlite.connections import Row
from cortex_adapters.sqlite.repositories import lists, participants
from cortex_adapters.sqlite.repositories.rows import (
    bounded,
    one,
    to_conversation,
    to_json,
    to_micros,
    to_user,
)
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import CortexError, NotFoundError, StaleVersionError
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation, Participant, Role
from cortex_core.domain.policy import ConversationAccess
from cortex_core.ports import Activity


class SqliteConversations:
    """Conversations and those who were added to them by name."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, conversation: Conversation) -> None:
        await self._transaction.write(lambda connection: _insert(connection, conversation))

    async def access(
        self, user_id: UserId, conversation_id: ConversationId, *, lock: bool = False
    ) -> ConversationAccess | None:
        run = self._transaction.write if lock else self._transaction.read
        return await run(
            one(
                """
                SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status,
                    u.metadata, u.created_at, u.updated_at,
                    m.role, p.user_id,
                    c.id, c.workspace_id, c.topic, c.metadata, c.last_seq, c.version, c.created_at,
                    c.updated_at
                FROM users AS u
                LEFT JOIN conversations AS c ON c.id = ?
                LEFT JOIN memberships AS m
                    ON m.workspace_id = c.workspace_id AND m.user_id = u.id
                LEFT JOIN participants AS p ON p.conversation_id = c.id AND p.user_id = u.id
                WHERE u.id = ?
                """,
                (conversation_id, user_id),
                _to_access,
            )
        )

    async def get(self, conversation_id: ConversationId) -> Conversation:
        conversation = await self._transaction.read(
            one(
                """
                SELECT id, workspace_id, topic, metadata, last_seq, version, created_at, updated_at
                FROM conversations
                WHERE id = ?
                """,
                (conversation_id,),
                to_conversation,
            )
        )
        if conversation is None:
            raise NotFoundError
        return conversation

    async def visible(self, pairs: Sequence[tuple[UserId, ConversationId]]) -> Sequence[int | None]:
        return await self._transaction.read(lists.visible(pairs))

    async def in_workspace(
        self, workspace_id: WorkspaceId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        return await self._transaction.read(lists.in_workspace(workspace_id, after, limit))

    async def of_user(
        self, user_id: UserId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        return await self._transaction.read(lists.of_user(user_id, after, limit))

    async def update(self, conversation: Conversation, *, version: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                """
                UPDATE conversations
                SET topic = ?, metadata = ?, version = ?, updated_at = ?
                WHERE id = ? AND version = ?
                """,
                (
                    conversation.topic,
                    to_json(conversation.metadata),
                    conversation.version,
                    to_micros(conversation.updated_at),
                    conversation.id,
                    bounded(version),
                ),
            )
            if not changed.rowcount:
                raise _missed(connection, conversation.id)

        await self._transaction.write(work)

    async def delete(self, conversation_id: ConversationId, *, version: int | None) -> None:
        def work(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                "DELETE FROM conversations WHERE id = ? AND version = ifnull(?, version)",
                (conversation_id, None if version is None else bounded(version)),
            )
            if not changed.rowcount:
                raise _missed(connection, conversation_id)

        await self._transaction.write(work)

    async def participants(
        self, conversation_id: ConversationId, *, after: UserId | None, limit: int
    ) -> Sequence[Participant]:
        return await self._transaction.read(participants.page(conversation_id, after, limit))

    async def add_participant(self, participant: Participant) -> bool:
        return await self._transaction.write(participants.add(participant))

    async def remove_participant(self, participant: Participant) -> None:
        await self._transaction.write(participants.remove(participant))


def _insert(connection: sqlite3.Connection, conversation: Conversation) -> None:
    connection.execute(
        """
        INSERT INTO conversations (
            id, workspace_id, topic, metadata, last_seq, version, created_at, updated_at
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            conversation.id,
            conversation.workspace_id,
            conversation.topic,
            to_json(conversation.metadata),
            conversation.last_seq,
            conversation.version,
            to_micros(conversation.created_at),
            to_micros(conversation.updated_at),
        ),
    )


def _missed(connection: sqlite3.Connection, conversation_id: ConversationId) -> CortexError:
    """Return why a change of one version changed nothing."""
    known = connection.execute(
        "SELECT 1 FROM conversations WHERE id = ?", (conversation_id,)
    ).fetchone()
    return StaleVersionError() if known else NotFoundError()


def _to_access(row: Row) -> ConversationAccess:
    role, participant, conversation = row[10], row[11], row[12:]
    return ConversationAccess(
        user=to_user(row),
        conversation=None if conversation[0] is None else to_conversation(conversation),
        role=None if role is None else Role(role),
        participant=participant is not None,
    )
