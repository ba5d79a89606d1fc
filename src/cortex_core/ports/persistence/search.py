"""Messages by what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from cortex_core.domain.ids import MessageId, UserId
from cortex_core.domain.models import Message
from cortex_core.domain.search.query import Query

SearchPlace = tuple[int, MessageId]
"""Where a hit stands among others: its rank, and the id of its message."""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was found, and how well the query fits it."""

    message: Message
    rank: int


class SearchRepository(Protocol):
    """Messages by what they say; what is posted can be found from its commit on."""

    async def find(
        self, user_id: UserId, query: Query, *, after: SearchPlace | None, limit: int
    ) -> Sequence[Hit]:
        """Return messages that `query.finds` and the user may read, best first.

        By (rank, id of the message), downwards; the rank is `query.rank`. Who may read a message
        is decided as for `conversations.visible`, except that users who are disabled are not told
        apart. One statement, where the store knows statements.
        """
        ...

    async def catch_up(self, *, limit: int) -> int:
        """Make up to *limit* messages findable that nobody has yet; return how many.

        Such were stored by an earlier release, or have been moved here. Any number of processes may
        do this at once.
        """
        ...
