"""The store, its units of work, and the small values that all processes share."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from cortex_core.domain.ids import UserId
from cortex_core.ports.persistence.conversations import ConversationRepository
from cortex_core.ports.persistence.messages import EventLog, MessageRepository
from cortex_core.ports.persistence.retention import RetentionRepository
from cortex_core.ports.persistence.search import SearchRepository
from cortex_core.ports.persistence.sessions import (
    ReplayRepository,
    RevocationRepository,
    SessionRepository,
)
from cortex_core.ports.persistence.turns import TurnRepository
from cortex_core.ports.persistence.users import LinkRepository, UserRepository
from cortex_core.ports.persistence.workspaces import WorkspaceRepository


class Registry(Protocol):
    """Small named values that all processes on one store share."""

    async def ensure(self, name: str, value: str) -> str:
        """Return the value under *name*, storing *value* if there is none; races agree on one."""
        ...

    async def get(self, name: str) -> str | None:
        """Return the value under *name*, or None."""
        ...


class UnitOfWork(Protocol):
    """Repositories bound to one transaction."""

    @property
    def users(self) -> UserRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def workspaces(self) -> WorkspaceRepository: ...
    @property
    def conversations(self) -> ConversationRepository: ...
    @property
    def messages(self) -> MessageRepository: ...
    @property
    def search(self) -> SearchRepository: ...
    @property
    def turns(self) -> TurnRepository: ...
    @property
    def events(self) -> EventLog: ...
    @property
    def sessions(self) -> SessionRepository: ...
    @property
    def revocations(self) -> RevocationRepository: ...
    @property
    def replays(self) -> ReplayRepository: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def retention(self) -> RetentionRepository: ...


class Store(Protocol):
    """Keeps everything."""

    def begin(
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work: commit on a clean exit, roll back on any error.

        Each read sees what was committed before it began. A *read_only* unit refuses to
        write, with StorageReadOnlyError. A *single* unit makes at most one repository
        call, a second one is a RuntimeError; where that call is one statement, the store may
        leave out BEGIN and COMMIT.

        *caller* is the user for whom this is done, and None the system itself. A store may see to
        it that such a unit finds and changes nothing that its caller has no part in, whatever its
        calls ask for.

        Raises:
            OutcomeUnknownError: The connection was lost during the commit.
        """
        ...
