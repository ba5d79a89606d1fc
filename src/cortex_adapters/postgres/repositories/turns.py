"""Turns in PostgreSQL: a queue with leases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import LeaseLostError, NotFoundError
from cortex_core.domain.ids import TurnId
from cortex_core.domain.models import Backlog, Turn, TurnStatus

__all__ = ["PostgresTurns"]


class PostgresTurns:
    """Answers under way."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, turn_id: TurnId) -> Turn:
        found = await self._session.read(
            """
            SELECT id, conversation_id, message_id, status, attempts, error_code, error_message,
                created_at, updated_at, correlation_id, traceparent
            FROM turns WHERE id = $1
            """,
            turn_id,
        )
        if not found:
            raise NotFoundError
        return rows.turn(found[0])

    async def backlog(self) -> Sequence[Backlog]:
        found = await self._session.read(
            """
            SELECT status, count(*), min(created_at) FROM turns
            WHERE status IN ('queued', 'running')
            GROUP BY status
            """
        )
        return [
            Backlog(status=TurnStatus(status), count=count, oldest=oldest)
            for status, count, oldest in found
        ]

    async def lease(
        self, *, worker: str, now: datetime, until: datetime, limit: int
    ) -> Sequence[Turn]:
        # SKIP LOCKED: workers neither wait for each other nor take the same turn. The shares keep
        # whoever deletes waiting until what was begun stands in the log.
        found = await self._session.write(
            """
            WITH due AS MATERIALIZED (
                SELECT t.id, t.due_at FROM turns t
                JOIN conversations c ON c.id = t.conversation_id
                JOIN workspaces w ON w.id = c.workspace_id
                WHERE t.status IN ('queued', 'running') AND t.due_at <= $2
                ORDER BY t.due_at, t.id LIMIT $4
                FOR KEY SHARE OF w SKIP LOCKED
                FOR KEY SHARE OF c SKIP LOCKED
                FOR UPDATE OF t SKIP LOCKED
            ), taken AS (
                UPDATE turns t
                SET status = 'running', attempts = t.attempts + 1, worker = $1, due_at = $3,
                    updated_at = $2
                FROM due WHERE t.id = due.id
                RETURNING t.id, t.conversation_id, t.message_id, t.status, t.attempts,
                    t.error_code, t.error_message, t.created_at, t.updated_at,
                    t.correlation_id, t.traceparent,
                    due.due_at AS was_due_at
            )
            SELECT * FROM taken ORDER BY was_due_at, id
            """,
            worker,
            now,
            until,
            limit,
        )
        return [rows.turn(row) for row in found]

    async def renew(self, turn: Turn, *, worker: str, until: datetime) -> None:
        # A share of the conversation first: the turn may be released in the same unit.
        held = await self._session.write(
            """
            WITH c AS MATERIALIZED (
                SELECT id FROM conversations
                WHERE id = (SELECT conversation_id FROM turns WHERE id = $1)
                FOR KEY SHARE
            )
            UPDATE turns t SET due_at = $4
            FROM c
            WHERE t.id = $1 AND t.conversation_id = c.id AND t.worker = $2 AND t.attempts = $3
            RETURNING t.id
            """,
            turn.id,
            worker,
            turn.attempts,
            until,
        )
        if not held:
            raise LeaseLostError

    async def release(self, turn: Turn, *, worker: str, due: datetime) -> None:
        held = await self._session.write(
            """
            UPDATE turns
            SET status = 'queued', worker = NULL, attempts = $3, due_at = $4, updated_at = $5
            WHERE id = $1 AND worker = $2
            RETURNING id
            """,
            turn.id,
            worker,
            turn.attempts,
            due,
            turn.updated_at,
        )
        if not held:
            raise LeaseLostError

    async def finish(self, turn: Turn, *, worker: str) -> None:
        # Shares first: what is said next goes into the log of the conversation.
        held = await self._session.write(
            """
            WITH w AS MATERIALIZED (
                SELECT w.id FROM turns t
                JOIN conversations c ON c.id = t.conversation_id
                JOIN workspaces w ON w.id = c.workspace_id
                WHERE t.id = $1
                FOR KEY SHARE OF w
            ), c AS MATERIALIZED (
                SELECT id FROM conversations
                WHERE id = (SELECT conversation_id FROM turns WHERE id = $1)
                    AND workspace_id = (SELECT id FROM w)
                FOR KEY SHARE
            )
            UPDATE turns t
            SET status = $4, worker = NULL, error_code = $5, error_message = $6, updated_at = $7
            FROM c
            WHERE t.id = $1 AND t.conversation_id = c.id AND t.worker = $2 AND t.attempts = $3
            RETURNING t.id
            """,
            turn.id,
            worker,
            turn.attempts,
            turn.status.value,
            turn.error.code if turn.error else None,
            turn.error.message if turn.error else None,
            turn.updated_at,
        )
        if not held:
            raise LeaseLostError
