"""The worker: takes due turns, a few at a time, and sees each of them to an end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import Context
from datetime import timedelta

from cortex_core.domain.correlation import correlated
from cortex_core.domain.errors import (
    CortexError,
    InternalError,
    LeaseLostError,
    TurnAbandonedError,
    UnavailableError,
)
from cortex_core.domain.models import Turn, TurnError
from cortex_core.ports import Ports
from cortex_core.services.bells import TRACE
from cortex_core.services.operation import operation
from cortex_core.services.turns.answer import Answerer
from cortex_core.services.turns.queue import TurnQueue


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
        self._queue = TurnQueue(ports, lease=timedelta(seconds=lease))
        self._answerer = Answerer(ports, self._queue, patience=patience)
        self._slots = slots
        self._attempts = attempts
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
                turns = await self._queue.take(free)
            for turn in turns:
                # Without the context of whoever woke us up: it belongs to another request.
                task = asyncio.create_task(self._see_to(turn), context=Context())
                self._answering.add(task)
                task.add_done_callback(self._done)
            if len(turns) < free:
                return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        self.wake()

    async def _see_to(self, turn: Turn) -> None:
        """Make one attempt, in the name of the request that asked for it."""
        asked = [{TRACE: turn.traceparent}] if turn.traceparent else []
        with (
            correlated(turn.correlation_id),
            self._ports.telemetry.span(
                "cortex.turn", {}, asked, turn_id=turn.id, attempt=turn.attempts
            ) as span,
        ):
            outcome = "cancelled"
            try:
                outcome = await self._attempt(turn)
            except asyncio.CancelledError:
                await self._hand_back(turn)
                raise
            finally:
                span.set(outcome=outcome)

    async def _attempt(self, turn: Turn) -> str:
        """Return `ok`, or the code of what went wrong."""
        try:
            with operation(self._ports, "turns.answer", attempt=turn.attempts):
                if turn.attempts > self._attempts:
                    raise TurnAbandonedError
                await self._queue.complete(turn, await self._answerer.answer(turn))
        except LeaseLostError as error:
            return error.code  # It goes on elsewhere, or is gone with its conversation.
        except CortexError as error:
            await self._set_back(turn, error)
            return error.code
        return "ok"

    async def _set_back(self, turn: Turn, error: CortexError) -> None:
        """Try the turn again later, or let it fail for all to see."""
        # The lease makes it safe to repeat what no client should, and patience costs nobody a turn.
        again = error.retryable or isinstance(error, InternalError | UnavailableError)
        with suppress(CortexError), operation(self._ports, "turns.set_back"):
            if again and turn.attempts < self._attempts:
                delay = self._back_off * 2 ** (turn.attempts - 1)
                await self._queue.release(turn, attempts=turn.attempts, delay=delay)
            else:
                await self._queue.fail(turn, TurnError(code=error.code, message=str(error)))

    async def _hand_back(self, turn: Turn) -> None:
        """Give a turn back as if it had not been begun, so that it goes on elsewhere at once."""
        with suppress(CortexError, TimeoutError):
            async with asyncio.timeout(self._parting):
                with operation(self._ports, "turns.hand_back"):
                    await self._queue.release(turn, attempts=turn.attempts - 1, delay=timedelta())
