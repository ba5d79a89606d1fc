"""The worker that answers: takes turns from the store's queue and asks the assistant.

A turn is held by a lease. Whoever holds it renews it; when a process dies, the lease ends and
another one takes the turn over. What a worker stores is fenced by its lease, so that no answer
is stored twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from cortex_core.domain.errors import (
    CortexError,
    DeadlineError,
    InternalError,
    LeaseLostError,
    NotFoundError,
    TurnAbandonedError,
)
from cortex_core.domain.events import (
    Bell,
    Event,
    Loggable,
    TurnCompleted,
    TurnDelta,
    TurnFailed,
    TurnStarted,
)
from cortex_core.domain.ids import MessageId
from cortex_core.domain.models import (
    ASSISTANT,
    Message,
    MessageRole,
    Turn,
    TurnError,
    TurnStatus,
)
from cortex_core.domain.text import CONTENT_LENGTH, unstorable
from cortex_core.ports import Ports, Prompt
from cortex_core.services.operation import operation

HISTORY: Final = 50


class TurnWorker:
    """Answers up to *slots* turns at a time.

    Durations are in seconds: *lease* until a silent worker loses a turn, *patience* for one
    answer, *poll* between looks at the queue when no bell rings, *back_off* before the second
    attempt, doubled for each one after it, *parting* for giving turns back.
    """

    def __init__(
        self,
        ports: Ports,
        *,
        slots: int = 4,
        attempts: int = 3,
        lease: float = 15.0,
        patience: float = 120.0,
        poll: float = 1.0,
        back_off: float = 1.0,
        parting: float = 2.0,
    ) -> None:
        self._ports = ports
        self._name = ports.new_id()
        self._slots = slots
        self._attempts = attempts
        self._lease = timedelta(seconds=lease)
        self._patience = patience
        self._poll = poll
        self._back_off = timedelta(seconds=back_off)
        self._parting = parting
        self._bell = asyncio.Event()
        self._leaving = False
        self._answering: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Have the worker look at the queue now."""
        self._bell.set()

    def leave(self) -> None:
        """Have `run` hand back what it holds, and return."""
        self._leaving = True
        self.wake()

    async def run(self) -> None:
        """Work until `leave` is called or the task is cancelled; then hand back what is held."""
        try:
            while not self._leaving:
                self._bell.clear()
                with suppress(CortexError):
                    await self._take()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll):
                        await self._bell.wait()
        finally:
            # A task that is cancelled before its first step would hand nothing back.
            await asyncio.sleep(0)
            for task in self._answering:
                task.cancel()
            await asyncio.gather(*self._answering, return_exceptions=True)

    async def _take(self) -> None:
        """Begin as many due turns as there are free slots."""
        while not self._leaving and (free := self._slots - len(self._answering)):
            with operation(self._ports, "turns.take"):
                turns = await self._lease_due(free)
            for turn in turns:
                task = asyncio.create_task(self._answer(turn))
                self._answering.add(task)
                task.add_done_callback(self._done)
            if len(turns) < free:
                return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        self.wake()

    async def _lease_due(self, limit: int) -> Sequence[Turn]:
        now = self._ports.clock()
        async with self._ports.store.begin() as work:
            turns = await work.turns.lease(
                worker=self._name, now=now, until=now + self._lease, limit=limit
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
        await self._ports.events.publish(
            *(Bell(conversation_id=event.conversation_id, seq=event.seq) for event in recorded)
        )
        return turns

    async def _answer(self, turn: Turn) -> None:
        try:
            await self._attempt(turn)
        except asyncio.CancelledError:
            await self._hand_back(turn)
            raise

    async def _attempt(self, turn: Turn) -> None:
        try:
            with operation(self._ports, "turns.answer", attempt=turn.attempts):
                await self._finish(turn, await self._speak(turn))
        except LeaseLostError:
            return  # It goes on elsewhere, or is gone with its conversation.
        except CortexError as error:
            await self._set_back(turn, error)

    async def _speak(self, turn: Turn) -> str:
        """Return the whole answer, and keep the lease meanwhile."""
        if turn.attempts > self._attempts:
            raise TurnAbandonedError
        prompt = await self._prompt(turn)
        keeper: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(self._patience) as limit:
                keeper = asyncio.create_task(self._keep(turn, limit))
                return await self._listen(turn, prompt)
        except TimeoutError as error:
            if keeper is not None and keeper.done():
                raise LeaseLostError from error
            raise DeadlineError("The assistant took too long to answer.") from error
        finally:
            if keeper is not None:
                keeper.cancel()

    async def _listen(self, turn: Turn, prompt: Prompt) -> str:
        """Tell the pieces of the answer in passing, until it ends or cannot be a message."""
        pieces: list[str] = []
        length = 0
        async with aclosing(self._ports.assistant.reply(prompt)) as reply:
            async for text in reply:
                pieces.append(text)
                length += len(text)
                if length > CONTENT_LENGTH or unstorable(text):
                    break
                await self._ports.events.publish(self._delta(turn, len(pieces) - 1, text))
        return "".join(pieces)

    async def _prompt(self, turn: Turn) -> Prompt:
        async with self._ports.store.begin(read_only=True) as work:
            conversation = await work.conversations.get(turn.conversation_id)
            asked = await work.messages.get(turn.conversation_id, turn.message_id)
            history = await work.messages.in_conversation(
                turn.conversation_id, after=asked.seq + 1, limit=HISTORY, order="desc"
            )
        if not history:
            raise NotFoundError  # The conversation was deleted between two reads.
        return Prompt(turn=turn, conversation=conversation, history=history[::-1])

    async def _keep(self, turn: Turn, limit: asyncio.Timeout) -> None:
        """Renew the lease until it is lost; then end what runs under *limit*."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            try:
                with operation(self._ports, "turns.renew"):
                    async with self._ports.store.begin(single=True) as work:
                        until = self._ports.clock() + self._lease
                        await work.turns.renew(turn, worker=self._name, until=until)
            except LeaseLostError:
                limit.reschedule(asyncio.get_running_loop().time())
                return
            except CortexError:
                continue  # The store is away: what is stored later is fenced all the same.

    async def _finish(self, turn: Turn, content: str) -> None:
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
        await self._store(completed, answer, data)

    async def _store(self, turn: Turn, answer: Message | None, data: Loggable) -> None:
        async with self._ports.store.begin() as work:
            # The conversation first, then its turn: in this order they are deleted, too.
            if answer:
                await work.messages.add(answer)
            recorded = await work.events.append(self._event(turn, data))
            await work.turns.finish(turn, worker=self._name)
        await self._ports.events.publish(
            Bell(conversation_id=turn.conversation_id, seq=recorded.seq)
        )

    async def _set_back(self, turn: Turn, error: CortexError) -> None:
        """Try the turn again later, or let it fail for all to see."""
        again = error.retryable or isinstance(error, InternalError)
        with suppress(CortexError), operation(self._ports, "turns.set_back"):
            if again and turn.attempts < self._attempts:
                delay = self._back_off * 2 ** (turn.attempts - 1)
                await self._release(turn, attempts=turn.attempts, delay=delay)
                return
            failure = TurnError(code=error.code, message=str(error))
            failed = replace(
                turn, status=TurnStatus.FAILED, error=failure, updated_at=self._ports.clock()
            )
            data = TurnFailed(turn_id=turn.id, message_id=turn.message_id, error=failure)
            await self._store(failed, None, data)

    async def _hand_back(self, turn: Turn) -> None:
        """Give a turn back as if it had not been begun, so that it goes on elsewhere at once."""
        with suppress(CortexError, TimeoutError):
            async with asyncio.timeout(self._parting):
                with operation(self._ports, "turns.hand_back"):
                    await self._release(turn, attempts=turn.attempts - 1, delay=timedelta())

    async def _release(self, turn: Turn, *, attempts: int, delay: timedelta) -> None:
        now = self._ports.clock()
        due = now + delay
        queued = replace(turn, status=TurnStatus.QUEUED, attempts=attempts, updated_at=now)
        async with self._ports.store.begin() as work:
            # Fenced by its attempt: this worker may have lost the turn, and taken it again.
            await work.turns.renew(turn, worker=self._name, until=due)
            await work.turns.release(queued, worker=self._name, due=due)

    def _event(self, turn: Turn, data: Loggable) -> Event:
        return Event(
            conversation_id=turn.conversation_id,
            at=self._ports.clock(),
            actor=ASSISTANT,
            data=data,
        )

    def _delta(self, turn: Turn, index: int, text: str) -> TurnDelta:
        return TurnDelta(
            conversation_id=turn.conversation_id,
            turn_id=turn.id,
            attempt=turn.attempts,
            index=index,
            text=text,
        )
