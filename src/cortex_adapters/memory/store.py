"""A store in memory: one writer at a time, readers beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from cortex_adapters.memory.repositories.conversations import MemoryConversations
from cortex_adapters.memory.repositories.events import MemoryEvents
from cortex_adapters.memory.repositories.links import MemoryLinks
from cortex_adapters.memory.repositories.messages import MemoryMessages
from cortex_adapters.memory.repositories.registry import MemoryRegistry
from cortex_adapters.memory.repositories.replays import MemoryReplays
from cortex_adapters.memory.repositories.retention import MemoryRetention
from cortex_adapters.memory.repositories.revocations import MemoryRevocations
from cortex_adapters.memory.repositories.search import MemorySearch
from cortex_adapters.memory.repositories.sessions import MemorySessions
from cortex_adapters.memory.repositories.turns import MemoryTurns
from cortex_adapters.memory.repositories.users import MemoryUsers
from cortex_adapters.memory.repositories.workspaces import MemoryWorkspaces
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.ids import UserId


@dataclass(frozen=True, slots=True)
class MemoryUnitOfWork:
    """Repositories over one draft."""

    users: MemoryUsers
    links: MemoryLinks
    workspaces: MemoryWorkspaces
    conversations: MemoryConversations
    messages: MemoryMessages
    search: MemorySearch
    turns: MemoryTurns
    events: MemoryEvents
    sessions: MemorySessions
    revocations: MemoryRevocations
    replays: MemoryReplays
    registry: MemoryRegistry
    retention: MemoryRetention


class MemoryStore:
    """Keeps everything in this process."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def begin(
        self,
        *,
        read_only: bool = False,
        single: bool = False,
        caller: UserId | None = None,  # noqa: ARG002 - nothing here can tell users apart
    ) -> AsyncIterator[MemoryUnitOfWork]:
        if read_only:
            with self._transaction(None, single=single) as work:
                yield work
            return
        async with self._writer:
            draft = self._tables.draft()
            with self._transaction(draft, single=single) as work:
                yield work
            self._tables = draft

    @contextmanager
    def _transaction(self, draft: Tables | None, *, single: bool) -> Iterator[MemoryUnitOfWork]:
        transaction = Transaction(lambda: self._tables, draft, single=single)
        try:
            yield MemoryUnitOfWork(
                users=MemoryUsers(transaction),
                links=MemoryLinks(transaction),
                workspaces=MemoryWorkspaces(transaction),
                conversations=MemoryConversations(transaction),
                messages=MemoryMessages(transaction),
                search=MemorySearch(transaction),
                turns=MemoryTurns(transaction),
                events=MemoryEvents(transaction),
                sessions=MemorySessions(transaction),
                revocations=MemoryRevocations(transaction),
                replays=MemoryReplays(transaction),
                registry=MemoryRegistry(transaction),
                retention=MemoryRetention(transaction),
            )
        finally:
            transaction.end()
