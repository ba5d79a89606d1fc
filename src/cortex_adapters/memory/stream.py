"""A doorbell within this process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cortex_core.domain.events import Bell, Signal
from cortex_core.domain.ids import ConversationId

CAPACITY: Final = 256


class MemorySubscription:
    """One listener's place: a queue that is never longer than *capacity*."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._signals: deque[Signal] = deque()
        self._arrived = asyncio.Event()

    async def next(self, *, timeout: float) -> Signal | None:
        if not self._signals:
            self._arrived.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        return self._signals.popleft()

    def ring(self, signal: Signal) -> None:
        self._signals.append(signal)
        self._merge(len(self._signals) - 1)
        if len(self._signals) > self._capacity:
            self._forget_one()
        self._arrived.set()

    def _merge(self, index: int) -> None:
        """Make one bell of the bells at *index* and right before it, if that is what they are."""
        if not 0 < index < len(self._signals):
            return
        before, behind = self._signals[index - 1], self._signals[index]
        if (
            isinstance(before, Bell)
            and isinstance(behind, Bell)
            and before.conversation_id == behind.conversation_id
        ):
            self._signals[index - 1] = _both(before, behind)
            del self._signals[index]

    def _forget_one(self) -> None:
        """Drop the oldest passing signal; where there is none, the oldest bell."""
        passing = (n for n, signal in enumerate(self._signals) if not isinstance(signal, Bell))
        oldest = next(passing, 0)
        del self._signals[oldest]
        self._merge(oldest)


class MemoryEventStream:
    """Carries signals to the listeners in this process."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._listeners: dict[ConversationId, set[MemorySubscription]] = {}

    async def publish(self, *signals: Signal) -> None:
        for signal in signals:
            for listener in self._listeners.get(signal.conversation_id, ()):
                listener.ring(signal)

    def wake(self) -> None:
        """Ring for every listener, because signals may have been lost; 0 stands for any place."""
        for conversation_id, listeners in self._listeners.items():
            for listener in listeners:
                listener.ring(Bell(conversation_id=conversation_id, seq=0))

    @asynccontextmanager
    async def subscribe(self, conversation_id: ConversationId) -> AsyncIterator[MemorySubscription]:
        subscription = MemorySubscription(self._capacity)
        listeners = self._listeners.setdefault(conversation_id, set())
        listeners.add(subscription)
        try:
            yield subscription
        finally:
            listeners.discard(subscription)
            if not listeners and self._listeners.get(conversation_id) is listeners:
                del self._listeners[conversation_id]


def _both(one: Bell, other: Bell) -> Bell:
    """Return the bell that says what both say; one that stands for any place does so still."""
    seq = max(one.seq, other.seq) if one.seq and other.seq else 0
    trace = other.traceparent or one.traceparent
    return Bell(conversation_id=one.conversation_id, seq=seq, traceparent=trace)
