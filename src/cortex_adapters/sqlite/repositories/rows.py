"""Rows become values, and values become what a row can hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import msgspec

from cortex_adapters.sqlite.connections import Row, Work
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import (
    Actor,
    ActorKind,
    Conversation,
    Message,
    MessageRole,
    User,
    UserStatus,
    Workspace,
)

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
LARGEST: Final = (1 << 63) - 1
_metadata: Final = msgspec.json.Decoder(dict[str, object])


def one(sql: str, parameters: tuple[object, ...], make: Callable[[Row], T]) -> Work[T | None]:
    """Return work that executes a statement and makes a value of its one row, if there is one."""

    def work(connection: sqlite3.Connection) -> T | None:
        row = connection.execute(sql, parameters).fetchone()
        return None if row is None else make(row)

    return work


def many(sql: str, parameters: tuple[object, ...], make: Callable[[Row], T]) -> Work[list[T]]:
    """Return work that executes a statement and makes a value of each row."""
    return lambda connection: [make(row) for row in connection.execute(sql, parameters).fetchall()]


def changes(sql: str, parameters: tuple[object, ...]) -> Work[int]:
    """Return work that executes a statement and counts the rows that it changed."""
    return lambda connection: connection.execute(sql, parameters).rowcount


def to_micros(moment: datetime) -> int:
    """Return *moment* as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def to_time(micros: int) -> datetime:
    """Return the time that is *micros* microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def bounded(number: int) -> int:
    """Return *number*, or what stands in for it where it is too large to be bound."""
    return max(min(number, LARGEST), -LARGEST)


def to_json(value: object) -> str:
    """Return *value* as JSON text."""
    return msgspec.json.encode(value).decode()


def to_user(row: Row) -> User:
    """Make a user of its columns, in the order of the schema."""
    return User(
        id=row[0],
        issuer=row[1],
        subject=row[2],
        name=row[3],
        email=row[4],
        email_verified=bool(row[5]),
        status=UserStatus(row[6]),
        metadata=_metadata.decode(row[7]),
        created_at=to_time(row[8]),
        updated_at=to_time(row[9]),
    )


def to_workspace(row: Row) -> Workspace:
    """Make a workspace of its columns, in the order of the schema."""
    return Workspace(
        id=row[0],
        name=row[1],
        description=row[2],
        metadata=_metadata.decode(row[3]),
        version=row[4],
        created_at=to_time(row[5]),
        updated_at=to_time(row[6]),
    )


def to_conversation(row: Row) -> Conversation:
    """Make a conversation of its columns, in the order of the schema."""
    return Conversation(
        id=row[0],
        workspace_id=row[1],
        topic=row[2],
        metadata=_metadata.decode(row[3]),
        last_seq=row[4],
        version=row[5],
        created_at=to_time(row[6]),
        updated_at=to_time(row[7]),
    )


def to_message(row: Row) -> Message:
    """Make a message of its columns, in the order of the schema."""
    return Message(
        id=row[0],
        conversation_id=row[1],
        seq=row[2],
        author=to_actor(row[3], row[4]),
        role=MessageRole(row[5]),
        content=row[6],
        in_reply_to=row[7],
        metadata=_metadata.decode(row[8]),
        created_at=to_time(row[9]),
    )


def to_actor(kind: str, user_id: UserId | None) -> Actor:
    """Make an actor of its columns."""
    return Actor(kind=ActorKind(kind), id=user_id)


def to_text(row: Row) -> str:
    """Make a text of a row's first column."""
    return str(row[0])
