"""Rules for messages, posts and the log."""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import rule
from hypothesis.strategies import SearchStrategy

from cortex_core.contract import make, strategies
from cortex_core.contract.agreement import vocabulary as some
from cortex_core.contract.agreement.engine import Agreement
from cortex_core.domain.events import (
    ConversationUpdated,
    Event,
    Loggable,
    ParticipantAdded,
    ParticipantRemoved,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from cortex_core.domain.ids import ConversationId, MessageId, TurnId, UserId
from cortex_core.domain.metadata import normal_metadata
from cortex_core.domain.models import (
    ASSISTANT,
    Actor,
    ActorKind,
    Message,
    MessageRole,
    Role,
    Turn,
    TurnError,
)

actors: SearchStrategy[Actor] = st.just(ASSISTANT) | st.builds(
    Actor, kind=st.sampled_from([ActorKind.USER, ActorKind.MACHINE]), id=some.any_user
)
happenings: SearchStrategy[Loggable] = st.one_of(
    st.builds(ParticipantAdded, user_id=some.any_user),
    st.builds(ParticipantRemoved, user_id=some.any_user),
    st.builds(
        ConversationUpdated,
        topic=strategies.text(),
        metadata=some.some_metadata.map(normal_metadata),
        version=st.integers(1, 2**63 - 1),
    ),
    st.builds(
        TurnStarted,
        turn_id=st.just(some.UNASKED),
        message_id=st.just(some.UNSAID),
        attempt=st.integers(1, 99),
    ),
    st.builds(
        TurnCompleted,
        turn_id=st.just(some.UNASKED),
        message_id=st.just(some.UNSAID),
        answer_id=st.just(some.UNSAID),
    ),
    st.builds(
        TurnFailed,
        turn_id=st.just(some.UNASKED),
        message_id=st.just(some.UNSAID),
        error=st.builds(TurnError, code=strategies.text(most=40), message=strategies.text()),
    ),
)


class MessageRules(Agreement):
    """Messages, posts, events."""

    @rule(
        target=some.messages,
        head=some.heads,
        conversation_id=some.any_conversation,
        author=actors,
        role=st.sampled_from(MessageRole),
        content=strategies.visible_text(most=1_000),
        metadata=some.some_metadata,
        at=some.moments,
    )
    def add_message(
        self,
        head: int,
        conversation_id: ConversationId,
        author: Actor,
        role: MessageRole,
        content: str,
        metadata: dict[str, object],
        at: datetime,
    ) -> some.Said:
        message = Message(
            id=MessageId(self.fresh_id(head)),
            conversation_id=conversation_id,
            author=author,
            role=role,
            content=content,
            metadata=metadata,
            created_at=at,
        )
        self.write(lambda work: work.messages.add(message))
        return conversation_id, message.id

    @rule(said=some.messages, author=actors)
    def add_message_again(self, said: some.Said, author: Actor) -> None:
        message = _message(*said, author, make.NOON)
        self.write(lambda work: work.messages.add(message))

    @rule(
        target=some.messages,
        head=some.heads,
        conversation_id=some.any_conversation,
        author=actors,
        roles=some.role_sets,
        at=some.moments,
    )
    def post(
        self,
        head: int,
        conversation_id: ConversationId,
        author: Actor,
        roles: frozenset[Role],
        at: datetime,
    ) -> some.Said:
        message = _message(conversation_id, MessageId(self.fresh_id(head)), author, at)
        self.write(lambda work: work.messages.post(message, turn=None, roles=roles))
        return conversation_id, message.id

    @rule(
        target=some.turns,
        head=some.heads,
        conversation_id=some.conversations,
        user_id=some.users,
        at=some.seconds.map(make.at),
    )
    def ask(
        self, head: int, conversation_id: ConversationId, user_id: UserId, at: datetime
    ) -> some.Asked:
        author = Actor(kind=ActorKind.USER, id=user_id)
        message = _message(conversation_id, MessageId(self.fresh_id(head)), author, at)
        turn = Turn(
            id=TurnId(self.fresh_id(head)),
            conversation_id=conversation_id,
            message_id=message.id,
            created_at=at,
            updated_at=at,
        )
        self.write(lambda work: work.messages.post(message, turn=turn, roles=frozenset(Role)))
        return conversation_id, message.id, turn.id

    @rule(said=some.messages, author=actors, roles=some.role_sets)
    def post_again(self, said: some.Said, author: Actor, roles: frozenset[Role]) -> None:
        message = _message(*said, author, make.NOON)
        self.write(lambda work: work.messages.post(message, turn=None, roles=roles))

    @rule(conversation_id=some.any_conversation, actor=actors, data=happenings, at=some.moments)
    def append(
        self, conversation_id: ConversationId, actor: Actor, data: Loggable, at: datetime
    ) -> None:
        event = Event(conversation_id=conversation_id, at=at, actor=actor, data=data)
        self.write(lambda work: work.events.append(event))


def _message(
    conversation_id: ConversationId, message_id: MessageId, author: Actor, at: datetime
) -> Message:
    return Message(
        id=message_id,
        conversation_id=conversation_id,
        author=author,
        role=MessageRole.USER,
        content="Hello.",
        created_at=at,
    )
