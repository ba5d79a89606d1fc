"""The log of each conversation in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from cortex_adapters.sqlite.connections import Row
from cortex_adapters.sqlite.repositories.rows import (
    bounded,
    many,
    one,
    to_actor,
    to_json,
    to_message,
    to_micros,
    to_time,
)
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.events import LOGGABLE, Event, Logged, MessageCreated, Recorded
from cortex_core.domain.ids import ConversationId


class SqliteEvents:
    """What happened, in the order of the commits; each message is its own event."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def append(self, event: Event) -> Recorded:
        seq = await self._transaction.write(lambda connection: _append(connection, event))
        return Recorded(
            conversation_id=event.conversation_id,
            seq=seq,
            at=event.at,
            actor=event.actor,
            data=event.data,
            correlation_id=event.correlation_id,
        )

    async def since(
        self, conversation_id: ConversationId, *, seq: int, limit: int
    ) -> Sequence[Recorded]:
        return await self._transaction.read(
            many(
                """
                WITH place (seq) AS (
                    SELECT max(?2, first_seq - 1) FROM conversations WHERE id = ?1
                )
                SELECT conversation_id, seq, created_at, author_kind, author_id, '', NULL,
                    correlation_id, id, conversation_id, seq, author_kind, author_id, role,
                    content, in_reply_to, metadata, created_at
                FROM messages WHERE conversation_id = ?1 AND seq > (SELECT seq FROM place)
                UNION ALL
                SELECT conversation_id, seq, at, actor_kind, actor_id, type, data, correlation_id,
                    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
                FROM events WHERE conversation_id = ?1 AND seq > (SELECT seq FROM place)
                ORDER BY 2
                LIMIT ?3
                """,
                (conversation_id, bounded(seq), limit),
                _to_recorded,
            )
        )

    async def first(self, conversation_id: ConversationId) -> int:
        found = await self._transaction.read(
            one(
                "SELECT first_seq FROM conversations WHERE id = ?",
                (conversation_id,),
                lambda row: int(row[0]),
            )
        )
        return found or 1


def _append(connection: sqlite3.Connection, event: Event) -> int:
    row = connection.execute(
        "UPDATE conversations SET last_seq = last_seq + 1 WHERE id = ? RETURNING last_seq",
        (event.conversation_id,),
    ).fetchone()
    if row is None:
        raise NotFoundError
    seq: int = row[0]
    connection.execute(
        """
        INSERT INTO events (
            conversation_id, seq, type, at, actor_kind, actor_id, data, correlation_id
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            event.conversation_id,
            seq,
            event.data.type,
            to_micros(event.at),
            event.actor.kind.value,
            event.actor.id,
            to_json(event.data),
            event.correlation_id or None,
        ),
    )
    return seq


def _to_recorded(row: Row) -> Recorded:
    return Recorded(
        conversation_id=row[0],
        seq=row[1],
        at=to_time(row[2]),
        actor=to_actor(row[3], row[4]),
        data=_to_data(row[5], row[6], row[8:]),
        correlation_id=row[7] or "",
    )


def _to_data(kind: str, data: str | None, message: Row) -> Logged:
    if data is None:
        return MessageCreated(message=to_message(message))
    return msgspec.json.decode(data, type=LOGGABLE[kind])
