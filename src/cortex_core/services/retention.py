"""Taking away what is older than somebody has decided to keep."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import msgspec

from cortex_core.domain.errors import CortexError
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Horizon, Look, Ports, Pruned
from cortex_core.services.anew import anew
from cortex_core.services.operation import operation

KEY: Final = "retention"
CONVERSATIONS: Final = 500
BATCH: Final = 500


class Keep(msgspec.Struct, frozen=True, kw_only=True):
    """For how long messages and events are kept; None for ever."""

    messages: timedelta | None = None
    events: timedelta | None = None

    def horizon(self, now: datetime) -> Horizon:
        """Return from when on something is kept."""
        return Horizon(
            messages=None if self.messages is None else now - self.messages,
            events=None if self.events is None else now - self.events,
        )


class Retention:
    """Goes through all conversations once in each *period*, in one process of all.

    Durations are in seconds: *look* between looks at whether a round is due, *pause* after each
    statement that changes something, so that whoever wants to write comes in between.
    """

    def __init__(
        self,
        ports: Ports,
        keep: Keep,
        *,
        period: float = 3_600.0,
        look: float = 10.0,
        pause: float = 0.05,
        batch: int = BATCH,
        conversations: int = CONVERSATIONS,
    ) -> None:
        self._ports = ports
        self._kept = keep
        self._period = timedelta(seconds=period)
        self._look = look
        self._pause = pause
        self._batch = batch
        self._conversations = conversations

    async def keep(self) -> None:
        """Take away what is old, until cancelled; returns at once where all is kept for ever."""
        while self._kept != Keep():
            await asyncio.sleep(self._look)
            with suppress(CortexError):
                if await self._take_turn():
                    await self.round()

    async def round(self) -> Pruned:
        """Go through all conversations once; return what is gone."""
        horizon = self._kept.horizon(self._ports.clock())
        gone: list[Pruned] = []
        after: ConversationId | None = None
        try:
            while True:
                look = await self._looked(after, horizon)
                for conversation_id in look.due:
                    while pruned := await self._prune(conversation_id, horizon):
                        gone.append(pruned)
                        await asyncio.sleep(self._pause)
                after = look.last
                if after is None:
                    return _sum(gone)
        finally:
            self._tell(_sum(gone))

    @anew
    async def _take_turn(self) -> bool:
        """Say whether a round is due, and this process is the one to make it."""
        now = self._ports.clock()
        with operation(self._ports, "retention.turn"):
            async with self._ports.store.begin(single=True) as work:
                return await work.replays.spend(KEY, now=now, until=now + self._period)

    async def _looked(self, after: ConversationId | None, horizon: Horizon) -> Look:
        with operation(self._ports, "retention.look"):
            async with self._ports.store.begin(read_only=True, single=True) as work:
                return await work.retention.look(after, horizon, limit=self._conversations)

    @anew
    async def _prune(self, conversation_id: ConversationId, horizon: Horizon) -> Pruned:
        with operation(self._ports, "retention.prune"):
            async with self._ports.store.begin(single=True) as work:
                return await work.retention.prune(conversation_id, horizon, limit=self._batch)

    def _tell(self, gone: Pruned) -> None:
        if gone:
            telemetry = self._ports.telemetry
            telemetry.count("cortex.retention.removed", gone.messages, table="messages")
            telemetry.count("cortex.retention.removed", gone.events, table="events")
            telemetry.log("retention.removed", messages=gone.messages, events=gone.events)


def _sum(gone: Sequence[Pruned]) -> Pruned:
    return Pruned(
        messages=sum(each.messages for each in gone),
        events=sum(each.events for each in gone),
        places=sum(each.places for each in gone),
    )
