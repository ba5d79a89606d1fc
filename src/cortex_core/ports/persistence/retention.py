"""What is kept no longer than somebody has decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from cortex_core.domain.ids import ConversationId


class Horizon(msgspec.Struct, frozen=True, kw_only=True):
    """How far back is kept: what is from before goes. None keeps it for ever."""

    messages: datetime | None = None
    events: datetime | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at some conversations has found.

    *due* are those in which something is from before; *last* is the last that was looked at, and
    None where there are no more.
    """

    due: Sequence[ConversationId]
    last: ConversationId | None


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What is gone: messages, other events, and *places* from the beginning of the log."""

    messages: int = 0
    events: int = 0
    places: int = 0

    def __bool__(self) -> bool:
        return bool(self.messages or self.events or self.places)


class RetentionRepository(Protocol):
    """Takes away what is old, from the beginning of each conversation.

    The places of what remains stay as they are. A log begins after the last place that was taken
    from it, so that it has no gap; messages stand in their conversation for as long as they are
    kept, before that place too.
    """

    async def look(self, after: ConversationId | None, horizon: Horizon, *, limit: int) -> Look:
        """Look at *limit* conversations after the one with the id *after*, by id."""
        ...

    async def prune(
        self, conversation_id: ConversationId, horizon: Horizon, *, limit: int
    ) -> Pruned:
        """Take away what is from before, of the oldest *limit* messages and events each.

        Turns go with the message that asked for them. Nothing is done where there is no such
        conversation, or where somebody else is changing it: nobody is waited for.
        """
        ...
