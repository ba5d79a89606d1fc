"""What is old, and goes, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cortex_adapters.memory.repositories.events import first_place
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.events import MessageCreated, Recorded
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Horizon, Look, Pruned


class MemoryRetention:
    """Takes away what is old."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def look(self, after: ConversationId | None, horizon: Horizon, *, limit: int) -> Look:
        tables = self._transaction.reading()
        ids = sorted(each for each, _ in tables.conversations if each > (after or ""))[:limit]
        due = [each for each in ids if _is_due(tables, each, horizon)]
        return Look(due=due, last=ids[-1] if len(ids) == limit else None)

    async def prune(
        self, conversation_id: ConversationId, horizon: Horizon, *, limit: int
    ) -> Pruned:
        tables = self._transaction.writing()
        first = first_place(tables, conversation_id)
        messages, events = _parted(tables, conversation_id)
        spoken, happened = _parted(tables, conversation_id, first)
        old = _before(messages[:limit], horizon.messages)
        passed = _before([*spoken[:limit], *happened[:limit]], horizon.events)
        begin = max([first, *(each.seq + 1 for each in (*old, *passed))])
        ended = [each for each in events[:limit] if each.seq < begin]
        _forget(tables, conversation_id, [*old, *ended])
        if begin > first:
            tables.firsts.put(conversation_id, begin)
        return Pruned(messages=len(old), events=len(ended), places=begin - first)


def _is_due(tables: Tables, conversation_id: ConversationId, horizon: Horizon) -> bool:
    first = first_place(tables, conversation_id)
    messages, events = _parted(tables, conversation_id)
    spoken, _ = _parted(tables, conversation_id, first)
    return bool(
        _before(messages[:1], horizon.messages)
        or _before([*spoken[:1], *events[:1]], horizon.events)
        or [each for each in events[:1] if each.seq < first]
    )


def _parted(
    tables: Tables, conversation_id: ConversationId, first: int = 1
) -> tuple[Sequence[Recorded], Sequence[Recorded]]:
    """Return what is left from place *first* on: the messages, and what else happened."""
    log = (tables.logs.get(conversation_id) or ())[first - 1 :]
    there = [each for each in log if each is not None]
    messages = [each for each in there if isinstance(each.data, MessageCreated)]
    return messages, [each for each in there if not isinstance(each.data, MessageCreated)]


def _before(some: Sequence[Recorded], moment: datetime | None) -> Sequence[Recorded]:
    return [] if moment is None else [each for each in some if each.at < moment]


def _forget(tables: Tables, conversation_id: ConversationId, gone: Sequence[Recorded]) -> None:
    places = {each.seq for each in gone}
    log = tables.logs.get(conversation_id) or ()
    left = tuple(None if each and each.seq in places else each for each in log)
    tables.logs.put(conversation_id, left)
    messages = [each.data.message.id for each in gone if isinstance(each.data, MessageCreated)]
    for message_id in messages:
        tables.messages.drop(message_id)
    for turn_id, turn in list(tables.turns):
        if turn.message_id in messages:
            tables.turns.drop(turn_id)
            tables.queue.drop(turn_id)
