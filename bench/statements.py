"""How many statements each use case sends to PostgreSQL, BEGIN and COMMIT included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_core import Cortex, Principal
from cortex_core.domain.commands import (
    ChangeConversation,
    CreateWorkspace,
    PostMessage,
    StartConversation,
)
from cortex_core.domain.paging import PageRequest
from cortex_core.domain.policy import PERMISSIONS

T = TypeVar("T")

ADA: Final = Principal(
    kind="user", issuer="https://bench.local/", subject="ada", permissions=PERMISSIONS
)


async def count_statements(conninfo: str) -> Mapping[str, int]:
    """Return the statements per use case of a caller who is known already."""
    counts: dict[str, int] = {}
    async with open_store(conninfo) as store:
        counted = _Counter(store, counts)
        cortex = Cortex(ports_around(store))
        await cortex.users.me(ADA)
        await counted("GET /v1/me", lambda: cortex.users.me(ADA))
        workspace = await counted(
            "POST workspaces",
            lambda: cortex.workspaces.create(ADA, CreateWorkspace(name="Bench")),
        )
        talk = await counted(
            "POST conversations",
            lambda: cortex.conversations.start(ADA, workspace.id, StartConversation(topic="t")),
        )
        hello = PostMessage(content="hello")
        await counted("POST messages", lambda: cortex.exchange.post(ADA, talk.id, hello))
        asking = PostMessage(content="hello", respond=True)
        await counted("POST messages, respond", lambda: cortex.exchange.post(ADA, talk.id, asking))
        page = PageRequest()
        await counted("GET messages", lambda: cortex.exchange.page(ADA, talk.id, page))
        await counted("GET conversations", lambda: cortex.conversations.mine(ADA, page))
        change = ChangeConversation(topic="u")
        await counted(
            "PATCH conversation", lambda: cortex.conversations.change(ADA, talk.id, change)
        )
    return counts


class _Counter:
    def __init__(self, store: PostgresStore, counts: dict[str, int]) -> None:
        self._store = store
        self._counts = counts

    async def __call__(self, name: str, use_case: Callable[[], Awaitable[T]]) -> T:
        before = self._store.statements
        result = await use_case()
        self._counts[name] = self._store.statements - before
        return result
