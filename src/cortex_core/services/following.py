"""Following a conversation live: replay, resume and live delivery are one path.

A follower subscribes first, then reads the log after its place until nothing is left, and
only then waits for the bell.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from cortex_core.domain.errors import (
    CortexError,
    OverloadedError,
    UnauthenticatedError,
    UnavailableError,
)
from cortex_core.domain.events import Bell, MessageCreated, Passing, Recorded
from cortex_core.domain.ids import ConversationId, UserId
from cortex_core.domain.policy import enter_conversation, require_permission
from cortex_core.domain.text import CONTENT_LENGTH
from cortex_core.ports import Ports, Principal, Subscription
from cortex_core.services.bells import TRACE
from cortex_core.services.operation import operation
from cortex_core.services.reception import Reception
from cortex_core.services.watch import Watch, Watchman

# What a reader that is slow to take it keeps in memory: events, and characters of messages.
PAGE: Final = 16
CHARACTERS: Final = 2 * CONTENT_LENGTH
EPOCH: Final = "epoch"


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a log: after *seq*, in the history *epoch*, or whichever it is if None."""

    seq: int = 0
    epoch: str | None = None


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """Resuming is impossible: what follows begins at *oldest*, the first event there is."""

    oldest: int


class Quiet(msgspec.Struct, frozen=True):
    """Nothing happened for a while."""


class Goodbye(msgspec.Struct, frozen=True, kw_only=True):
    """The last item: why the stream ends."""

    reason: CortexError


Item = Recorded | Passing | Reset | Quiet | Goodbye


