"""Conversations, and those who were added to them by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation, Participant
from cortex_core.domain.policy import ConversationAccess

Activity = tuple[datetime, ConversationId]


class ConversationRepository(Protocol):
    """Conversations and those who were added to them by name."""

    async def add(self, conversation: Conversation) -> None:
        """Add a conversation.

        Raises:
            NotFoundError: There is no such workspace.
            ConflictError: The id is taken.
        """
        ...

    async def access(
        self, user_id: UserId, conversation_id: ConversationId, *, lock: bool = False
    ) -> ConversationAccess | None:
        """Return what the user is to the conversation, or None if there is no such user.

        With *lock*, other units that lock or change the conversation wait until this one ends,
        so that what was read may be changed. One statement, where the store knows statements.
        """
        ...

    async def get(self, conversation_id: ConversationId) -> Conversation:
        """Return a conversation, whoever asks."""
        ...

    async def visible(self, pairs: Sequence[tuple[UserId, ConversationId]]) -> Sequence[int | None]:
        """Return for each pair `last_seq` if the user may read the conversation, else None.

        Users who are disabled may not. One statement for up to 1 000 pairs.
        """
        ...

    async def in_workspace(
        self, workspace_id: WorkspaceId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        """Return a workspace's conversations by (updated_at, id), newest first."""
        ...

    async def of_user(
        self, user_id: UserId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        """Return all that the user may read, by (updated_at, id), newest first."""
        ...

    async def update(self, conversation: Conversation, *, version: int) -> None:
        """Store topic, metadata, version and updated_at of *conversation*.

        Raises:
            StaleVersionError: The stored version is not *version*.
        """
        ...

    async def delete(self, conversation_id: ConversationId, *, version: int | None) -> None:
        """Delete a conversation and all that is inside.

        Raises:
            StaleVersionError: *version* is given, and the stored one is another.
        """
        ...

    async def participants(
        self, conversation_id: ConversationId, *, after: UserId | None, limit: int
    ) -> Sequence[Participant]:
        """Return those who were added by name, by user id."""
        ...

    async def add_participant(self, participant: Participant) -> bool:
        """Add a user by name; False if that was done before.

        Raises:
            NotFoundError: There is no such user or conversation.
        """
        ...

    async def remove_participant(self, participant: Participant) -> None:
        """Remove a user who was added by name.

        Raises:
            NotFoundError: The user was not.
        """
        ...
