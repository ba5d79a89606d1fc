"""Conversations: starting, reading, changing, deleting."""

from __future__ import annotations

from msgspec.structs import replace

from cortex_core.domain.commands import ChangeConversation, StartConversation
from cortex_core.domain.correlation import correlation_id
from cortex_core.domain.events import ConversationUpdated, Event
from cortex_core.domain.ids import ConversationId, WorkspaceId
from cortex_core.domain.models import Conversation
from cortex_core.domain.paging import Page, PageRequest, cut
from cortex_core.domain.policy import (
    WRITERS,
    enter_conversation,
    enter_workspace,
    require_permission,
)
from cortex_core.ports import Ports, Principal
from cortex_core.services.anew import anew
from cortex_core.services.bells import ring
from cortex_core.services.changes import changed, changed_metadata, require_version, same
from cortex_core.services.operation import operation
from cortex_core.services.places import activity_place, place_of
from cortex_core.services.reception import Reception


class Conversations:
    """What callers can do with conversations."""

    def __init__(self, ports: Ports, reception: Reception) -> None:
        self._ports = ports
        self._reception = reception

    @anew
    async def start(
        self, principal: Principal, workspace_id: WorkspaceId, command: StartConversation
    ) -> Conversation:
        """Start a conversation in a workspace where the caller may write."""
        with operation(self._ports, "conversations.start"):
            require_permission(principal.permissions, "write:conversations")
            user_id = await self._reception.admit(principal)
            now = self._ports.clock()
            conversation = Conversation(
                id=ConversationId(self._ports.new_id()),
                workspace_id=workspace_id,
                topic=command.topic,
                metadata=command.metadata,
                created_at=now,
                updated_at=now,
            )
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id)
                enter_workspace(self._reception.present(principal, access), WRITERS)
                await work.conversations.add(conversation)
            return conversation

    async def get(self, principal: Principal, conversation_id: ConversationId) -> Conversation:
        """Return a conversation the caller may read."""
        with operation(self._ports, "conversations.get"):
            require_permission(principal.permissions, "read:conversations")
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(read_only=True, single=True, caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id)
            return enter_conversation(self._reception.present(principal, access))

    async def in_workspace(
        self, principal: Principal, workspace_id: WorkspaceId, page: PageRequest
    ) -> Page[Conversation]:
        """Return a page of a workspace's conversations, newest activity first."""
        with operation(self._ports, "conversations.in_workspace"):
            require_permission(principal.permissions, "read:conversations")
            user_id = await self._reception.admit(principal)
            scope = f"conversations:{workspace_id}"
            after = activity_place(scope, page)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                access = await work.workspaces.access(user_id, workspace_id)
                enter_workspace(self._reception.present(principal, access))
                found = await work.conversations.in_workspace(
                    workspace_id, after=after, limit=page.limit + 1
                )
            return cut(scope, found, page.limit, place_of)

    async def mine(self, principal: Principal, page: PageRequest) -> Page[Conversation]:
        """Return a page of all conversations the caller may read, newest activity first."""
        with operation(self._ports, "conversations.mine"):
            require_permission(principal.permissions, "read:conversations")
            user_id = await self._reception.admit(principal)
            scope = f"conversations:{user_id}"
            after = activity_place(scope, page)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                await self._reception.active(principal, work.users, user_id)
                found = await work.conversations.of_user(user_id, after=after, limit=page.limit + 1)
            return cut(scope, found, page.limit, place_of)

    @anew
    async def change(
        self,
        principal: Principal,
        conversation_id: ConversationId,
        command: ChangeConversation,
        *,
        version: int | None = None,
    ) -> Conversation:
        """Change topic or metadata, if the version is still *version* where one is given.

        A change that changes nothing makes no new version and no event.
        """
        with operation(self._ports, "conversations.change"):
            require_permission(principal.permissions, "write:conversations")
            user_id = await self._reception.admit(principal)
            now = self._ports.clock()
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id, lock=True)
                current = enter_conversation(
                    self._reception.present(principal, access), WRITERS, participants=False
                )
                require_version(current.version, version)
                conversation = replace(
                    current,
                    topic=changed(command.topic, current.topic),
                    metadata=changed_metadata(command.metadata, current.metadata),
                )
                if same(current, conversation):
                    return current
                conversation = replace(
                    conversation,
                    version=current.version + 1,
                    updated_at=max(now, current.updated_at),
                )
                await work.conversations.update(conversation, version=current.version)
                recorded = await work.events.append(
                    Event(
                        conversation_id=conversation_id,
                        at=now,
                        actor=principal.actor(user_id),
                        data=ConversationUpdated(
                            topic=conversation.topic,
                            metadata=conversation.metadata,
                            version=conversation.version,
                        ),
                        correlation_id=correlation_id(),
                    )
                )
            await ring(self._ports, (conversation_id, recorded.seq))
            return replace(conversation, last_seq=recorded.seq)

    @anew
    async def delete(
        self,
        principal: Principal,
        conversation_id: ConversationId,
        *,
        version: int | None = None,
    ) -> None:
        """Delete a conversation with all that is inside."""
        with operation(self._ports, "conversations.delete"):
            require_permission(principal.permissions, "write:conversations")
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id, lock=True)
                enter_conversation(
                    self._reception.present(principal, access), WRITERS, participants=False
                )
                await work.conversations.delete(conversation_id, version=version)
