"""The doorbell: tells whoever listens that something has happened."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from cortex_core.domain.events import Signal
from cortex_core.domain.ids import ConversationId


class Subscription(Protocol):
    """One listener's place."""

    async def next(self, *, timeout: float) -> Signal | None:
        """Return the next signal, or None once *timeout* seconds have passed quietly.

        Signals of one conversation from one process come in the order of publishing. A
        listener that is too slow loses passing signals, oldest first, and never the last bell.
        """
        ...

    def ring(self, signal: Signal) -> None:
        """Put *signal* into this listener's place alone."""
        ...


class EventStream(Protocol):
    """Carries signals to listeners in every process that shares the store."""

    async def publish(self, *signals: Signal) -> None:
        """Offer *signals* to current listeners: at most once, never blocking, never raising."""
        ...

    def subscribe(
        self, conversation_id: ConversationId
    ) -> AbstractAsyncContextManager[Subscription]:
        """Listen to one conversation from the moment the context is entered.

        After a time in which signals may have been lost, every listener gets a bell.
        """
        ...
