"""Turns in memory: a queue with leases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from cortex_adapters.memory.tables import Lease, Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import LeaseLostError, NotFoundError
from cortex_core.domain.ids import TurnId
from cortex_core.domain.models import Backlog, Turn, TurnStatus


class MemoryTurns:
    """Answers under way."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def get(self, turn_id: TurnId) -> Turn:
        return _stored(self._transaction.reading(), turn_id)

    async def backlog(self) -> Sequence[Backlog]:
        tables = self._transaction.reading()
        open_turns = [_stored(tables, turn_id) for turn_id, _ in tables.queue]
        found = []
        for status in (TurnStatus.QUEUED, TurnStatus.RUNNING):
            since = [turn.created_at for turn in open_turns if turn.status is status]
            if since:
                found.append(Backlog(status=status, count=len(since), oldest=min(since)))
        return found

    async def lease(
        self, *, worker: str, now: datetime, until: datetime, limit: int
    ) -> Sequence[Turn]:
        tables = self._transaction.writing()
        due = sorted((lease.due, turn_id) for turn_id, lease in tables.queue if lease.due <= now)
        taken = []
        for _, turn_id in due[:limit]:
            stored = _stored(tables, turn_id)
            turn = replace(
                stored, status=TurnStatus.RUNNING, attempts=stored.attempts + 1, updated_at=now
            )
            tables.turns.put(turn_id, turn)
            tables.queue.put(turn_id, Lease(due=until, worker=worker))
            taken.append(turn)
        return taken

    async def renew(self, turn: Turn, *, worker: str, until: datetime) -> None:
        tables = self._transaction.writing()
        _held(tables, turn.id, worker, attempts=turn.attempts)
        tables.queue.put(turn.id, Lease(due=until, worker=worker))

    async def release(self, turn: Turn, *, worker: str, due: datetime) -> None:
        tables = self._transaction.writing()
        stored = _held(tables, turn.id, worker)
        queued = replace(
            stored,
            status=TurnStatus.QUEUED,
            attempts=turn.attempts,
            updated_at=turn.updated_at,
        )
        tables.turns.put(turn.id, queued)
        tables.queue.put(turn.id, Lease(due=due))

    async def finish(self, turn: Turn, *, worker: str) -> None:
        tables = self._transaction.writing()
        stored = _held(tables, turn.id, worker, attempts=turn.attempts)
        finished = replace(stored, status=turn.status, error=turn.error, updated_at=turn.updated_at)
        tables.turns.put(turn.id, finished)
        tables.queue.drop(turn.id)


def _stored(tables: Tables, turn_id: TurnId) -> Turn:
    turn = tables.turns.get(turn_id)
    if turn is None:
        raise NotFoundError
    return turn


def _held(tables: Tables, turn_id: TurnId, worker: str, *, attempts: int | None = None) -> Turn:
    """Return the turn if *worker* holds it, at *attempts* where that is given."""
    lease, turn = tables.queue.get(turn_id), tables.turns.get(turn_id)
    if lease is None or turn is None or lease.worker != worker:
        raise LeaseLostError
    if attempts is not None and attempts != turn.attempts:
        raise LeaseLostError
    return turn
