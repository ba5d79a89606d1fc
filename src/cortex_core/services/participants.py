"""Who was added to a conversation by name."""

from __future__ import annotations

from cortex_core.domain.correlation import correlation_id
from cortex_core.domain.events import Event, Loggable, ParticipantAdded, ParticipantRemoved
from cortex_core.domain.ids import ConversationId, UserId
from cortex_core.domain.models import Participant
from cortex_core.domain.paging import Page, PageRequest, cut
from cortex_core.domain.policy import WRITERS, enter_conversation, require_permission
from cortex_core.ports import Ports, Principal, UnitOfWork
from cortex_core.services.anew import anew
from cortex_core.services.bells import ring
from cortex_core.services.operation import operation
from cortex_core.services.places import id_place
from cortex_core.services.reception import Reception


class Participants:
    """What callers can do with the participants of a conversation."""

    def __init__(self, ports: Ports, reception: Reception) -> None:
        self._ports = ports
        self._reception = reception

    async def page(
        self, principal: Principal, conversation_id: ConversationId, page: PageRequest
    ) -> Page[Participant]:
        """Return a page of those who were added by name, by user id."""
        with operation(self._ports, "participants.page"):
            require_permission(principal.permissions, "read:conversations")
            user_id = await self._reception.admit(principal)
            scope = f"participants:{conversation_id}"
            after = id_place(scope, page, UserId)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id)
                enter_conversation(self._reception.present(principal, access))
                found = await work.conversations.participants(
                    conversation_id, after=after, limit=page.limit + 1
                )
            return cut(scope, found, page.limit, lambda participant: participant.user_id)

    @anew
    async def put(
        self, principal: Principal, conversation_id: ConversationId, guest_id: UserId
    ) -> Participant:
        """Add a user by name; doing so again changes nothing."""
        with operation(self._ports, "participants.put"):
            require_permission(principal.permissions, "write:conversations")
            user_id = await self._reception.admit(principal)
            guest = Participant(conversation_id=conversation_id, user_id=guest_id)
            async with self._ports.store.begin(caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id, lock=True)
                enter_conversation(
                    self._reception.present(principal, access), WRITERS, participants=False
                )
                seq = None
                if await work.conversations.add_participant(guest):
                    seq = await self._log(
                        work, principal, user_id, guest, ParticipantAdded(user_id=guest_id)
                    )
            if seq is not None:
                await ring(self._ports, (conversation_id, seq))
            return guest

    @anew
    async def remove(
        self, principal: Principal, conversation_id: ConversationId, guest_id: UserId
    ) -> None:
        """Remove a user who was added by name; everybody may remove themselves."""
        with operation(self._ports, "participants.remove"):
            require_permission(principal.permissions, "write:conversations")
            user_id = await self._reception.admit(principal)
            guest = Participant(conversation_id=conversation_id, user_id=guest_id)
            # who has left has no part any more in the event that says so
            caller = None if guest_id == user_id else user_id
            async with self._ports.store.begin(caller=caller) as work:
                access = await work.conversations.access(user_id, conversation_id, lock=True)
                enter_conversation(
                    self._reception.present(principal, access),
                    WRITERS,
                    participants=guest_id == user_id,
                )
                await work.conversations.remove_participant(guest)
                seq = await self._log(
                    work, principal, user_id, guest, ParticipantRemoved(user_id=guest_id)
                )
            await ring(self._ports, (conversation_id, seq))

    async def _log(
        self,
        work: UnitOfWork,
        principal: Principal,
        user_id: UserId,
        guest: Participant,
        data: Loggable,
    ) -> int:
        recorded = await work.events.append(
            Event(
                conversation_id=guest.conversation_id,
                at=self._ports.clock(),
                actor=principal.actor(user_id),
                data=data,
                correlation_id=correlation_id(),
            )
        )
        return recorded.seq
