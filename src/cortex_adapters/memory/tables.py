"""Rows in dictionaries, and the drafts that units of work make of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Generic, TypeVar

from cortex_core.domain.events import Recorded
from cortex_core.domain.ids import ConversationId, MessageId, TurnId, UserId, WorkspaceId
from cortex_core.domain.links import Link
from cortex_core.domain.models import Conversation, Message, Role, Turn, User, Workspace
from cortex_core.domain.sessions import Revocation, RevocationKind, Session

K = TypeVar("K")
V = TypeVar("V")


class Table(Generic[K, V]):
    """Rows by key; a draft shares them until it is the first to change one."""

    def __init__(self, rows: dict[K, V] | None = None) -> None:
        self._rows = {} if rows is None else rows
        self._shared = rows is not None

    def draft(self) -> Table[K, V]:
        return Table(self._rows)

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return iter(self._rows.items())

    def get(self, key: K) -> V | None:
        return self._rows.get(key)

    def put(self, key: K, row: V) -> None:
        self._own()[key] = row

    def drop(self, key: K) -> None:
        self._own().pop(key, None)

    def _own(self) -> dict[K, V]:
        if self._shared:
            self._rows = dict(self._rows)
            self._shared = False
        return self._rows


@dataclass(frozen=True, slots=True)
class Lease:
    """An open turn's place in the queue: when it is due, and who holds it until then."""

    due: datetime
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Tables:
    """All there is; what is committed is never changed, only followed by another."""

    users: Table[UserId, User] = field(default_factory=Table[UserId, User])
    identities: Table[tuple[str, str], UserId] = field(
        default_factory=Table[tuple[str, str], UserId]
    )
    links: Table[tuple[str, str], Link] = field(default_factory=Table[tuple[str, str], Link])
    said: Table[UserId, tuple[str, datetime]] = field(
        default_factory=Table[UserId, tuple[str, datetime]]
    )
    workspaces: Table[WorkspaceId, Workspace] = field(default_factory=Table[WorkspaceId, Workspace])
    members: Table[WorkspaceId, dict[UserId, Role]] = field(
        default_factory=Table[WorkspaceId, dict[UserId, Role]]
    )
    names: Table[tuple[UserId, str], WorkspaceId] = field(
        default_factory=Table[tuple[UserId, str], WorkspaceId]
    )
    conversations: Table[ConversationId, Conversation] = field(
        default_factory=Table[ConversationId, Conversation]
    )
    participants: Table[ConversationId, frozenset[UserId]] = field(
        default_factory=Table[ConversationId, frozenset[UserId]]
    )
    messages: Table[MessageId, Message] = field(default_factory=Table[MessageId, Message])
    logs: Table[ConversationId, Sequence[Recorded | None]] = field(
        default_factory=Table[ConversationId, Sequence[Recorded | None]]
    )
    firsts: Table[ConversationId, int] = field(default_factory=Table[ConversationId, int])
    turns: Table[TurnId, Turn] = field(default_factory=Table[TurnId, Turn])
    queue: Table[TurnId, Lease] = field(default_factory=Table[TurnId, Lease])
    sessions: Table[str, Session] = field(default_factory=Table[str, Session])
    revocations: Table[tuple[str, RevocationKind, str], Revocation] = field(
        default_factory=Table[tuple[str, RevocationKind, str], Revocation]
    )
    replays: Table[str, datetime] = field(default_factory=Table[str, datetime])
    registry: Table[str, str] = field(default_factory=Table[str, str])

    def draft(self) -> Tables:
        return replace(
            self, **{entry.name: getattr(self, entry.name).draft() for entry in fields(self)}
        )
