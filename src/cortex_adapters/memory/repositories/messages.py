"""Messages in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal

from msgspec.structs import replace

from cortex_adapters.memory.copies import copied
from cortex_adapters.memory.repositories.conversations import guests, role_in
from cortex_adapters.memory.repositories.events import next_place, record
from cortex_adapters.memory.tables import Lease, Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.events import MessageCreated, Recorded
from cortex_core.domain.ids import ConversationId, MessageId
from cortex_core.domain.models import Message, Role, Turn, UserStatus


class MemoryMessages:
    """Messages, each in its place in the conversation's log."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, message: Message, *, correlation_id: str = "") -> Message:
        return _add(self._transaction.writing(), message, correlation_id)

    async def post(
        self,
        message: Message,
        *,
        turn: Turn | None,
        roles: frozenset[Role],
        correlation_id: str = "",
    ) -> Message | None:
        tables = self._transaction.writing()
        if not _may_post(tables, message, roles):
            return None
        if turn is not None and turn.id in tables.turns:
            raise ConflictError
        placed = _add(tables, message, correlation_id)
        if turn is not None:
            tables.turns.put(turn.id, turn)
            tables.queue.put(turn.id, Lease(due=turn.created_at))
        return placed

    async def get(self, conversation_id: ConversationId, message_id: MessageId) -> Message:
        message = self._transaction.reading().messages.get(message_id)
        if message is None or message.conversation_id != conversation_id:
            raise NotFoundError
        return copied(message)

    async def in_conversation(
        self,
        conversation_id: ConversationId,
        *,
        after: int | None,
        limit: int,
        order: Literal["asc", "desc"] = "asc",
    ) -> Sequence[Message]:
        log = self._transaction.reading().logs.get(conversation_id) or ()
        found = _upwards(log, after) if order == "asc" else _downwards(log, after)
        messages = (
            event.data.message
            for event in found
            if event and isinstance(event.data, MessageCreated)
        )
        return [copied(message) for message in islice(messages, limit)]


def _upwards(log: Sequence[Recorded | None], after: int | None) -> Iterator[Recorded | None]:
    """Yield what stands beyond place *after*; place 1 is at index 0."""
    return (log[index] for index in range(max(after or 0, 0), len(log)))


def _downwards(log: Sequence[Recorded | None], after: int | None) -> Iterator[Recorded | None]:
    """Yield what stands before place *after*, newest first."""
    first = len(log) if after is None else min(after - 1, len(log))
    return (log[index] for index in range(first - 1, -1, -1))


def _may_post(tables: Tables, message: Message, roles: frozenset[Role]) -> bool:
    author = tables.users.get(message.author.id) if message.author.id else None
    conversation = tables.conversations.get(message.conversation_id)
    if author is None or conversation is None or author.status is not UserStatus.ACTIVE:
        return False
    return role_in(tables, author.id, conversation) in roles or author.id in guests(
        tables, conversation.id
    )


def _add(tables: Tables, message: Message, correlation_id: str) -> Message:
    if message.conversation_id not in tables.conversations:
        raise NotFoundError
    if message.id in tables.messages:
        raise ConflictError
    seq = next_place(tables, message.conversation_id, active_at=message.created_at)
    placed = replace(message, seq=seq)
    stored = copied(placed)
    tables.messages.put(message.id, stored)
    record(
        tables,
        Recorded(
            conversation_id=message.conversation_id,
            seq=seq,
            at=message.created_at,
            actor=message.author,
            data=MessageCreated(message=stored),
            correlation_id=correlation_id,
        ),
    )
    return placed
