"""Conversations and their participants in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cortex_adapters.memory.copies import copied
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import ConflictError, NotFoundError, StaleVersionError
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation, Participant, Role, UserStatus
from cortex_core.domain.policy import ConversationAccess
from cortex_core.ports import Activity


class MemoryConversations:
    """Conversations and those who were added to them by name."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, conversation: Conversation) -> None:
        tables = self._transaction.writing()
        if conversation.workspace_id not in tables.workspaces:
            raise NotFoundError
        if conversation.id in tables.conversations:
            raise ConflictError
        tables.conversations.put(conversation.id, copied(conversation))

    async def access(
        self, user_id: UserId, conversation_id: ConversationId, *, lock: bool = False
    ) -> ConversationAccess | None:
        tables = self._transaction.writing() if lock else self._transaction.reading()
        user = tables.users.get(user_id)
        if user is None:
            return None
        conversation = tables.conversations.get(conversation_id)
        if conversation is None:
            return ConversationAccess(user=user, conversation=None, role=None, participant=False)
        return ConversationAccess(
            user=copied(user),
            conversation=copied(conversation),
            role=role_in(tables, user_id, conversation),
            participant=user_id in guests(tables, conversation_id),
        )

    async def get(self, conversation_id: ConversationId) -> Conversation:
        return copied(_stored(self._transaction.reading(), conversation_id))

    async def visible(self, pairs: Sequence[tuple[UserId, ConversationId]]) -> Sequence[int | None]:
        tables = self._transaction.reading()
        return [_visible_seq(tables, *pair) for pair in pairs]

    async def in_workspace(
        self, workspace_id: WorkspaceId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        tables = self._transaction.reading()
        found = (row for _, row in tables.conversations if row.workspace_id == workspace_id)
        return _newest(found, after, limit)

    async def of_user(
        self, user_id: UserId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        tables = self._transaction.reading()
        found = (row for _, row in tables.conversations if _takes_part(tables, user_id, row))
        return _newest(found, after, limit)

    async def update(self, conversation: Conversation, *, version: int) -> None:
        tables = self._transaction.writing()
        stored = _stored(tables, conversation.id, version)
        changed = replace(
            stored,
            topic=conversation.topic,
            metadata=conversation.metadata,
            version=conversation.version,
            updated_at=conversation.updated_at,
        )
        tables.conversations.put(stored.id, copied(changed))

    async def delete(self, conversation_id: ConversationId, *, version: int | None) -> None:
        tables = self._transaction.writing()
        _stored(tables, conversation_id, version)
        drop_conversation(tables, conversation_id)

    async def participants(
        self, conversation_id: ConversationId, *, after: UserId | None, limit: int
    ) -> Sequence[Participant]:
        named = guests(self._transaction.reading(), conversation_id)
        found = sorted(user_id for user_id in named if after is None or user_id > after)
        return [
            Participant(conversation_id=conversation_id, user_id=user_id)
            for user_id in found[:limit]
        ]

    async def add_participant(self, participant: Participant) -> bool:
        tables = self._transaction.writing()
        _stored(tables, participant.conversation_id)
        if participant.user_id not in tables.users:
            raise NotFoundError
        named = guests(tables, participant.conversation_id)
        tables.participants.put(participant.conversation_id, named | {participant.user_id})
        return participant.user_id not in named

    async def remove_participant(self, participant: Participant) -> None:
        tables = self._transaction.writing()
        named = guests(tables, participant.conversation_id)
        if participant.user_id not in named:
            raise NotFoundError
        tables.participants.put(participant.conversation_id, named - {participant.user_id})


def drop_conversation(tables: Tables, conversation_id: ConversationId) -> None:
    """Remove a conversation and all that is inside."""
    for message_id, message in list(tables.messages):
        if message.conversation_id == conversation_id:
            tables.messages.drop(message_id)
    for turn_id, turn in list(tables.turns):
        if turn.conversation_id == conversation_id:
            tables.turns.drop(turn_id)
            tables.queue.drop(turn_id)
    tables.logs.drop(conversation_id)
    tables.firsts.drop(conversation_id)
    tables.participants.drop(conversation_id)
    tables.conversations.drop(conversation_id)


def role_in(tables: Tables, user_id: UserId, conversation: Conversation) -> Role | None:
    """Return the user's role in the conversation's workspace."""
    return (tables.members.get(conversation.workspace_id) or {}).get(user_id)


def guests(tables: Tables, conversation_id: ConversationId) -> frozenset[UserId]:
    """Return those who were added by name."""
    return tables.participants.get(conversation_id) or frozenset()


def _takes_part(tables: Tables, user_id: UserId, conversation: Conversation) -> bool:
    return role_in(tables, user_id, conversation) is not None or user_id in guests(
        tables, conversation.id
    )


def _visible_seq(tables: Tables, user_id: UserId, conversation_id: ConversationId) -> int | None:
    user = tables.users.get(user_id)
    conversation = tables.conversations.get(conversation_id)
    if user is None or conversation is None or user.status is not UserStatus.ACTIVE:
        return None
    return conversation.last_seq if _takes_part(tables, user_id, conversation) else None


def _newest(
    found: Iterable[Conversation], after: Activity | None, limit: int
) -> Sequence[Conversation]:
    ahead = [row for row in found if after is None or _activity(row) < after]
    ahead.sort(key=_activity, reverse=True)
    return [copied(row) for row in ahead[:limit]]


def _activity(conversation: Conversation) -> Activity:
    return conversation.updated_at, conversation.id


def _stored(
    tables: Tables, conversation_id: ConversationId, version: int | None = None
) -> Conversation:
    stored = tables.conversations.get(conversation_id)
    if stored is None:
        raise NotFoundError
    if version is not None and stored.version != version:
        raise StaleVersionError
    return stored
