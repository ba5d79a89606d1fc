"""Memory: repositories that share one transaction.

Promises that hold for every repository: ids and names that are given are valid; a thing that
does not exist is a NotFoundError; entities come back equal to what was stored, times to
the microsecond. Any call may raise the storage errors of the catalogue (UnavailableError and
its kinds, BusyError, DeadlineError, OverloadedError, StorageCorruptError); the unit of work
is then undone. Lists return up to *limit* items from *after*, exclusive, in the order that
each method names, and nothing where what they belong to does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, Protocol

from cortex_core.domain.events import Event, Recorded
from cortex_core.domain.ids import ConversationId, MessageId, TurnId, UserId, WorkspaceId
from cortex_core.domain.models import (
    Conversation,
    Membership,
    Message,
    Participant,
    Role,
    Turn,
    User,
    Workspace,
)
from cortex_core.domain.policy import ConversationAccess, WorkspaceAccess

Activity = tuple[datetime, ConversationId]


class UserRepository(Protocol):
    """Users by id and by identity."""

    async def ensure(self, user: User) -> User:
        """Return the stored user with the identity (issuer, subject), adding *user* if none is.

        Units of work that race on one identity all return the same user.
        """
        ...

    async def get(self, user_id: UserId) -> User:
        """Return a user."""
        ...

    async def update(self, user: User) -> None:
        """Store every field of *user* but id, issuer, subject and created_at."""
        ...


class WorkspaceRepository(Protocol):
    """Workspaces and their members."""

    async def add(self, workspace: Workspace, *, owner_id: UserId) -> None:
        """Add a workspace with its first owner.

        Raises:
            ConflictError: The owner has one of that name already (`name_key`), or the id is taken.
        """
        ...

    async def access(
        self, user_id: UserId, workspace_id: WorkspaceId, *, lock: bool = False
    ) -> WorkspaceAccess | None:
        """Return what the user is to the workspace, or None if there is no such user.

        With *lock*, other units that lock or change the workspace wait until this one ends, so
        that what was read may be changed. One statement, where the store knows statements.
        """
        ...

    async def of_user(
        self, user_id: UserId, *, after: WorkspaceId | None, limit: int
    ) -> Sequence[Workspace]:
        """Return the workspaces the user is a member of, by id."""
        ...

    async def update(self, workspace: Workspace, *, version: int) -> None:
        """Store name, description, metadata, version and updated_at of *workspace*.

        Raises:
            StaleVersionError: The stored version is not *version*.
            ConflictError: One of its owners has another one of that name (`name_key`).
        """
        ...

    async def delete(self, workspace_id: WorkspaceId, *, version: int | None) -> None:
        """Delete a workspace and all that is inside.

        Raises:
            StaleVersionError: *version* is given, and the stored one is another.
        """
        ...

    async def members(
        self, workspace_id: WorkspaceId, *, after: UserId | None, limit: int
    ) -> Sequence[Membership]:
        """Return the members, by user id."""
        ...

    async def put_member(self, membership: Membership) -> None:
        """Give a user a role, instead of any other it had.

        Raises:
            NotFoundError: There is no such user or workspace.
            LastOwnerError: Nobody would be left who owns the workspace, races included.
            ConflictError: The new owner owns a workspace of that name already.
        """
        ...

    async def remove_member(self, workspace_id: WorkspaceId, user_id: UserId) -> None:
        """End a membership.

        Raises:
            NotFoundError: The user is not a member.
            LastOwnerError: Nobody would be left who owns the workspace, races included.
        """
        ...


class ConversationRepository(Protocol):
    """Conversations and those who were added to them by name."""

    async def add(self, conversation: Conversation) -> None:
        """Add a conversation.

        Raises:
            NotFoundError: There is no such workspace.
            ConflictError: The id is taken.
        """
        ...

    async def access(
        self, user_id: UserId, conversation_id: ConversationId, *, lock: bool = False
    ) -> ConversationAccess | None:
        """Return what the user is to the conversation, or None if there is no such user.

        With *lock*, other units that lock or change the conversation wait until this one ends,
        so that what was read may be changed. One statement, where the store knows statements.
        """
        ...

    async def get(self, conversation_id: ConversationId) -> Conversation:
        """Return a conversation, whoever asks."""
        ...

    async def visible(self, pairs: Sequence[tuple[UserId, ConversationId]]) -> Sequence[int | None]:
        """Return for each pair `last_seq` if the user may read the conversation, else None.

        Users who are disabled may not. One statement for up to 1 000 pairs.
        """
        ...

    async def in_workspace(
        self, workspace_id: WorkspaceId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        """Return a workspace's conversations by (updated_at, id), newest first."""
        ...

    async def of_user(
        self, user_id: UserId, *, after: Activity | None, limit: int
    ) -> Sequence[Conversation]:
        """Return all that the user may read, by (updated_at, id), newest first."""
        ...

    async def update(self, conversation: Conversation, *, version: int) -> None:
        """Store topic, metadata, version and updated_at of *conversation*.

        Raises:
            StaleVersionError: The stored version is not *version*.
        """
        ...

    async def delete(self, conversation_id: ConversationId, *, version: int | None) -> None:
        """Delete a conversation and all that is inside.

        Raises:
            StaleVersionError: *version* is given, and the stored one is another.
        """
        ...

    async def participants(
        self, conversation_id: ConversationId, *, after: UserId | None, limit: int
    ) -> Sequence[Participant]:
        """Return those who were added by name, by user id."""
        ...

    async def add_participant(self, participant: Participant) -> bool:
        """Add a user by name; False if that was done before.

        Raises:
            NotFoundError: There is no such user or conversation.
        """
        ...

    async def remove_participant(self, participant: Participant) -> None:
        """Remove a user who was added by name.

        Raises:
            NotFoundError: The user was not.
        """
        ...


