"""What is old, and goes, in PostgreSQL."""

from __future__ import annotations

from typing import Final

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Horizon, Look, Pruned

__all__ = ["PostgresRetention"]

# Each is asked for its oldest message and its oldest event, by the index in which they stand.
_LOOK: Final = """
    SELECT c.id,
        coalesce((
            SELECT created_at < $2::timestamptz FROM messages
            WHERE conversation_id = c.id ORDER BY seq LIMIT 1
        ), false)
        OR coalesce((
            SELECT created_at < $3::timestamptz FROM messages
            WHERE conversation_id = c.id AND seq >= c.first_seq ORDER BY seq LIMIT 1
        ), false)
        OR coalesce((
            SELECT seq < c.first_seq OR at < $3 FROM events
            WHERE conversation_id = c.id ORDER BY seq LIMIT 1
        ), false)
    FROM (
        SELECT id, first_seq FROM conversations WHERE id > $1 ORDER BY id LIMIT $4
    ) c
    ORDER BY c.id
    """
# SKIP LOCKED: nobody is waited for, and writers of the conversation wait for this statement only.
# FOR UPDATE, as who deletes it: a turn goes that somebody with a share of it may hold.
_PRUNE: Final = """
    WITH c AS MATERIALIZED (
        SELECT id, first_seq FROM conversations WHERE id = $1 FOR UPDATE SKIP LOCKED
    ), old AS MATERIALIZED (
        SELECT id, seq FROM (
            SELECT id, seq, created_at FROM messages WHERE conversation_id = (SELECT id FROM c)
            ORDER BY seq LIMIT $4
        ) oldest
        WHERE created_at < $2::timestamptz
    ), passed AS MATERIALIZED (
        SELECT seq FROM (
            SELECT seq, created_at FROM messages
            WHERE conversation_id = (SELECT id FROM c) AND seq >= (SELECT first_seq FROM c)
            ORDER BY seq LIMIT $4
        ) spoken
        WHERE created_at < $3::timestamptz
        UNION ALL
        SELECT seq FROM (
            SELECT seq, at FROM events
            WHERE conversation_id = (SELECT id FROM c) AND seq >= (SELECT first_seq FROM c)
            ORDER BY seq LIMIT $4
        ) happened
        WHERE at < $3
    ), place AS MATERIALIZED (
        SELECT first_seq AS was, greatest(
            first_seq, (SELECT max(seq) + 1 FROM old), (SELECT max(seq) + 1 FROM passed)
        ) AS first
        FROM c
    ), ended AS MATERIALIZED (
        SELECT seq FROM events
        WHERE conversation_id = (SELECT id FROM c) AND seq < (SELECT first FROM place)
        ORDER BY seq LIMIT $4
    ), gone_messages AS (
        DELETE FROM messages WHERE id = ANY (ARRAY(SELECT id FROM old))
    ), gone_turns AS (
        DELETE FROM turns WHERE message_id = ANY (ARRAY(SELECT id FROM old))
    ), gone_events AS (
        DELETE FROM events
        WHERE conversation_id = (SELECT id FROM c) AND seq = ANY (ARRAY(SELECT seq FROM ended))
    ), moved AS (
        UPDATE conversations SET first_seq = (SELECT first FROM place)
        WHERE id = (SELECT id FROM c) AND first_seq < (SELECT first FROM place)
    )
    SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM ended),
        coalesce((SELECT first - was FROM place), 0)
    """


class PostgresRetention:
    """Takes away what is old."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def look(self, after: ConversationId | None, horizon: Horizon, *, limit: int) -> Look:
        found = await self._session.read(
            _LOOK, after or rows.FIRST_ID, horizon.messages, horizon.events, limit
        )
        return Look(
            due=[row[0] for row in found if row[1]],
            last=found[-1][0] if len(found) == limit else None,
        )

    async def prune(
        self, conversation_id: ConversationId, horizon: Horizon, *, limit: int
    ) -> Pruned:
        [(messages, events, places)] = await self._session.write(
            _PRUNE, conversation_id, horizon.messages, horizon.events, limit
        )
        return Pruned(messages=messages, events=events, places=places)
