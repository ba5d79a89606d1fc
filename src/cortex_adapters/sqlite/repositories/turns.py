"""Turns in SQLite: a queue with leases."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from cortex_adapters.sqlite.connections import Row
from cortex_adapters.sqlite.repositories.rows import changes, many, one, to_micros, to_time
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import LeaseLostError, NotFoundError
from cortex_core.domain.ids import TurnId
from cortex_core.domain.models import Backlog, Turn, TurnError, TurnStatus


class SqliteTurns:
    """Answers under way."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, turn_id: TurnId) -> Turn:
        turn = await self._transaction.read(
            one(
                """
                SELECT id, conversation_id, message_id, status, attempts, error_code, error_message,
                    created_at, updated_at, correlation_id, traceparent
                FROM turns
                WHERE id = ?
                """,
                (turn_id,),
                _to_turn,
            )
        )
        if turn is None:
            raise NotFoundError
        return turn

    async def backlog(self) -> Sequence[Backlog]:
        return await self._transaction.read(
            many(
                """
                SELECT status, count(*), min(created_at) FROM turns INDEXED BY turns_due
                WHERE due_at IS NOT NULL
                GROUP BY status
                """,
                (),
                lambda row: Backlog(
                    status=TurnStatus(row[0]), count=row[1], oldest=to_time(row[2])
                ),
            )
        )

    async def lease(
        self, *, worker: str, now: datetime, until: datetime, limit: int
    ) -> Sequence[Turn]:
        def work(connection: sqlite3.Connection) -> list[Turn]:
            # Not one statement: RETURNING gives the rows in no order.
            due = connection.execute(
                "SELECT id FROM turns WHERE due_at <= ? ORDER BY due_at, id LIMIT ?",
                (to_micros(now), limit),
            ).fetchall()
            return [_take(connection, turn_id, worker, now, until) for (turn_id,) in due]

        return await self._transaction.write(work)

    async def renew(self, turn: Turn, *, worker: str, until: datetime) -> None:
        renewed = await self._transaction.write(
            changes(
                """
                UPDATE turns
                SET due_at = ?
                WHERE id = ? AND status = 'running' AND worker = ? AND attempts = ?
                """,
                (to_micros(until), turn.id, worker, turn.attempts),
            )
        )
        if not renewed:
            raise LeaseLostError

    async def release(self, turn: Turn, *, worker: str, due: datetime) -> None:
        released = await self._transaction.write(
            changes(
                """
                UPDATE turns
                SET status = 'queued', worker = NULL, attempts = ?, due_at = ?, updated_at = ?
                WHERE id = ? AND status = 'running' AND worker = ?
                """,
                (turn.attempts, to_micros(due), to_micros(turn.updated_at), turn.id, worker),
            )
        )
        if not released:
            raise LeaseLostError

    async def finish(self, turn: Turn, *, worker: str) -> None:
        finished = await self._transaction.write(
            changes(
                """
                UPDATE turns
                SET status = ?, worker = NULL, due_at = NULL, error_code = ?, error_message = ?,
                    updated_at = ?
                WHERE id = ? AND status = 'running' AND worker = ? AND attempts = ?
                """,
                (
                    turn.status.value,
                    turn.error.code if turn.error else None,
                    turn.error.message if turn.error else None,
                    to_micros(turn.updated_at),
                    turn.id,
                    worker,
                    turn.attempts,
                ),
            )
        )
        if not finished:
            raise LeaseLostError


def _take(
    connection: sqlite3.Connection, turn_id: TurnId, worker: str, now: datetime, until: datetime
) -> Turn:
    row = connection.execute(
        """
        UPDATE turns
        SET status = 'running', attempts = attempts + 1, worker = ?, due_at = ?, updated_at = ?
        WHERE id = ?
        RETURNING id, conversation_id, message_id, status, attempts, error_code, error_message,
            created_at, updated_at, correlation_id, traceparent
        """,
        (worker, to_micros(until), to_micros(now), turn_id),
    ).fetchone()
    return _to_turn(row)


def _to_turn(row: Row) -> Turn:
    return Turn(
        id=row[0],
        conversation_id=row[1],
        message_id=row[2],
        status=TurnStatus(row[3]),
        attempts=row[4],
        error=None if row[5] is None else TurnError(code=row[5], message=row[6]),
        created_at=to_time(row[7]),
        updated_at=to_time(row[8]),
        correlation_id=row[9] or "",
        traceparent=row[10] or "",
    )
