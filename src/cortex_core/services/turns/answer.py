"""One attempt at an answer: the assistant is asked, and heard out while the lease is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

from cortex_core.domain.errors import CortexError, DeadlineError, LeaseLostError, NotFoundError
from cortex_core.domain.events import TurnDelta
from cortex_core.domain.models import Turn
from cortex_core.domain.text import CONTENT_LENGTH, unstorable
from cortex_core.ports import Ports, Prompt, Span
from cortex_core.services.operation import operation
from cortex_core.services.turns.queue import TurnQueue

HISTORY: Final = 50


class Answerer:
    """Asks the assistant, and gives it *patience* seconds for one answer."""

    def __init__(self, ports: Ports, queue: TurnQueue, *, patience: float) -> None:
        self._ports = ports
        self._queue = queue
        self._patience = patience

    async def answer(self, turn: Turn) -> str:
        """Return the whole answer, its pieces told in passing.

        Raises:
            DeadlineError: The assistant took too long.
            LeaseLostError: The turn is not held any more.
        """
        prompt = await self._prompt(turn)
        async with self._holding(turn):
            with self._ports.telemetry.span("cortex.assistant.reply") as span:
                return await self._listen(turn, prompt, span)

    @asynccontextmanager
    async def _holding(self, turn: Turn) -> AsyncIterator[None]:
        """Keep the lease while inside; end what runs there when it is lost, or takes too long."""
        keeper: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(self._patience) as limit:
                keeper = asyncio.create_task(self._keep(turn, limit))
                yield
        except TimeoutError as error:
            if keeper is not None and keeper.done():
                raise LeaseLostError from error
            raise DeadlineError("The assistant took too long to answer.") from error
        finally:
            if keeper is not None:
                keeper.cancel()

    async def _keep(self, turn: Turn, limit: asyncio.Timeout) -> None:
        """Renew the lease until it is lost; then end what runs under *limit*."""
        while True:
            await asyncio.sleep(self._queue.lease.total_seconds() / 3)
            try:
                with operation(self._ports, "turns.renew"):
                    await self._queue.renew(turn)
            except LeaseLostError:
                limit.reschedule(asyncio.get_running_loop().time())
                return
            except CortexError:
                continue  # The store is away: what is stored later is fenced all the same.

    async def _listen(self, turn: Turn, prompt: Prompt, span: Span) -> str:
        """Tell the pieces of the answer in passing, until it ends or cannot be a message."""
        pieces: list[str] = []
        length = 0
        async with aclosing(self._ports.assistant.reply(prompt)) as reply:
            async for text in reply:
                pieces.append(text)
                length += len(text)
                if length > CONTENT_LENGTH or unstorable(text):
                    break
                await self._ports.events.publish(
                    TurnDelta(
                        conversation_id=turn.conversation_id,
                        turn_id=turn.id,
                        attempt=turn.attempts,
                        index=len(pieces) - 1,
                        text=text,
                    )
                )
        span.set(pieces=len(pieces))
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
