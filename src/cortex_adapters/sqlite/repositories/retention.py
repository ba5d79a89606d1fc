"""What is old, and goes, in SQLite."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from cortex_adapters.sqlite.repositories.rows import changes, many, one, to_micros
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Horizon, Look, Pruned

_LOOK: Final = """
    SELECT c.id,
        coalesce((
            SELECT created_at < ?2 FROM messages
            WHERE conversation_id = c.id ORDER BY seq LIMIT 1
        ), 0)
        OR coalesce((
            SELECT created_at < ?3 FROM messages
            WHERE conversation_id = c.id AND seq >= c.first_seq ORDER BY seq LIMIT 1
        ), 0)
        OR coalesce((
            SELECT seq < c.first_seq OR at < ?3 FROM events
            WHERE conversation_id = c.id ORDER BY seq LIMIT 1
        ), 0)
    FROM conversations AS c WHERE c.id > ?1 ORDER BY c.id LIMIT ?4
    """
_LAST_OLD: Final = """
    SELECT max(seq) FROM (
        SELECT seq, created_at FROM messages WHERE conversation_id = ?1 ORDER BY seq LIMIT ?3
    )
    WHERE created_at < ?2
    """
_LAST_PASSED: Final = """
    SELECT max(seq) FROM (
        SELECT seq, at FROM (
            SELECT seq, created_at AS at FROM messages WHERE conversation_id = ?1 AND seq >= ?4
            ORDER BY seq LIMIT ?3
        )
        UNION ALL
        SELECT seq, at FROM (
            SELECT seq, at FROM events WHERE conversation_id = ?1 AND seq >= ?4
            ORDER BY seq LIMIT ?3
        )
    )
    WHERE at < ?2
    """
_MESSAGES: Final = """
    DELETE FROM messages WHERE created_at < ?2 AND id IN (
        SELECT id FROM messages WHERE conversation_id = ?1 ORDER BY seq LIMIT ?3
    )
    """
_EVENTS: Final = """
    DELETE FROM events WHERE conversation_id = ?1 AND seq IN (
        SELECT seq FROM events WHERE conversation_id = ?1 AND seq < ?2 ORDER BY seq LIMIT ?3
    )
    """


class SqliteRetention:
    """Takes away what is old."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def look(self, after: ConversationId | None, horizon: Horizon, *, limit: int) -> Look:
        found = await self._transaction.read(
            many(
                _LOOK,
                (after or "", _micros(horizon.messages), _micros(horizon.events), limit),
                lambda row: (ConversationId(row[0]), bool(row[1])),
            )
        )
        return Look(
            due=[conversation_id for conversation_id, due in found if due],
            last=found[-1][0] if len(found) == limit else None,
        )

    async def prune(
        self, conversation_id: ConversationId, horizon: Horizon, *, limit: int
    ) -> Pruned:
        before, events_before = _micros(horizon.messages), _micros(horizon.events)

        def work(connection: sqlite3.Connection) -> Pruned:
            # Turns go with their message.
            was = one(
                "SELECT first_seq FROM conversations WHERE id = ?", (conversation_id,), _number
            )(connection)
            if was is None:
                return Pruned()
            old = one(_LAST_OLD, (conversation_id, before, limit), _number)(connection)
            passed = one(_LAST_PASSED, (conversation_id, events_before, limit, was), _number)(
                connection
            )
            first = max(was, (old or 0) + 1, (passed or 0) + 1)
            messages = changes(_MESSAGES, (conversation_id, before, limit))(connection)
            events = changes(_EVENTS, (conversation_id, first, limit))(connection)
            if first > was:
                connection.execute(
                    "UPDATE conversations SET first_seq = ? WHERE id = ?", (first, conversation_id)
                )
            return Pruned(messages=messages, events=events, places=first - was)

        return await self._transaction.write(work)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _number(row: tuple[int | None, ...]) -> int | None:
    return row[0]
