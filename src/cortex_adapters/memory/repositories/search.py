"""Messages by what they say, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cortex_adapters.memory.copies import copied
from cortex_adapters.memory.repositories.conversations import guests, role_in
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import Message
from cortex_core.domain.search.query import Query
from cortex_core.domain.search.words import findable
from cortex_core.ports import Hit, SearchPlace


class MemorySearch:
    """Reads every message anew for each query."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def find(
        self, user_id: UserId, query: Query, *, after: SearchPlace | None, limit: int
    ) -> Sequence[Hit]:
        tables = self._transaction.reading()
        found = [
            (query.rank(text), message.id, message)
            for message in _readable(tables, user_id)
            if query.finds(text := findable(message.content))
        ]
        found.sort(key=lambda hit: hit[:2], reverse=True)
        beyond = [hit for hit in found if after is None or hit[:2] < after]
        return [Hit(message=copied(message), rank=rank) for rank, _, message in beyond[:limit]]

    async def catch_up(self, *, limit: int) -> int:  # noqa: ARG002 - the port's
        self._transaction.writing()
        return 0


def _readable(tables: Tables, user_id: UserId) -> Iterator[Message]:
    for _, message in tables.messages:
        conversation = tables.conversations.get(message.conversation_id)
        if conversation is not None and (
            role_in(tables, user_id, conversation) is not None
            or user_id in guests(tables, conversation.id)
        ):
            yield message
