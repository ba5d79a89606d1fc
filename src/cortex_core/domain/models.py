"""What Cortex remembers. Values are frozen and valid from the moment they exist."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import force_setattr

from cortex_core.domain.errors import Fault, InvalidInputError
from cortex_core.domain.ids import ConversationId, MessageId, TurnId, UserId, WorkspaceId
from cortex_core.domain.metadata import normal_metadata
from cortex_core.domain.text import (
    CONTENT_LENGTH,
    DESCRIPTION_LENGTH,
    IDENTITY_LENGTH,
    NAME_LENGTH,
    TOPIC_LENGTH,
    USER_NAME_LENGTH,
    text_faults,
)


class UserStatus(StrEnum):
    """Whether a user may do anything at all."""

    ACTIVE = "active"
    DISABLED = "disabled"


class Role(StrEnum):
    """What a member may do in a workspace; each role includes the ones after it."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class ActorKind(StrEnum):
    """Who did something: a person, a program with its own identity, or the assistant."""

    USER = "user"
    MACHINE = "machine"
    ASSISTANT = "assistant"


class MessageRole(StrEnum):
    """The part a message plays in a conversation."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class TurnStatus(StrEnum):
    """How far an answer is."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Entity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The shape that everything stored shares."""


class Actor(Entity, frozen=True, kw_only=True):
    """Who did something; the assistant has no user id."""

    kind: ActorKind
    id: UserId | None = None


ASSISTANT = Actor(kind=ActorKind.ASSISTANT)


class User(Entity, frozen=True, kw_only=True):
    """A person or program that has signed in; (issuer, subject) is its identity key."""

    id: UserId
    issuer: str
    subject: str
    name: str = ""
    email: str | None = None
    email_verified: bool = False
    status: UserStatus = UserStatus.ACTIVE
    metadata: dict[str, object] = {}
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        _valid(
            self,
            text_faults("/issuer", self.issuer, least=1, most=IDENTITY_LENGTH),
            text_faults("/subject", self.subject, least=1, most=IDENTITY_LENGTH),
            text_faults("/name", self.name, least=0, most=USER_NAME_LENGTH),
            text_faults("/email", self.email or "", least=0, most=IDENTITY_LENGTH),
        )


class Workspace(Entity, frozen=True, kw_only=True):
    """A place for conversations; its name is unique among those of each owner."""

    id: WorkspaceId
    name: str
    description: str = ""
    metadata: dict[str, object] = {}
    version: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        _valid(
            self,
            text_faults("/name", self.name, least=1, most=NAME_LENGTH),
            text_faults("/description", self.description, least=0, most=DESCRIPTION_LENGTH),
        )


class Membership(Entity, frozen=True, kw_only=True):
    """What a user is in a workspace."""

    workspace_id: WorkspaceId
    user_id: UserId
    role: Role


class Conversation(Entity, frozen=True, kw_only=True):
    """A thread of messages; `last_seq` is the place of its newest event, 0 for none."""

    id: ConversationId
    workspace_id: WorkspaceId
    topic: str
    metadata: dict[str, object] = {}
    last_seq: int = 0
    version: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        _valid(self, text_faults("/topic", self.topic, least=1, most=TOPIC_LENGTH))


class Participant(Entity, frozen=True, kw_only=True):
    """A user who was added to a conversation by name."""

    conversation_id: ConversationId
    user_id: UserId


class Message(Entity, frozen=True, kw_only=True):
    """Something said; immutable once it has its place (`seq`, 0 before that)."""

    id: MessageId
    conversation_id: ConversationId
    author: Actor
    role: MessageRole
    content: str
    in_reply_to: MessageId | None = None
    metadata: dict[str, object] = {}
    seq: int = 0
    created_at: datetime

    def __post_init__(self) -> None:
        _valid(self, text_faults("/content", self.content, least=1, most=CONTENT_LENGTH))


class TurnError(Entity, frozen=True, kw_only=True):
    """Why a turn failed: a code of the catalogue, and a sentence for people."""

    code: str
    message: str


class Turn(Entity, frozen=True, kw_only=True):
    """One answer that a message asked for; `attempts` counts how often it was begun.

    correlation_id, traceparent: of the request that asked for it (W3C Trace Context); may be empty.
    """

    id: TurnId
    conversation_id: ConversationId
    message_id: MessageId
    status: TurnStatus = TurnStatus.QUEUED
    attempts: int = 0
    error: TurnError | None = None
    created_at: datetime
    updated_at: datetime
    correlation_id: str = ""
    traceparent: str = ""


class Backlog(Entity, frozen=True, kw_only=True):
    """The turns that are not at their end yet and are in one state: how many, and since when."""

    status: TurnStatus
    count: int
    oldest: datetime


_Described = User | Workspace | Conversation | Message


def _valid(entity: _Described, *checks: Iterable[Fault]) -> None:
    """Raise every fault of *entity* at once; bring its metadata into normal form."""
    faults = [fault for check in checks for fault in check]
    if entity.metadata:
        try:
            force_setattr(entity, "metadata", normal_metadata(entity.metadata))
        except InvalidInputError as error:
            faults.extend(error.faults)
    if faults:
        raise InvalidInputError(*faults)
