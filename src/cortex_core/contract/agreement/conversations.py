"""Rules for conversations and participants."""

from __future__ import annotations

from datetime import datetime

from hypothesis.stateful import rule

from cortex_core.contract import strategies
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Conversation, Participant


class ConversationRules(Agreement):
    """Conversations, participants."""

    @rule(
        target=some.conversations,
        head=some.heads,
        workspace_id=some.any_workspace,
        topic=strategies.visible_text(most=200),
        metadata=some.some_metadata,
        at=some.moments,
    )
    def add_conversation(
        self,
        head: int,
        workspace_id: WorkspaceId,
        topic: str,
        metadata: dict[str, object],
        at: datetime,
    ) -> ConversationId:
        fresh = ConversationId(self.fresh_id(head))
        conversation = _conversation(fresh, workspace_id, topic, metadata, 1, at)
        self.write(lambda work: work.conversations.add(conversation))
        return fresh

    @rule(
        conversation_id=some.any_conversation,
        topic=strategies.visible_text(most=200),
        metadata=some.some_metadata,
        version=some.versions,
        at=some.moments,
    )
    def update_conversation(
        self,
        conversation_id: ConversationId,
        topic: str,
        metadata: dict[str, object],
        version: int | None,
        at: datetime,
    ) -> None:
        if version is None:
            stored = self.read(lambda work: work.conversations.get(conversation_id))
            version = stored.version if isinstance(stored, Conversation) else 1
        changed = _conversation(conversation_id, some.NOWHERE, topic, metadata, version + 1, at)
        self.write(lambda work: work.conversations.update(changed, version=version))

    @rule(conversation_id=some.any_conversation, version=some.last_versions)
    def delete_conversation(self, conversation_id: ConversationId, version: int | None) -> None:
        self.write(lambda work: work.conversations.delete(conversation_id, version=version))

    @rule(conversation_id=some.any_conversation, user_id=some.any_user)
    def add_participant(self, conversation_id: ConversationId, user_id: UserId) -> None:
        guest = Participant(conversation_id=conversation_id, user_id=user_id)
        self.write(lambda work: work.conversations.add_participant(guest))

    @rule(conversation_id=some.any_conversation, user_id=some.any_user)
    def remove_participant(self, conversation_id: ConversationId, user_id: UserId) -> None:
        guest = Participant(conversation_id=conversation_id, user_id=user_id)
        self.write(lambda work: work.conversations.remove_participant(guest))


def _conversation(
    conversation_id: ConversationId,
    workspace_id: WorkspaceId,
    topic: str,
    metadata: dict[str, object],
    version: int,
    at: datetime,
) -> Conversation:
    return Conversation(
        id=conversation_id,
        workspace_id=workspace_id,
        topic=topic,
        metadata=metadata,
        version=version,
        created_at=at,
        updated_at=at,
    )
