"""The log of each conversation in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from cortex_adapters.memory.copies import copied_data, copied_event
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.events import Event, Recorded
from cortex_core.domain.ids import ConversationId


class MemoryEvents:
    """The log of each conversation."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def append(self, event: Event) -> Recorded:
        tables = self._transaction.writing()
        recorded = Recorded(
            conversation_id=event.conversation_id,
            seq=next_place(tables, event.conversation_id),
            at=event.at,
            actor=event.actor,
            data=copied_data(event.data),
            correlation_id=event.correlation_id,
        )
        record(tables, recorded)
        return copied_event(recorded)

    async def since(
        self, conversation_id: ConversationId, *, seq: int, limit: int
    ) -> Sequence[Recorded]:
        tables = self._transaction.reading()
        log = tables.logs.get(conversation_id) or ()
        begin = max(seq, first_place(tables, conversation_id) - 1)
        return [copied_event(recorded) for recorded in log[begin : begin + limit] if recorded]

    async def first(self, conversation_id: ConversationId) -> int:
        return first_place(self._transaction.reading(), conversation_id)


def first_place(tables: Tables, conversation_id: ConversationId) -> int:
    """Return the place at which a log begins."""
    return tables.firsts.get(conversation_id) or 1


def next_place(
    tables: Tables, conversation_id: ConversationId, *, active_at: datetime | None = None
) -> int:
    """Take the next place in a conversation's log, marking activity where there is some.

    Raises:
        NotFoundError: There is no such conversation.
    """
    conversation = tables.conversations.get(conversation_id)
    if conversation is None:
        raise NotFoundError
    seq = conversation.last_seq + 1
    updated_at = max(conversation.updated_at, active_at or conversation.updated_at)
    tables.conversations.put(
        conversation_id, replace(conversation, last_seq=seq, updated_at=updated_at)
    )
    return seq


def record(tables: Tables, recorded: Recorded) -> None:
    """Write down what happened, in its place."""
    log = tables.logs.get(recorded.conversation_id) or ()
    tables.logs.put(recorded.conversation_id, (*log, recorded))
