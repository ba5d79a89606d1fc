"""Messages in PostgreSQL, each in its place in the conversation's log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec.structs import replace

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import ConversationId, MessageId
from cortex_core.domain.models import Message, Role, Turn
from cortex_core.domain.search.words import findable

__all__ = ["PostgresMessages"]

# Row lock on the conversation: its writers queue here. Whoever waited there sees its row as it is
# then; author, role and participation are as they were when the statement began.
_PLACE: Final = """
    WITH place AS (
        UPDATE conversations c
        SET last_seq = c.last_seq + 1, updated_at = greatest(c.updated_at, $9)
        FROM users u
        WHERE c.id = $2 AND u.id = $4 AND u.status = 'active' AND (
            (
                SELECT m.role FROM memberships m
                WHERE m.workspace_id = c.workspace_id AND m.user_id = $4
            ) = ANY ($11::text[])
            OR EXISTS (
                SELECT FROM participants p WHERE p.conversation_id = $2 AND p.user_id = $4
            )
        )
        RETURNING c.last_seq
    )"""
_ASKED: Final = """, asked AS (
        INSERT INTO turns (id, conversation_id, message_id, status, attempts, due_at, created_at,
            updated_at, correlation_id, traceparent)
        SELECT $13::uuid, $2, $14::uuid, $15, $16, $17, $17, $18::timestamptz, $19::text, $20::text
        FROM place
    )"""
_ADDED: Final = """
    INSERT INTO messages (id, conversation_id, seq, author_kind, author_id, role, content,
        in_reply_to, metadata, created_at, words, correlation_id)
    SELECT $1::uuid, $2, last_seq, $3, $4, $5, $6, $7::uuid, $8::jsonb, $9, $10::text, $12::text
    FROM place
    RETURNING seq
    """
_POST: Final = _PLACE + _ADDED
_ASK: Final = _PLACE + _ASKED + _ADDED


class PostgresMessages:
    """Messages by place and by id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, message: Message, *, correlation_id: str = "") -> Message:
        placed = await self._session.write(
            """
            WITH place AS (
                UPDATE conversations
                SET last_seq = last_seq + 1, updated_at = greatest(updated_at, $9)
                WHERE id = $2
                RETURNING last_seq
            )
            INSERT INTO messages (id, conversation_id, seq, author_kind, author_id, role,
                content, in_reply_to, metadata, created_at, words, correlation_id)
            SELECT $1::uuid, $2, last_seq, $3, $4::uuid, $5, $6, $7::uuid, $8::jsonb, $9,
                $10::text, $11::text
            FROM place
            RETURNING seq
            """,
            *_values(message),
            correlation_id or None,
        )
        if not placed:
            raise NotFoundError
        return replace(message, seq=placed[0][0])

    async def post(
        self,
        message: Message,
        *,
        turn: Turn | None,
        roles: frozenset[Role],
        correlation_id: str = "",
    ) -> Message | None:
        allowed = "{" + ",".join(role.value for role in roles) + "}"
        word = correlation_id or None
        if turn is None:
            placed = await self._session.write(_POST, *_values(message), allowed, word)
        else:
            placed = await self._session.write(
                _ASK,
                *_values(message),
                allowed,
                word,
                turn.id,
                turn.message_id,
                turn.status.value,
                turn.attempts,
                turn.created_at,
                turn.updated_at,
                turn.correlation_id or None,
                turn.traceparent or None,
            )
        return replace(message, seq=placed[0][0]) if placed else None

    async def get(self, conversation_id: ConversationId, message_id: MessageId) -> Message:
        found = await self._session.read(
            """
            SELECT id, conversation_id, seq, author_kind, author_id, role, content, in_reply_to,
                metadata, created_at
            FROM messages WHERE id = $1 AND conversation_id = $2
            """,
            message_id,
            conversation_id,
        )
        if not found:
            raise NotFoundError
        return rows.message(found[0])

    async def in_conversation(
        self,
        conversation_id: ConversationId,
        *,
        after: int | None,
        limit: int,
        order: Literal["asc", "desc"] = "asc",
    ) -> Sequence[Message]:
        if order == "asc":
            found = await self._session.read(
                """
                SELECT id, conversation_id, seq, author_kind, author_id, role, content,
                    in_reply_to, metadata, created_at
                FROM messages WHERE conversation_id = $1 AND seq > $2
                ORDER BY seq LIMIT $3
                """,
                conversation_id,
                rows.bounded(after or 0),
                limit,
            )
        else:
            found = await self._session.read(
                """
                SELECT id, conversation_id, seq, author_kind, author_id, role, content,
                    in_reply_to, metadata, created_at
                FROM messages WHERE conversation_id = $1 AND seq < $2
                ORDER BY seq DESC LIMIT $3
                """,
                conversation_id,
                rows.bounded(after),
                limit,
            )
        return [rows.message(row) for row in found]


def _values(message: Message) -> tuple[object, ...]:
    return (
        message.id,
        message.conversation_id,
        message.author.kind.value,
        message.author.id,
        message.role.value,
        message.content,
        message.in_reply_to,
        rows.encoded(message.metadata),
        message.created_at,
        findable(message.content),
    )
