"""A doorbell that several processes hear, over whatever carries texts between them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final, Protocol

from cortex_adapters.signals.outbox import Outbox
from cortex_adapters.signals.wire import Alarm, Unpacker, pack
from cortex_core.domain.events import Signal
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Subscription

__all__ = ["Carrier", "LocalStream", "Sender", "SharedStream"]

_BATCH: Final = 256  # signals that are sent together
_GATHER: Final = 0.005  # seconds between two sendings, in which signals gather
_SOON: Final = 2.0  # seconds to wait for the first connection, and for the last signals
_AGAIN: Final = 0.2  # seconds after which a task is cancelled once more
_PAUSES: Final = (0.1, 1.0)  # seconds, shortest and longest, between attempts to connect


class LocalStream(Protocol):
    """Carries signals to the listeners in this process."""

    async def publish(self, *signals: Signal) -> None: ...

    def subscribe(
        self, conversation_id: ConversationId
    ) -> AbstractAsyncContextManager[Subscription]: ...

    def wake(self) -> None:
        """Ring for every listener, because signals may have been lost."""
        ...


class Sender(Protocol):
    """A connection over which texts are sent."""

    async def alive(self) -> bool:
        """Say whether the other side has not hung up yet, so that nothing is lost to find out."""
        ...

    async def send(self, texts: Sequence[str]) -> None:
        """Send *texts*, in that order; raises one of the carrier's failures."""
        ...


class Carrier(Protocol):
    """Connections to what carries texts; *failures* are how they end."""

    failures: tuple[type[Exception], ...]

    def listening(self) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Connect, and yield what is sent from then on; raises when it may have missed some."""
        ...

    def sending(self) -> AbstractAsyncContextManager[Sender]:
        """Connect."""
        ...


class SharedStream:
    """Signals go to the listeners here at once, and to other processes in the background."""

    def __init__(self, carrier: Carrier, local: LocalStream) -> None:
        self._carrier = carrier
        self._local = local
        self._origin = secrets.token_hex(8)
        self._outbox = Outbox()
        self._sent = asyncio.Event()
        self._sent.set()
        self._tried = asyncio.Event()
        self._connected = False
        self._away = False  # whether the last attempt to connect, for sending, failed

    @property
    def connected(self) -> bool:
        """Whether signals from other processes come in."""
        return self._connected

    async def publish(self, *signals: Signal) -> None:
        await self._local.publish(*signals)
        for signal in signals:
            self._sent.clear()
            self._outbox.put(signal)

    def subscribe(
        self, conversation_id: ConversationId
    ) -> AbstractAsyncContextManager[Subscription]:
        return self._local.subscribe(conversation_id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep in touch with the other processes."""
        tasks = [
            asyncio.create_task(self._keep(self._hear, failed=self._tried.set)),
            asyncio.create_task(self._keep(self._tell, failed=self._lose)),
        ]
        try:
            await _soon(self._tried)
            yield
            if not self._away:
                await _soon(self._sent)
        finally:
            await _end(tasks)

    async def _keep(
        self,
        talk: Callable[[Callable[[], None]], Awaitable[None]],
        *,
        failed: Callable[[], None],
    ) -> None:
        """Connect and *talk*, again and again."""
        shortest, longest = _PAUSES
        pause = shortest

        def connected() -> None:
            nonlocal pause
            pause = shortest

        while True:
            try:
                await talk(connected)
            except self._carrier.failures:
                failed()
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _hear(self, connected: Callable[[], None]) -> None:
        async with self._carrier.listening() as texts:
            connected()
            unpacker = Unpacker(self._origin)
            self._connected = True
            self._tried.set()
            self._local.wake()
            try:
                async for text in texts:
                    await self._heard(unpacker.unpack(text))
            finally:
                self._connected = False

    async def _heard(self, signal: Signal | Alarm | None) -> None:
        if isinstance(signal, Alarm):
            self._local.wake()
        elif signal is not None:
            await self._local.publish(signal)

    async def _tell(self, connected: Callable[[], None]) -> None:
        async with self._carrier.sending() as sender:
            connected()
            self._away = False
            while await sender.alive():
                signals = self._outbox.take(_BATCH)
                texts = [text for signal in signals for text in pack(self._origin, signal)]
                await sender.send(texts)
                if self._outbox.empty:
                    self._sent.set()
                await asyncio.sleep(_GATHER)
                await self._outbox.filled()

    def _lose(self) -> None:
        self._away = True
        self._outbox.lose()


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel *tasks* until they end: a library's own timeouts may swallow a cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN)


async def _soon(event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_SOON):
            await event.wait()
