"""Messages, each in its place in its conversation, and the log they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from cortex_core.domain.events import Event, Recorded
from cortex_core.domain.ids import ConversationId, MessageId
from cortex_core.domain.models import Message, Role, Turn


class MessageRepository(Protocol):
    """Messages, each in its place in the conversation's log."""

    async def add(self, message: Message, *, correlation_id: str = "") -> Message:
        """Store *message* with its `message.created` event; return it with its `seq`.

        *correlation_id* goes into the event. The conversation's `updated_at` becomes the
        message's `created_at`, unless it is later.

        Raises:
            NotFoundError: There is no such conversation.
            ConflictError: The id is taken.
        """
        ...

    async def post(
        self,
        message: Message,
        *,
        turn: Turn | None,
        roles: frozenset[Role],
        correlation_id: str = "",
    ) -> Message | None:
        """Do as `add` if the author may, and add *turn*; return None, changing nothing, if not.

        The author is the user in `message.author`: it may if it is active and has one of
        *roles* in the workspace, or was added to the conversation by name. One statement, where
        the store knows statements that can do this.
        """
        ...

    async def get(self, conversation_id: ConversationId, message_id: MessageId) -> Message:
        """Return a message of the conversation."""
        ...

    async def in_conversation(
        self,
        conversation_id: ConversationId,
        *,
        after: int | None,
        limit: int,
        order: Literal["asc", "desc"] = "asc",
    ) -> Sequence[Message]:
        """Return messages by `seq`, from beyond the place *after* in that order."""
        ...


class EventLog(Protocol):
    """The log of each conversation: what happened, in the order of the commits."""

    async def append(self, event: Event) -> Recorded:
        """Give *event* the next place in its conversation; no gaps, commit order.

        Raises:
            NotFoundError: There is no such conversation.
        """
        ...

    async def since(
        self, conversation_id: ConversationId, *, seq: int, limit: int
    ) -> Sequence[Recorded]:
        """Return the events after place *seq*, in order; nothing if there is no conversation.

        A log begins where `first` says, after what retention took: the first one that is
        returned may stand further on than the next place.
        """
        ...

    async def first(self, conversation_id: ConversationId) -> int:
        """Return the place at which the log begins: 1 unless retention took what was there."""
        ...
