"""The log of each conversation in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cortex_adapters.postgres.connection import Row
from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.events import LOGGABLE, Event, Logged, MessageCreated, Recorded
from cortex_core.domain.ids import ConversationId

__all__ = ["PostgresEvents"]


class PostgresEvents:
    """What happened, in the order of the commits; each message is its own event."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def append(self, event: Event) -> Recorded:
        # Row lock: writers of one conversation queue here, and leave no gap when they give up.
        placed = await self._session.write(
            """
            WITH place AS (
                UPDATE conversations SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq
            )
            INSERT INTO events (conversation_id, seq, type, at, actor_kind, actor_id, data,
                correlation_id)
            SELECT $1, last_seq, $2, $3, $4, $5::uuid, $6::json, $7::text FROM place
            RETURNING seq
            """,
            event.conversation_id,
            event.data.type,
            event.at,
            event.actor.kind.value,
            event.actor.id,
            msgspec.json.encode(event.data).decode(),
            event.correlation_id or None,
        )
        if not placed:
            raise NotFoundError
        return Recorded(
            conversation_id=event.conversation_id,
            seq=placed[0][0],
            at=event.at,
            actor=event.actor,
            data=event.data,
            correlation_id=event.correlation_id,
        )

    async def since(
        self, conversation_id: ConversationId, *, seq: int, limit: int
    ) -> Sequence[Recorded]:
        found = await self._session.read(
            """
            WITH place AS MATERIALIZED (
                SELECT greatest($2, first_seq - 1) AS seq FROM conversations WHERE id = $1
            )
            SELECT * FROM (
                (
                    SELECT seq, '', created_at, author_kind, author_id, NULL::json,
                        correlation_id, id, conversation_id, seq, author_kind, author_id, role,
                        content, in_reply_to, metadata, created_at
                    FROM messages WHERE conversation_id = $1 AND seq > (SELECT seq FROM place)
                    ORDER BY seq LIMIT $3
                ) UNION ALL (
                    SELECT seq, type, at, actor_kind, actor_id, data, correlation_id, NULL, NULL,
                        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
                    FROM events WHERE conversation_id = $1 AND seq > (SELECT seq FROM place)
                    ORDER BY seq LIMIT $3
                )
            ) log
            ORDER BY 1
            LIMIT $3
            """,
            conversation_id,
            rows.bounded(seq),
            limit,
        )
        return [
            Recorded(
                conversation_id=conversation_id,
                seq=row[0],
                at=row[2],
                actor=rows.actor(row[3], row[4]),
                data=_data(row[1], row[5], row[7:]),
                correlation_id=row[6] or "",
            )
            for row in found
        ]

    async def first(self, conversation_id: ConversationId) -> int:
        found = await self._session.read(
            "SELECT first_seq FROM conversations WHERE id = $1", conversation_id
        )
        return found[0][0] if found else 1


def _data(type_: str, data: str | None, message: Row) -> Logged:
    if data is None:
        return MessageCreated(message=rows.message(message))
    return msgspec.json.decode(data, type=LOGGABLE[type_])
