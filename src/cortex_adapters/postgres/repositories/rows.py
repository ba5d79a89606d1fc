"""Rows as the domain's values."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from cortex_adapters.postgres.connection import Row
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import (
    Actor,
    ActorKind,
    Conversation,
    Message,
    MessageRole,
    Role,
    Turn,
    TurnError,
    TurnStatus,
    User,
    UserStatus,
    Workspace,
)

__all__ = [
    "FIRST_ID",
    "actor",
    "bounded",
    "conversation",
    "decoded",
    "encoded",
    "message",
    "role",
    "turn",
    "user",
    "workspace",
]

FIRST_ID: Final = "00000000-0000-0000-0000-000000000000"
_LONG_NUMBER: Final = re.compile(r"\d{19}")
_EDGE: Final = 1 << 63
_BEYOND: Final = _EDGE - 1  # no place and no version is as high


def user(row: Row) -> User:
    """Return a user.

    Columns: id, issuer, subject, name, email, email_verified, status, metadata,
    created_at, updated_at.
    """
    return User(
        id=row[0],
        issuer=row[1],
        subject=row[2],
        name=row[3],
        email=row[4],
        email_verified=row[5],
        status=UserStatus(row[6]),
        metadata=decoded(row[7]),
        created_at=row[8],
        updated_at=row[9],
    )


def workspace(row: Row) -> Workspace:
    """Return a workspace.

    Columns: id, name, description, metadata, version, created_at, updated_at.
    """
    return Workspace(
        id=row[0],
        name=row[1],
        description=row[2],
        metadata=decoded(row[3]),
        version=row[4],
        created_at=row[5],
        updated_at=row[6],
    )


def conversation(row: Row) -> Conversation:
    """Return a conversation.

    Columns: id, workspace_id, topic, metadata, last_seq, version, created_at,
    updated_at.
    """
    return Conversation(
        id=row[0],
        workspace_id=row[1],
        topic=row[2],
        metadata=decoded(row[3]),
        last_seq=row[4],
        version=row[5],
        created_at=row[6],
        updated_at=row[7],
    )


def message(row: Row) -> Message:
    """Return a message.

    Columns: id, conversation_id, seq, author_kind, author_id, role, content,
    in_reply_to, metadata, created_at.
    """
    return Message(
        id=row[0],
        conversation_id=row[1],
        seq=row[2],
        author=actor(row[3], row[4]),
        role=MessageRole(row[5]),
        content=row[6],
        in_reply_to=row[7],
        metadata=decoded(row[8]),
        created_at=row[9],
    )


def turn(row: Row) -> Turn:
    """Return a turn.

    Columns: id, conversation_id, message_id, status, attempts, error_code,
    error_message, created_at, updated_at, correlation_id, traceparent.
    """
    code, explanation = row[5], row[6]
    return Turn(
        id=row[0],
        conversation_id=row[1],
        message_id=row[2],
        status=TurnStatus(row[3]),
        attempts=row[4],
        error=None if code is None else TurnError(code=code, message=explanation),
        created_at=row[7],
        updated_at=row[8],
        correlation_id=row[9] or "",
        traceparent=row[10] or "",
    )


def actor(kind: str, user_id: str | None) -> Actor:
    """Return who did something."""
    return Actor(kind=ActorKind(kind), id=None if user_id is None else UserId(user_id))


def role(word: str | None) -> Role | None:
    """Return the role, if there is one."""
    return None if word is None else Role(word)


def bounded(number: int | None) -> int:
    """Return *number* if a bigint holds it, else one as far off; no number is beyond all."""
    return _BEYOND if number is None else max(-1, min(number, _BEYOND))


def encoded(metadata: dict[str, object]) -> str:
    """Return metadata as JSON."""
    return msgspec.json.encode(metadata).decode() if metadata else "{}"


def decoded(text: str) -> dict[str, object]:
    """Return metadata from what jsonb made of it: a float beyond 64 bits is written in digits."""
    if text == "{}":
        return {}
    metadata = msgspec.json.decode(text, type=dict[str, object])
    if _LONG_NUMBER.search(text):
        return {name: _in_64_bits(member) for name, member in metadata.items()}
    return metadata


def _in_64_bits(value: object) -> object:
    match value:
        case dict():
            return {name: _in_64_bits(member) for name, member in value.items()}
        case list():
            return [_in_64_bits(item) for item in value]
        case int() if not -_EDGE <= value < _EDGE:
            return float(value)
        case _:
            return value
