"""Plain values for clauses and tests: valid, distinct, as short as the caller likes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from cortex_core.domain.events import Bell, Event, Loggable, ParticipantAdded, TurnDelta
from cortex_core.domain.ids import (
    ConversationId,
    MessageId,
    TurnId,
    UserId,
    Uuid7,
    WorkspaceId,
)
from cortex_core.domain.links import Link, LinkKind
from cortex_core.domain.models import (
    Actor,
    ActorKind,
    Conversation,
    Membership,
    Message,
    MessageRole,
    Participant,
    Role,
    Turn,
    User,
    UserStatus,
    Workspace,
)
from cortex_core.domain.sessions import Revocation, RevocationKind, Session
from cortex_core.ports import Principal, Prompt

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
ISSUER: Final = "https://issuer.example/"

new_id: Final = Uuid7()
_TURN: Final = TurnId(new_id())


def at(seconds: float) -> datetime:
    """Return the time that is *seconds* after noon."""
    return NOON + timedelta(seconds=seconds)


def user_id() -> UserId:
    return UserId(new_id())


def workspace_id() -> WorkspaceId:
    return WorkspaceId(new_id())


def conversation_id() -> ConversationId:
    return ConversationId(new_id())


def message_id() -> MessageId:
    return MessageId(new_id())


def turn_id() -> TurnId:
    return TurnId(new_id())


def user(
    *,
    issuer: str = ISSUER,
    subject: str | None = None,
    name: str = "Ada",
    email: str | None = None,
    email_verified: bool = False,
    status: UserStatus = UserStatus.ACTIVE,
    metadata: dict[str, object] | None = None,
    created_at: datetime = NOON,
    updated_at: datetime | None = None,
) -> User:
    return User(
        id=user_id(),
        issuer=issuer,
        subject=new_id() if subject is None else subject,
        name=name,
        email=email,
        email_verified=email_verified,
        status=status,
        metadata=metadata or {},
        created_at=created_at,
        updated_at=updated_at or created_at,
    )


def link(
    user: User,
    *,
    issuer: str = ISSUER,
    subject: str | None = None,
    kind: LinkKind = LinkKind.COMMAND,
    linked_by: str = "operator",
    linked_at: datetime = NOON,
) -> Link:
    return Link(
        issuer=issuer,
        subject=new_id() if subject is None else subject,
        user_id=user.id,
        kind=kind,
        linked_by=linked_by,
        linked_at=linked_at,
    )


def workspace(
    name: str | None = None,
    *,
    description: str = "",
    metadata: dict[str, object] | None = None,
    version: int = 1,
    created_at: datetime = NOON,
    updated_at: datetime | None = None,
) -> Workspace:
    fresh = workspace_id()
    return Workspace(
        id=fresh,
        name=f"Workspace {fresh}" if name is None else name,
        description=description,
        metadata=metadata or {},
        version=version,
        created_at=created_at,
        updated_at=updated_at or created_at,
    )


def membership(workspace: Workspace, user: User, role: Role) -> Membership:
    return Membership(workspace_id=workspace.id, user_id=user.id, role=role)


def conversation(
    workspace: Workspace,
    topic: str = "Hello",
    *,
    metadata: dict[str, object] | None = None,
    version: int = 1,
    created_at: datetime = NOON,
    updated_at: datetime | None = None,
) -> Conversation:
    return Conversation(
        id=conversation_id(),
        workspace_id=workspace.id,
        topic=topic,
        metadata=metadata or {},
        version=version,
        created_at=created_at,
        updated_at=updated_at or created_at,
    )


def participant(conversation: Conversation, user: User) -> Participant:
    return Participant(conversation_id=conversation.id, user_id=user.id)


def actor(user: User, kind: ActorKind = ActorKind.USER) -> Actor:
    return Actor(kind=kind, id=user.id)


def message(
    conversation: Conversation,
    author: User | Actor,
    content: str = "Hello.",
    *,
    role: MessageRole = MessageRole.USER,
    in_reply_to: MessageId | None = None,
    metadata: dict[str, object] | None = None,
    created_at: datetime = NOON,
) -> Message:
    return Message(
        id=message_id(),
        conversation_id=conversation.id,
        author=author if isinstance(author, Actor) else actor(author),
        role=role,
        content=content,
        in_reply_to=in_reply_to,
        metadata=metadata or {},
        created_at=created_at,
    )


def turn(message: Message, *, created_at: datetime | None = None) -> Turn:
    added = created_at or message.created_at
    return Turn(
        id=turn_id(),
        conversation_id=message.conversation_id,
        message_id=message.id,
        created_at=added,
        updated_at=added,
    )


def event(
    conversation: Conversation,
    user: User,
    data: Loggable | None = None,
    *,
    at: datetime = NOON,
) -> Event:
    return Event(
        conversation_id=conversation.id,
        at=at,
        actor=actor(user),
        data=data or ParticipantAdded(user_id=user.id),
    )


def bell(conversation_id: ConversationId, seq: int = 1) -> Bell:
    return Bell(conversation_id=conversation_id, seq=seq)


def delta(conversation_id: ConversationId, index: int = 0, text: str = "piece ") -> TurnDelta:
    return TurnDelta(
        conversation_id=conversation_id, turn_id=_TURN, attempt=1, index=index, text=text
    )


def session(
    secret: str | None = None,
    *,
    issuer: str = ISSUER,
    subject: str | None = None,
    session_id: str | None = None,
    sealed: bytes = b"sealed",
    created_at: datetime = NOON,
    expires_at: datetime | None = None,
) -> Session:
    return Session(
        digest=sha256((secret or new_id()).encode()).hexdigest(),
        issuer=issuer,
        subject=subject or new_id(),
        session_id=session_id,
        sealed=sealed,
        created_at=created_at,
        updated_at=created_at,
        expires_at=expires_at or at(3600),
    )


def revocation(
    kind: RevocationKind = RevocationKind.SESSION,
    value: str | None = None,
    *,
    issuer: str = ISSUER,
    before: datetime = NOON,
    revoked_at: datetime = NOON,
    expires_at: datetime | None = None,
) -> Revocation:
    return Revocation(
        issuer=issuer,
        kind=kind,
        value=value or new_id(),
        before=None if kind is RevocationKind.TOKEN else before,
        revoked_at=revoked_at,
        expires_at=expires_at or at(3600),
    )


def prompt(content: str = "Hello.") -> Prompt:
    """Return what an assistant is asked about a message of *content*."""
    talk = conversation(workspace())
    asked = replace(message(talk, user(), content), seq=1)
    return Prompt(turn=turn(asked), conversation=replace(talk, last_seq=1), history=[asked])


def principal(user: User, *permissions: str, expires_at: datetime | None = None) -> Principal:
    """Return a caller with the identity of *user*."""
    return Principal(
        kind="user",
        issuer=user.issuer,
        subject=user.subject,
        permissions=frozenset(permissions),
        name=user.name,
        email=user.email,
        email_verified=user.email_verified,
        expires_at=expires_at,
    )
