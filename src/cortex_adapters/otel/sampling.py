"""Which of the traces that begin here are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

RATE: Final = 20.0
BURST: Final = 200.0
_DROPPED: Final = SamplingResult(Decision.DROP)


class BoundedSampler(Sampler):
    """Keeps a *ratio* of the traces, and *rate* a second at the most, after a *burst*.

    A trace costs as much when a thousand requests come in a second as when one does: without a
    bound, most of what a busy server does is telling what it does.
    """

    def __init__(
        self,
        ratio: float,
        *,
        rate: float = RATE,
        burst: float = BURST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = TraceIdRatioBased(ratio)
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._asked = clock()

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Say whether the trace of that id is kept."""
        if not self._has_room():
            return _DROPPED
        found = self._inner.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )
        if found.decision is not Decision.DROP:
            self._left -= 1
        return found

    def get_description(self) -> str:
        """Return the name of this sampler, with what it is bounded by."""
        return f"Bounded{{{self._inner.get_description()},{self._rate:g}/s}}"

    def _has_room(self) -> bool:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._asked) * self._rate)
        self._asked = now
        return self._left >= 1
