"""Signals that wait to be sent: as many as there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count, islice
from typing import Final

from cortex_adapters.signals.wire import Alarm
from cortex_core.domain.events import Bell, Signal
from cortex_core.domain.ids import ConversationId

__all__ = ["Outbox"]

CAPACITY: Final = 4_096


class Outbox:
    """Keeps the order in each conversation, and makes one bell of two that stand together.

    When it is full, what is passing goes first, the oldest of it. Where that gives no room, all
    goes, and an `Alarm` takes its place.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._numbers = count()
        self._waiting: dict[int, Signal] = {}
        self._last: dict[ConversationId, int] = {}
        self._alarm = False
        self._filled = asyncio.Event()

    def put(self, signal: Signal) -> None:
        number = self._last.get(signal.conversation_id, -1)
        before = self._waiting.get(number)
        if not (isinstance(signal, Bell) and isinstance(before, Bell)):
            number = next(self._numbers)
        elif before.seq > signal.seq:
            return
        self._waiting[number] = signal
        self._last[signal.conversation_id] = number
        if len(self._waiting) > self._capacity:
            self._make_room()
        self._filled.set()

    def lose(self) -> None:
        """Give up what waits."""
        self._waiting.clear()
        self._last.clear()
        self._alarm = True
        self._filled.set()

    @property
    def empty(self) -> bool:
        return not self._filled.is_set()

    async def filled(self) -> None:
        """Wait until there is something to send."""
        await self._filled.wait()

    def take(self, limit: int) -> Sequence[Signal | Alarm]:
        """Take up to *limit* signals, oldest first."""
        taken: list[Signal | Alarm] = [Alarm()] if self._alarm else []
        self._alarm = False
        for number in list(islice(self._waiting, limit)):
            signal = self._waiting.pop(number)
            if self._last[signal.conversation_id] == number:
                del self._last[signal.conversation_id]
            taken.append(signal)
        if not self._waiting:
            self._filled.clear()
        return taken

    def _make_room(self) -> None:
        """Drop what is passing among the older half."""
        older = list(islice(self._waiting.items(), self._capacity // 2))
        passing = [number for number, signal in older if not isinstance(signal, Bell)]
        for number in passing:
            del self._waiting[number]
        if not passing:
            self.lose()
