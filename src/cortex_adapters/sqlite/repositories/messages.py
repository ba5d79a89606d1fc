"""Messages in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from cortex_adapters.sqlite.repositories import posting
from cortex_adapters.sqlite.repositories.rows import LARGEST, bounded, many, one, to_message
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import ConversationId, MessageId
from cortex_core.domain.models import Message, Role, Turn


class SqliteMessages:
    """Messages, each in its place in the conversation's log."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, message: Message, *, correlation_id: str = "") -> Message:
        def work(connection: sqlite3.Connection) -> int:
            seq = posting.take_place(connection, message)
            if seq is None:
                raise NotFoundError
            posting.insert_message(connection, message, seq, correlation_id)
            return seq

        return replace(message, seq=await self._transaction.write(work))

    async def post(
        self,
        message: Message,
        *,
        turn: Turn | None,
        roles: frozenset[Role],
        correlation_id: str = "",
    ) -> Message | None:
        def work(connection: sqlite3.Connection) -> int | None:
            seq = posting.take_place_if_allowed(connection, message, roles)
            if seq is not None:
                posting.insert_message(connection, message, seq, correlation_id)
                if turn is not None:
                    posting.insert_turn(connection, turn)
            return seq

        seq = await self._transaction.write(work)
        return None if seq is None else replace(message, seq=seq)

    async def get(self, conversation_id: ConversationId, message_id: MessageId) -> Message:
        message = await self._transaction.read(
            one(
                """
                SELECT id, conversation_id, seq, author_kind, author_id, role, content, in_reply_to,
                    metadata, created_at
                FROM messages
                WHERE id = ? AND conversation_id = ?
                """,
                (message_id, conversation_id),
                to_message,
            )
        )
        if message is None:
            raise NotFoundError
        return message

    async def in_conversation(
        self,
        conversation_id: ConversationId,
        *,
        after: int | None,
        limit: int,
        order: Literal["asc", "desc"] = "asc",
    ) -> Sequence[Message]:
        if order == "asc":
            work = many(
                """
                SELECT id, conversation_id, seq, author_kind, author_id, role, content, in_reply_to,
                    metadata, created_at
                FROM messages
                WHERE conversation_id = ? AND seq > ?
                ORDER BY seq
                LIMIT ?
                """,
                (conversation_id, 0 if after is None else bounded(after), limit),
                to_message,
            )
        else:
            work = many(
                """
                SELECT id, conversation_id, seq, author_kind, author_id, role, content, in_reply_to,
                    metadata, created_at
                FROM messages
                WHERE conversation_id = ? AND seq < ?
                ORDER BY seq DESC
                LIMIT ?
                """,
                (conversation_id, LARGEST if after is None else bounded(after), limit),
                to_message,
            )
        return await self._transaction.read(work)
