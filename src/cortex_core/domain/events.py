"""What happened in a conversation, in order, and what is said in passing."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

import msgspec

from cortex_core.domain.ids import ConversationId, MessageId, TurnId, UserId
from cortex_core.domain.models import Actor, Message, TurnError


class EventData(msgspec.Struct, frozen=True, kw_only=True):
    """What an event of one type carries; `type` is its public name."""

    type: ClassVar[str]


class MessageCreated(EventData, frozen=True, kw_only=True):
    """A message was accepted; only `MessageRepository` writes this event."""

    type: ClassVar[str] = "message.created"
    message: Message


class TurnStarted(EventData, frozen=True, kw_only=True):
    """An answer to a message was begun; `attempt` counts from 1."""

    type: ClassVar[str] = "turn.started"
    turn_id: TurnId
    message_id: MessageId
    attempt: int


class TurnCompleted(EventData, frozen=True, kw_only=True):
    """An answer is complete and stored as `answer_id`."""

    type: ClassVar[str] = "turn.completed"
    turn_id: TurnId
    message_id: MessageId
    answer_id: MessageId


class TurnFailed(EventData, frozen=True, kw_only=True):
    """No answer will come."""

    type: ClassVar[str] = "turn.failed"
    turn_id: TurnId
    message_id: MessageId
    error: TurnError


class ConversationUpdated(EventData, frozen=True, kw_only=True):
    """Topic or metadata changed; `version` is the new one."""

    type: ClassVar[str] = "conversation.updated"
    topic: str
    metadata: dict[str, object]
    version: int


class ParticipantAdded(EventData, frozen=True, kw_only=True):
    """A user was added to the conversation by name."""

    type: ClassVar[str] = "participant.added"
    user_id: UserId


class ParticipantRemoved(EventData, frozen=True, kw_only=True):
    """A user who had been added by name was removed."""

    type: ClassVar[str] = "participant.removed"
    user_id: UserId


Loggable = (
    TurnStarted
    | TurnCompleted
    | TurnFailed
    | ConversationUpdated
    | ParticipantAdded
    | ParticipantRemoved
)
Logged = MessageCreated | Loggable

LOGGABLE: Final[dict[str, type[Loggable]]] = {
    data.type: data
    for data in (
        TurnStarted,
        TurnCompleted,
        TurnFailed,
        ConversationUpdated,
        ParticipantAdded,
        ParticipantRemoved,
    )
}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something to append to a conversation's log, and the correlation id of what led to it."""

    conversation_id: ConversationId
    at: datetime
    actor: Actor
    data: Loggable
    correlation_id: str = ""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event in its place: *seq* counts from 1 in each conversation, without a gap."""

    conversation_id: ConversationId
    seq: int
    at: datetime
    actor: Actor
    data: Logged
    correlation_id: str = ""


class TurnDelta(msgspec.Struct, frozen=True, kw_only=True):
    """Passing: a piece of an answer under way, told live and never logged.

    *index* counts the pieces of this attempt from 0, so that a listener notices a loss.
    """

    type: ClassVar[str] = "turn.delta"
    conversation_id: ConversationId
    turn_id: TurnId
    attempt: int
    index: int
    text: str


class Bell(msgspec.Struct, frozen=True, kw_only=True):
    """The doorbell: the conversation's log has grown to *seq* at least, in the trace *traceparent*.

    It is written as W3C Trace Context does, and may be empty.
    """

    conversation_id: ConversationId
    seq: int
    traceparent: str = ""


Passing = TurnDelta
Signal = Bell | Passing