class Following:
    """Opens streams, and ends them all when the server leaves."""

    def __init__(
        self,
        ports: Ports,
        reception: Reception,
        *,
        heartbeat: float = 15.0,
        sweep: float = 2.0,
        most: int = 10_000,
    ) -> None:
        self._ports = ports
        self._reception = reception
        self._heartbeat = heartbeat
        self._watchman = Watchman(ports, reception.revocations, period=sweep)
        self._most = most
        self._opening = 0
        self._epoch: str | None = None
        self._leaving: CortexError | None = None

    @property
    def streams(self) -> int:
        """How many streams are open in this process."""
        return self._watchman.watches

    async def epoch(self) -> str:
        """Return the word that names this history of the database."""
        if self._epoch is None:
            async with self._ports.store.begin(single=True, caller=None) as work:
                fresh = self._ports.new_id().replace("-", "")
                self._epoch = await work.registry.ensure(EPOCH, fresh)
        return self._epoch

    def leave(self) -> None:
        """End every stream with a goodbye, and open no more."""
        self._leaving = UnavailableError("The server is leaving; connect again.")
        self._watchman.end_all(self._leaving)

    async def open(
        self, principal: Principal, conversation_id: ConversationId, resume: Resume
    ) -> AsyncGenerator[Item, None]:
        """Check the caller's right, and return its stream after the place in *resume*.

        Raises, before anything is streamed, what reading the conversation would raise.
        """
        with operation(self._ports, "following.open"):
            require_permission(principal.permissions, "read:messages")
            if self._leaving:
                raise self._leaving
            with self._room():
                user_id = await self._reception.admit(principal)
                async with self._ports.store.begin(
                    read_only=True, single=True, caller=user_id
                ) as work:
                    access = await work.conversations.access(user_id, conversation_id)
                conversation = enter_conversation(self._reception.present(principal, access))
                epoch = await self.epoch()
        last = conversation.last_seq
        possible = resume.seq <= last and resume.epoch in (None, epoch)
        seq = resume.seq if possible else None
        return self._stream(principal, user_id, conversation_id, seq, last)

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Count a stream that is being opened, so that many at once do not pass the limit."""
        if self.streams + self._opening >= self._most:
            raise OverloadedError("There are as many open streams as are allowed.")
        self._opening += 1
        try:
            yield
        finally:
            self._opening -= 1

    async def _stream(
        self,
        principal: Principal,
        user_id: UserId,
        conversation_id: ConversationId,
        seq: int | None,
        last: int,
    ) -> AsyncGenerator[Item, None]:
        async with self._ports.events.subscribe(conversation_id) as live:
            watch = Watch(principal, user_id, conversation_id, seq or 0, live)
            watch.heard = last
            watch.ended = self._leaving
            with self._watchman.watching(watch):
                if seq is None:
                    yield await self._begin_anew(watch)
                is_live = False
                while (reason := self._end(watch, principal)) is None:
                    found = await self._read(watch, limit=PAGE)
                    if await self._is_overtaken(watch, found):
                        yield await self._begin_anew(watch)
                        continue
                    page, more = _fitting(found)
                    self._tell(page, is_live=is_live)
                    while page and self._end(watch, principal) is None:
                        watch.tell(page[0])
                        yield page.popleft()
                    if not more:
                        is_live = True
                        while (item := await self._wait(watch, live, principal)) is not None:
                            yield item
                yield Goodbye(reason=reason)

    async def _wait(
        self, watch: Watch, live: Subscription, principal: Principal
    ) -> Passing | Quiet | None:
        """Return what passes, or None when there may be something to read or the stream is over."""
        while self._end(watch, principal) is None:
            signal = await live.next(timeout=self._patience(principal))
            if isinstance(signal, Bell):
                watch.traceparent = signal.traceparent
                watch.heard = max(watch.heard, signal.seq)
                if signal.seq > watch.seq or signal.seq == 0:
                    return None
            elif self._end(watch, principal):
                return None
            elif signal is None:
                return Quiet()
            elif not watch.is_stale(signal):
                return signal
        return None

    def _end(self, watch: Watch, principal: Principal) -> CortexError | None:
        """Return why the stream must end, if it must: no right any more, or no time left."""
        if watch.ended is None and self._expired(principal):
            watch.ended = UnauthenticatedError("expired")
        return watch.ended

    def _patience(self, principal: Principal) -> float:
        if principal.expires_at is None:
            return self._heartbeat
        left = (principal.expires_at - self._ports.clock()).total_seconds()
        return min(self._heartbeat, max(left, 0.0))

    def _expired(self, principal: Principal) -> bool:
        return principal.expires_at is not None and self._ports.clock() >= principal.expires_at

    async def _read(self, watch: Watch, *, limit: int) -> Sequence[Recorded]:
        """Read the log on; who hangs up meanwhile does not cut the store off in mid-statement."""
        reading = asyncio.create_task(self._read_log(watch, limit))
        reading.add_done_callback(_noticed)
        return await asyncio.shield(reading)

    async def _read_log(self, watch: Watch, limit: int) -> Sequence[Recorded]:
        rung = [{TRACE: watch.traceparent}] if watch.traceparent else []
        with (
            self._ports.telemetry.span("cortex.event.deliver", None, rung) as span,
            operation(self._ports, "following.read"),
        ):
            async with self._ports.store.begin(
                read_only=True, single=True, caller=watch.user_id
            ) as work:
                found = await work.events.since(watch.conversation_id, seq=watch.seq, limit=limit)
            span.set(events=len(found))
            return found

    async def _is_overtaken(self, watch: Watch, found: Sequence[Recorded]) -> bool:
        """Say whether retention has taken what comes next, according to what was *found*."""
        if found:
            return found[0].seq > watch.seq + 1
        if watch.heard <= watch.seq:
            return False
        watch.heard = watch.seq  # asked once for what was heard of
        return await self._first(watch) > watch.seq + 1

    async def _begin_anew(self, watch: Watch) -> Reset:
        """Go to where the log begins, and return what tells so."""
        oldest = await self._first(watch)
        watch.seq = oldest - 1
        return Reset(oldest=oldest)

    async def _first(self, watch: Watch) -> int:
        with operation(self._ports, "following.first"):
            async with self._ports.store.begin(
                read_only=True, single=True, caller=watch.user_id
            ) as work:
                return await work.events.first(watch.conversation_id)

    def _tell(self, page: Iterable[Recorded], *, is_live: bool) -> None:
        """Count what a stream is given, and measure how late it comes to one that is live."""
        telemetry, now = self._ports.telemetry, self._ports.clock()
        for type_, count in Counter(recorded.data.type for recorded in page).items():
            telemetry.count("cortex.events.delivered", count, type=type_)
        if is_live:
            for recorded in page:
                late = (now - recorded.at).total_seconds()
                telemetry.measure("cortex.event.delay", max(late, 0.0))


def _fitting(found: Sequence[Recorded]) -> tuple[deque[Recorded], bool]:
    """Return what of *found* is kept while the reader takes it, and whether there may be more."""
    page: deque[Recorded] = deque()
    size = 0
    for recorded in found:
        if isinstance(recorded.data, MessageCreated):
            size += len(recorded.data.message.content)
        if page and size > CHARACTERS:
            break
        page.append(recorded)
    return page, len(page) < len(found) or len(found) == PAGE


def _noticed(reading: asyncio.Task[Sequence[Recorded]]) -> None:
    """Take note of how *reading* ended, which nobody else may be there to do."""
    if not reading.cancelled():
        reading.exception()
