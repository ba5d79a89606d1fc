"""Finding messages by what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from cortex_core.domain.errors import CortexError
from cortex_core.domain.ids import ConversationId, MessageId
from cortex_core.domain.models import Actor, Entity, MessageRole
from cortex_core.domain.paging import Page, PageRequest, cut
from cortex_core.domain.policy import require_permission
from cortex_core.domain.search.query import Query, parse
from cortex_core.domain.search.snippets import SnippetPiece, snippet
from cortex_core.ports import Hit, Ports, Principal
from cortex_core.services.operation import operation
from cortex_core.services.places import SearchPosition, search_place
from cortex_core.services.reception import Reception

BATCH: Final = 20


class FoundMessage(Entity, frozen=True, kw_only=True):
    """A message that was found: where it is, and what of it shows why.

    The higher its *rank*, the better it fits; ranks of two queries say nothing of each other.
    """

    id: MessageId
    conversation_id: ConversationId
    author: Actor
    role: MessageRole
    seq: int
    created_at: datetime
    rank: int
    snippet: Sequence[SnippetPiece]


class Search:
    """What callers can find, and what makes it findable.

    Durations are in seconds: *period* between looks at whether there is anything to catch up with.
    """

    def __init__(self, ports: Ports, reception: Reception, *, period: float = 60.0) -> None:
        self._ports = ports
        self._reception = reception
        self._period = period

    async def find(self, principal: Principal, text: str, page: PageRequest) -> Page[FoundMessage]:
        """Return a page of the messages that the caller may read and *text* asks for, best first.

        Raises:
            InvalidInputError: *text* is too long, or names nothing to look for.
        """
        with operation(self._ports, "search.find"):
            require_permission(principal.permissions, "read:messages")
            query = parse(text)
            user_id = await self._reception.admit(principal)
            scope = f"search:{user_id}:{text}"
            after = search_place(scope, page)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                await self._reception.active(principal, work.users, user_id)
                found = await work.search.find(user_id, query, after=after, limit=page.limit + 1)
            hits = cut(scope, found, page.limit, _position)
            items = [await _shown(query, hit) for hit in hits.items]
            return Page(items=items, next_cursor=hits.next_cursor)

    async def keep_up(self) -> None:
        """Make findable what is not yet, until cancelled.

        That are messages of an earlier release, also while it runs beside this one, and what has
        been moved here. It takes half of a process's time at the most, and a lock for a moment.
        """
        loop = asyncio.get_running_loop()
        while True:
            with suppress(CortexError):
                begun = loop.time()
                while await self._catch_up():
                    await asyncio.sleep(loop.time() - begun)
                    begun = loop.time()
            await asyncio.sleep(self._period)

    async def _catch_up(self) -> int:
        with operation(self._ports, "search.catch_up"):
            async with self._ports.store.begin(single=True, caller=None) as work:
                return await work.search.catch_up(limit=BATCH)


def _position(hit: Hit) -> SearchPosition:
    return SearchPosition(hit.rank, hit.message.id)


async def _shown(query: Query, hit: Hit) -> FoundMessage:
    await asyncio.sleep(0)  # a page of the longest messages must not keep the others waiting
    message = hit.message
    return FoundMessage(
        id=message.id,
        conversation_id=message.conversation_id,
        author=message.author,
        role=message.role,
        seq=message.seq,
        created_at=message.created_at,
        rank=hit.rank,
        snippet=snippet(query, message.content),
    )
