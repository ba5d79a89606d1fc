"""What one worker does with the store's queue: each a unit of work, and its bell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from cortex_core.domain.events import Event, Loggable, TurnCompleted, TurnFailed, TurnStarted
from cortex_core.domain.ids import MessageId
from cortex_core.domain.models import (
    ASSISTANT,
    Message,
    MessageRole,
    Turn,
    TurnError,
    TurnStatus,
)
from cortex_core.ports import Ports
from cortex_core.services.anew import anew
from cortex_core.services.bells import ring


class TurnQueue:
    """The turns that are held under the name of one worker, each for *lease* at a time."""

    def __init__(self, ports: Ports, *, lease: timedelta) -> None:
        self.lease = lease
        self._ports = ports
        self._worker = ports.new_id()

    @anew
    async def take(self, limit: int) -> Sequence[Turn]:
        """Lease up to *limit* turns that are due, and tell that they were begun."""
        now = self._ports.clock()
        async with self._ports.store.begin() as work:
            turns = await work.turns.lease(
                worker=self._worker, now=now, until=now + self.lease, limit=limit
            )
            recorded = [
                await work.events.append(
                    self._event(
                        turn,
                        TurnStarted(
                            turn_id=turn.id, message_id=turn.message_id, attempt=turn.attempts
                        ),
                    )
                )
                # One order for all workers, in which they wait for the conversations.
                for turn in sorted(turns, key=lambda turn: turn.conversation_id)
            ]
        await ring(self._ports, *((event.conversation_id, event.seq) for event in recorded))
        return turns

    @anew
    async def renew(self, turn: Turn) -> None:
        """Hold *turn* for another lease.

        Raises:
            LeaseLostError: It is not held any more.
        """
        async with self._ports.store.begin(single=True) as work:
            until = self._ports.clock() + self.lease
            await work.turns.renew(turn, worker=self._worker, until=until)

    async def complete(self, turn: Turn, content: str) -> None:
        """Store the answer and the end of *turn*.

        Raises:
            LeaseLostError: It is not held any more.
        """
        now = self._ports.clock()
        answer = Message(
            id=MessageId(self._ports.new_id()),
            conversation_id=turn.conversation_id,
            author=ASSISTANT,
            role=MessageRole.ASSISTANT,
            content=content,
            in_reply_to=turn.message_id,
            created_at=now,
        )
        completed = replace(turn, status=TurnStatus.COMPLETED, updated_at=now)
        data = TurnCompleted(turn_id=turn.id, message_id=turn.message_id, answer_id=answer.id)
        await self._finish(completed, answer, data)

    async def fail(self, turn: Turn, failure: TurnError) -> None:
        """Store that no answer will come.

        Raises:
            LeaseLostError: The turn is not held any more.
        """
        failed = replace(
            turn, status=TurnStatus.FAILED, error=failure, updated_at=self._ports.clock()
        )
        data = TurnFailed(turn_id=turn.id, message_id=turn.message_id, error=failure)
        await self._finish(failed, None, data)

    @anew
    async def release(self, turn: Turn, *, attempts: int, delay: timedelta) -> None:
        """Give *turn* back, with that many *attempts* behind it, due after *delay*.

        Raises:
            LeaseLostError: It is not held any more.
        """
        now = self._ports.clock()
        due = now + delay
        queued = replace(turn, status=TurnStatus.QUEUED, attempts=attempts, updated_at=now)
        async with self._ports.store.begin() as work:
            # Fenced by its attempt: this worker may have lost the turn, and taken it again.
            await work.turns.renew(turn, worker=self._worker, until=due)
            await work.turns.release(queued, worker=self._worker, due=due)

    @anew
    async def _finish(self, turn: Turn, answer: Message | None, data: Loggable) -> None:
        async with self._ports.store.begin() as work:
            # First, and so the fence: others write into the conversation until the lease is sure.
            await work.turns.finish(turn, worker=self._worker)
            if answer:
                await work.messages.add(answer, correlation_id=turn.correlation_id)
            recorded = await work.events.append(self._event(turn, data))
        await ring(self._ports, (turn.conversation_id, recorded.seq))

    def _event(self, turn: Turn, data: Loggable) -> Event:
        return Event(
            conversation_id=turn.conversation_id,
            at=self._ports.clock(),
            actor=ASSISTANT,
            data=data,
            correlation_id=turn.correlation_id,
        )
