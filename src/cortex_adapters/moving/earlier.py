"""Rows of the earlier system, and what they are here: ids are kept, and so is everything said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from cortex_core.domain.errors import Fault, InvalidInputError
from cortex_core.domain.ids import ConversationId, MessageId, UserId, WorkspaceId, is_id
from cortex_core.domain.models import (
    Actor,
    ActorKind,
    Conversation,
    Message,
    MessageRole,
    User,
    Workspace,
)

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "users": ("user_id", "name", "email", "metadata_json"),
    "workspaces": ("id", "name", "description", "owner_id", "metadata_json"),
    "conversations": ("id", "topic", "workspace_id", "participant_ids_json", "metadata_json"),
    "messages": ("id", "content", "sender_id", "conversation_id", "timestamp", "metadata_json"),
}
"""The tables of the earlier system and their columns, the key first; all of it is text."""

Earlier = Mapping[str, str]

_names: Final = msgspec.json.Decoder(list[str])
_object: Final = msgspec.json.Decoder(dict[str, object])


class Span(msgspec.Struct, frozen=True):
    """The messages of a conversation: how many, and when the first and the last one were said."""

    messages: int
    first: datetime
    last: datetime


def to_user(row: Earlier, *, issuer: str, now: datetime) -> User:
    """Return a user of *issuer*, whose subject is the id of before."""
    return User(
        id=UserId(_id(row, "user_id")),
        issuer=issuer,
        subject=row["user_id"],
        name=row["name"],
        email=row["email"] or None,
        metadata=_metadata(row),
        created_at=now,
        updated_at=now,
    )


def to_workspace(row: Earlier, *, now: datetime) -> tuple[Workspace, UserId]:
    """Return a workspace and its owner."""
    workspace = Workspace(
        id=WorkspaceId(_id(row, "id")),
        name=row["name"],
        description=row["description"],
        metadata=_metadata(row),
        created_at=now,
        updated_at=now,
    )
    return workspace, UserId(_id(row, "owner_id"))


def to_conversation(row: Earlier, span: Span) -> tuple[Conversation, Sequence[UserId]]:
    """Return a conversation, as old as its first message, and those who were added by name."""
    conversation = Conversation(
        id=ConversationId(_id(row, "id")),
        workspace_id=WorkspaceId(_id(row, "workspace_id")),
        topic=row["topic"],
        metadata=_metadata(row),
        last_seq=span.messages,
        created_at=span.first,
        updated_at=span.last,
    )
    try:
        named = _names.decode(row["participant_ids_json"] or "[]")
    except msgspec.MsgspecError as error:
        raise _fault("participant_ids_json", "must be a list of ids as JSON") from error
    if not all(map(is_id, named)):
        raise _fault("participant_ids_json", _NO_ID)
    return conversation, [UserId(each) for each in dict.fromkeys(named)]


def to_message(row: Earlier, *, seq: int) -> Message:
    """Return what a person said, in its place."""
    return Message(
        id=MessageId(_id(row, "id")),
        conversation_id=ConversationId(_id(row, "conversation_id")),
        seq=seq,
        author=Actor(kind=ActorKind.USER, id=UserId(_id(row, "sender_id"))),
        role=MessageRole.USER,
        content=row["content"],
        metadata=_metadata(row),
        created_at=to_moment(row["timestamp"]),
    )


def to_moment(text: str) -> datetime:
    """Return the time that *text* names in ISO 8601; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _fault("timestamp", "must be a time in ISO 8601, in the years 1 to 9999") from error


_NO_ID: Final = "must be a UUID in small letters, with hyphens"


def _id(row: Earlier, column: str) -> str:
    if not is_id(row[column]):
        raise _fault(column, _NO_ID)
    return row[column]


def _metadata(row: Earlier) -> dict[str, object]:
    try:
        return _object.decode(row["metadata_json"] or "{}")
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise _fault("metadata_json", "must be an object as JSON") from error


def _fault(column: str, reason: str) -> InvalidInputError:
    return InvalidInputError(Fault(f"/{column}", "earlier", reason))
