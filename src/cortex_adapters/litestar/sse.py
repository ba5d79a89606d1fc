"""Server-sent events, as the WHATWG HTML standard defines the stream (section 9.2.5)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Final, Literal

import msgspec

from cortex_adapters.litestar.errors import Problem, unplanned
from cortex_adapters.litestar.operations import EVENT_STREAM
from cortex_core.domain.errors import CortexError
from cortex_core.domain.events import EventData, Recorded, TurnDelta
from cortex_core.domain.models import ASSISTANT, Actor
from cortex_core.ports import Clock
from cortex_core.services.following import Goodbye, Item, Quiet, Reset

MEDIA_TYPE: Final = EVENT_STREAM
RETRY_MS: Final = 2000
HEARTBEAT: Final = b": quiet\n\n"

EventType = Literal[
    "message.created",
    "turn.started",
    "turn.delta",
    "turn.completed",
    "turn.failed",
    "conversation.updated",
    "participant.added",
    "participant.removed",
    "reset",
    "goodbye",
]


class WireEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event as clients see it; what passes by has no `seq`.

    `correlation_id` is that of the request that led to it, if one did; of a goodbye, the stream's.
    """

    type: str
    seq: int | None
    at: datetime
    actor: Actor | None
    data: EventData | TurnDelta | Problem | dict[str, object]
    correlation_id: str | None = None


def wire(recorded: Recorded) -> WireEvent:
    """Return a logged event as clients see it."""
    return WireEvent(
        type=recorded.data.type,
        seq=recorded.seq,
        at=recorded.at,
        actor=recorded.actor,
        data=recorded.data,
        correlation_id=recorded.correlation_id or None,
    )


def encode(event: WireEvent, *, epoch: str) -> bytes:
    """Return *event* as one block; JSON text holds no line break, so its data is one line."""
    place = b"" if event.seq is None else f"id: {epoch}.{event.seq}\n".encode()
    name = event.type.encode()
    return b"%bevent: %b\ndata: %b\n\n" % (place, name, msgspec.json.encode(event))


ProblemOf = Callable[[CortexError], Problem]
Report = Callable[[Exception], str]
"""Tells the operator of an error, and returns the incident's id."""


def _wait(reason: CortexError) -> bytes:
    """Return what `Retry-After` is to an answer: when to connect again, if that may help."""
    return b"retry: %d\n" % max(RETRY_MS, reason.retry_after * 1000) if reason.retryable else b""


class Encoder:
    """Turns a follower's items into the bytes of one stream."""

    def __init__(self, *, epoch: str, clock: Clock, problem: ProblemOf, report: Report) -> None:
        self._epoch = epoch
        self._clock = clock
        self._problem = problem
        self._report = report

    async def stream(self, items: AsyncGenerator[Item, None]) -> AsyncGenerator[bytes, None]:
        """Yield the stream, and close *items* with it; an error on the way becomes its goodbye."""
        yield b"retry: %d\n\n" % RETRY_MS
        try:
            async with aclosing(items):
                async for item in items:
                    yield self._block(item)
        except CortexError as error:
            yield self._block(Goodbye(reason=error))
        except Exception as error:  # noqa: BLE001 - reported, and told as an incident
            yield self._block(Goodbye(reason=unplanned(error, self._report(error))))

    def _block(self, item: Item) -> bytes:
        match item:
            case Recorded():
                return encode(wire(item), epoch=self._epoch)
            case Quiet():
                return HEARTBEAT
            case TurnDelta():
                data = {
                    "turn_id": item.turn_id,
                    "attempt": item.attempt,
                    "index": item.index,
                    "text": item.text,
                }
                return self._passing(item.type, data, ASSISTANT)
            case Reset():
                return self._passing("reset", {"oldest": item.oldest}, None)
            case Goodbye():
                problem = self._problem(item.reason)
                goodbye = self._passing("goodbye", problem, None, problem.correlation_id)
                return _wait(item.reason) + goodbye

    def _passing(
        self,
        type_: str,
        data: dict[str, object] | Problem,
        actor: Actor | None,
        correlation_id: str | None = None,
    ) -> bytes:
        event = WireEvent(
            type=type_,
            seq=None,
            at=self._clock(),
            actor=actor,
            data=data,
            correlation_id=correlation_id,
        )
        return encode(event, epoch=self._epoch)