class MessageRepository(Protocol):
    """Messages, each in its place in the conversation's log."""

    async def add(self, message: Message) -> Message:
        """Store *message* with its `message.created` event; return it with its `seq`.

        The conversation's `updated_at` becomes the message's `created_at`, unless it is later.

        Raises:
            NotFoundError: There is no such conversation.
            ConflictError: The id is taken.
        """
        ...

    async def post(
        self, message: Message, *, turn: Turn | None, roles: frozenset[Role]
    ) -> Message | None:
        """Do as `add` if the author may, and add *turn*; return None, changing nothing, if not.

        The author is the user in `message.author`: it may if it is active and has one of
        *roles* in the workspace, or was added to the conversation by name. One statement, where
        the store knows statements that can do this.
        """
        ...

    async def get(self, conversation_id: ConversationId, message_id: MessageId) -> Message:
        """Return a message of the conversation."""
        ...

    async def in_conversation(
        self,
        conversation_id: ConversationId,
        *,
        after: int | None,
        limit: int,
        order: Literal["asc", "desc"] = "asc",
    ) -> Sequence[Message]:
        """Return messages by `seq`, from beyond the place *after* in that order."""
        ...


class TurnRepository(Protocol):
    """Answers under way: a queue with leases, in the store itself."""

    async def get(self, turn_id: TurnId) -> Turn:
        """Return a turn."""
        ...

    async def lease(
        self, *, worker: str, now: datetime, until: datetime, limit: int
    ) -> Sequence[Turn]:
        """Take up to *limit* turns that are due at *now*, oldest due first, for *worker*.

        Queued turns are due when they were added or released to be; running turns are due
        when their lease has ended; equal times go by id. What is taken is running, counts one
        attempt more, has *now* as its updated_at, and is due again at *until*. Two units of work
        never take the same turn.
        """
        ...

    async def renew(self, turn: Turn, *, worker: str, until: datetime) -> None:
        """Put off the end of a lease.

        Raises:
            LeaseLostError: *worker* does not hold the turn at `turn.attempts` any more.
        """
        ...

    async def release(self, turn: Turn, *, worker: str, due: datetime) -> None:
        """Give a turn back to the queue with the attempts and updated_at of *turn*, due at *due*.

        Raises:
            LeaseLostError: *worker* does not hold the turn any more.
        """
        ...

    async def finish(self, turn: Turn, *, worker: str) -> None:
        """Store status, error and updated_at of a turn that is completed or failed.

        Raises:
            LeaseLostError: *worker* does not hold the turn at `turn.attempts` any more.
        """
        ...


class EventLog(Protocol):
    """The log of each conversation: what happened, in the order of the commits."""

    async def append(self, event: Event) -> Recorded:
        """Give *event* the next place in its conversation; no gaps, commit order.

        Raises:
            NotFoundError: There is no such conversation.
        """
        ...

    async def since(
        self, conversation_id: ConversationId, *, seq: int, limit: int
    ) -> Sequence[Recorded]:
        """Return the events after place *seq*, in order; nothing if there is no conversation."""
        ...


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
    def workspaces(self) -> WorkspaceRepository: ...
    @property
    def conversations(self) -> ConversationRepository: ...
    @property
    def messages(self) -> MessageRepository: ...
    @property
    def turns(self) -> TurnRepository: ...
    @property
    def events(self) -> EventLog: ...
    @property
    def registry(self) -> Registry: ...


class Store(Protocol):
    """Keeps everything."""

    def begin(
        self, *, read_only: bool = False, single: bool = False
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work: commit on a clean exit, roll back on any error.

        Each read sees what was committed before it began. A *read_only* unit refuses to
        write, with StorageReadOnlyError. A *single* unit makes at most one repository
        call, a second one is a RuntimeError; where that call is one statement, the store may
        leave out BEGIN and COMMIT.

        Raises:
            OutcomeUnknownError: The connection was lost during the commit.
        """
        ...
