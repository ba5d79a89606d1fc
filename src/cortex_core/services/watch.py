"""The sweep: keeps open streams honest without a statement for each of them.

Once in a while one statement for up to 1 000 streams asks whether each may still read its
conversation, and how far the log is; another one, whether the browsers among them are still
signed on. So a stream ends soon after its right does, and a bell that was lost costs a delay and
never an event. Idle streams hold no connection.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import Final

from cortex_core.domain.errors import CortexError, NotFoundError, UnauthenticatedError
from cortex_core.domain.events import Bell, Passing, Recorded, TurnCompleted, TurnFailed
from cortex_core.domain.ids import ConversationId, TurnId, UserId
from cortex_core.ports import Ports, Principal, Subscription
from cortex_core.services.operation import operation
from cortex_core.services.revocation import RevocationList

BATCH: Final = 1_000
REMEMBERED: Final = 32


class Watch:
    """One open stream: how far it has read, and why it must end, if it must."""

    def __init__(
        self,
        principal: Principal,
        user_id: UserId,
        conversation_id: ConversationId,
        seq: int,
        live: Subscription,
    ) -> None:
        self.principal = principal
        self.user_id = user_id
        self.conversation_id = conversation_id
        self.seq = seq
        self.heard = seq
        """How far the log is, as far as anybody said."""
        self.ended: CortexError | None = None
        self.traceparent = ""
        """The trace of whoever rang last."""
        self._live = live
        self._finished: deque[TurnId] = deque(maxlen=REMEMBERED)

    def tell(self, recorded: Recorded) -> None:
        """Take note that the stream tells *recorded*."""
        self.seq = recorded.seq
        if isinstance(recorded.data, TurnCompleted | TurnFailed):
            self._finished.append(recorded.data.turn_id)

    def is_stale(self, passing: Passing) -> bool:
        """Whether the stream has told the end of what *passing* is a piece of.

        What passes waits in a queue, and the log may be read past it.
        """
        return passing.turn_id in self._finished

    def ring(self, seq: int) -> None:
        """Have the stream read its log up to *seq* at least."""
        self._live.ring(Bell(conversation_id=self.conversation_id, seq=seq))

    def end(self, reason: CortexError) -> None:
        """Have the stream end, saying *reason* unless there was one before."""
        self.ended = self.ended or reason
        self.ring(0)


class Watchman:
    """Sweeps all open streams of this process."""

    def __init__(self, ports: Ports, revocations: RevocationList, *, period: float = 2.0) -> None:
        self._ports = ports
        self._revocations = revocations
        self._period = period
        self._watches: set[Watch] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def watches(self) -> int:
        """How many streams are open."""
        return len(self._watches)

    @contextmanager
    def watching(self, watch: Watch) -> Iterator[None]:
        """Have *watch* swept while inside."""
        self._watches.add(watch)
        if self._task is None:
            # It outlives the request of the stream that began it, and has no part in its trace.
            self._task = asyncio.create_task(self._sweep_while_watched(), context=Context())
        try:
            yield
        finally:
            self._watches.discard(watch)
            if not self._watches and self._task is not None:
                # Cancelling takes a while; whoever comes meanwhile needs a sweep of its own.
                self._task.cancel()
                self._task = None

    def end_all(self, reason: CortexError) -> None:
        """End every stream, saying *reason*."""
        for watch in self._watches:
            watch.end(reason)

    async def sweep(self) -> None:
        """Look once after every open stream."""
        await self._revocations.refresh()
        watches = list(self._watches)
        for watch in watches:
            if self._revocations.knows(watch.principal):
                watch.end(UnauthenticatedError("revoked"))
        for start in range(0, len(watches), BATCH):
            await self._look_after(watches[start : start + BATCH])

    async def _look_after(self, watches: list[Watch]) -> None:
        await self._end_signed_off(watches)
        pairs = list({(watch.user_id, watch.conversation_id): None for watch in watches})
        async with self._ports.store.begin(read_only=True, single=True) as work:
            found = dict(zip(pairs, await work.conversations.visible(pairs), strict=True))
        for watch in watches:
            last_seq = found[watch.user_id, watch.conversation_id]
            if last_seq is None:
                watch.end(NotFoundError())
            elif last_seq > watch.seq:
                watch.ring(last_seq)

    async def _end_signed_off(self, watches: list[Watch]) -> None:
        browsers = {watch: session for watch in watches if (session := watch.principal.session)}
        if browsers:
            async with self._ports.store.begin(read_only=True, single=True) as work:
                present = await work.sessions.present(
                    list(set(browsers.values())), now=self._ports.clock()
                )
            for watch, session in browsers.items():
                if session not in present:
                    watch.end(UnauthenticatedError("session"))

    async def _sweep_while_watched(self) -> None:
        while True:
            await asyncio.sleep(self._period)
            with suppress(CortexError), operation(self._ports, "watch.sweep"):
                await self.sweep()
