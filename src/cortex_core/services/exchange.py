"""Messages: posting and reading them, and the log they stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec.structs import asdict

from cortex_core.domain.commands import PostMessage
from cortex_core.domain.correlation import correlation_id
from cortex_core.domain.errors import UnavailableError
from cortex_core.domain.events import Recorded
from cortex_core.domain.ids import ConversationId, MessageId, TurnId, UserId
from cortex_core.domain.models import Message, MessageRole, Turn
from cortex_core.domain.paging import Page, PageRequest, cut
from cortex_core.domain.policy import WRITERS, enter_conversation, require_permission
from cortex_core.ports import Ports, Principal
from cortex_core.services.anew import anew
from cortex_core.services.bells import TRACE, ring
from cortex_core.services.operation import operation
from cortex_core.services.places import seq_place
from cortex_core.services.reception import Reception


class Posted(Message, frozen=True, kw_only=True):
    """An accepted message, and the turn that will answer it where one was asked for."""

    turn_id: TurnId | None = None


class Exchange:
    """What callers can do with messages."""

    def __init__(
        self, ports: Ports, reception: Reception, *, on_turn: Callable[[], None] = lambda: None
    ) -> None:
        self._ports = ports
        self._reception = reception
        self._on_turn = on_turn

    @anew
    async def post(
        self, principal: Principal, conversation_id: ConversationId, command: PostMessage
    ) -> Posted:
        """Say something in a conversation; with `respond`, ask for an answer in the same unit."""
        with operation(self._ports, "exchange.post"):
            require_permission(principal.permissions, "write:messages")
            user_id = await self._reception.admit(principal)
            now = self._ports.clock()
            message = Message(
                id=MessageId(self._ports.new_id()),
                conversation_id=conversation_id,
                author=principal.actor(user_id),
                role=MessageRole.USER,
                content=command.content,
                metadata=command.metadata,
                created_at=now,
            )
            word = correlation_id()
            turn = None
            if command.respond:
                turn = Turn(
                    id=TurnId(self._ports.new_id()),
                    conversation_id=conversation_id,
                    message_id=message.id,
                    created_at=now,
                    updated_at=now,
                    correlation_id=word,
                    traceparent=self._ports.telemetry.carrier().get(TRACE, ""),
                )
            async with self._ports.store.begin(single=True, caller=user_id) as work:
                placed = await work.messages.post(
                    message, turn=turn, roles=WRITERS, correlation_id=word
                )
            if placed is None:
                await self._refuse(principal, user_id, conversation_id)
                raise UnavailableError("Access changed while the message was on its way.")
            await ring(self._ports, (conversation_id, placed.seq))
            if turn is not None:
                self._on_turn()
            return Posted(**asdict(placed), turn_id=None if turn is None else turn.id)

    async def get(
        self, principal: Principal, conversation_id: ConversationId, message_id: MessageId
    ) -> Message:
        """Return a message of a conversation the caller may read."""
        with operation(self._ports, "exchange.get"):
            require_permission(principal.permissions, "read:messages")
            user_id = await self._reception.admit(principal)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id)
                enter_conversation(self._reception.present(principal, access))
                return await work.messages.get(conversation_id, message_id)

    async def page(
        self,
        principal: Principal,
        conversation_id: ConversationId,
        page: PageRequest,
        *,
        order: Literal["asc", "desc"] = "asc",
    ) -> Page[Message]:
        """Return a page of messages in the order of the conversation, or against it."""
        with operation(self._ports, "exchange.page"):
            require_permission(principal.permissions, "read:messages")
            user_id = await self._reception.admit(principal)
            scope = f"messages:{conversation_id}:{order}"
            after = seq_place(scope, page)
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id)
                enter_conversation(self._reception.present(principal, access))
                found = await work.messages.in_conversation(
                    conversation_id, after=after, limit=page.limit + 1, order=order
                )
            return cut(scope, found, page.limit, lambda message: message.seq)

    async def log(
        self,
        principal: Principal,
        conversation_id: ConversationId,
        page: PageRequest,
        *,
        after: int = 0,
    ) -> Page[Recorded]:
        """Return a page of events, from after place *after* where there is no cursor."""
        with operation(self._ports, "exchange.log"):
            require_permission(principal.permissions, "read:messages")
            user_id = await self._reception.admit(principal)
            scope = f"events:{conversation_id}"
            place = seq_place(scope, page)
            seq = after if place is None else place
            async with self._ports.store.begin(read_only=True, caller=user_id) as work:
                access = await work.conversations.access(user_id, conversation_id)
                enter_conversation(self._reception.present(principal, access))
                found = await work.events.since(conversation_id, seq=seq, limit=page.limit + 1)
            return cut(scope, found, page.limit, lambda recorded: recorded.seq)

    async def _refuse(
        self, principal: Principal, user_id: UserId, conversation_id: ConversationId
    ) -> None:
        """Raise the reason why a message was not accepted."""
        async with self._ports.store.begin(read_only=True, single=True, caller=user_id) as work:
            access = await work.conversations.access(user_id, conversation_id)
        enter_conversation(self._reception.present(principal, access), WRITERS)
