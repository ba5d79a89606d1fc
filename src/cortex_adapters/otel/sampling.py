"""Which traces are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import SpanContext, SpanKind, TraceState

from cortex_adapters.otel.tracing import EMPTY, around

RATE: Final = 10.0
BURST: Final = 100.0
_IDS: Final = 1 << 64


class Sampling(Protocol):
    """Decides once for each trace, where it enters or begins."""

    def keeps(
        self, trace_id: int, name: str, kind: SpanKind, above: SpanContext | None
    ) -> tuple[bool, TraceState | None]:
        """Say whether that trace is kept, and what state it takes along."""
        ...


class BoundedSampling:
    """Keeps a *ratio* of the traces that begin here, and *rate* a second at most, after a *burst*.

    A trace costs as much when a thousand requests come in a second as when one does: without a
    bound, most of what a busy server does is telling what it does. What goes on from elsewhere is
    kept as it was decided there; of requests that say so, as anybody may, as many again as begin
    here. The ratio is that of the lower half of the ids, as in the SDK, so that all who are asked
    about one trace agree.
    """

    def __init__(
        self,
        ratio: float,
        *,
        rate: float = RATE,
        burst: float = BURST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._edge = round(ratio * _IDS)
        self._begun = _Bucket(rate, burst, clock)
        self._brought = _Bucket(rate, burst, clock)

    def keeps(
        self,
        trace_id: int,
        name: str,  # noqa: ARG002 - others ask for it
        kind: SpanKind,
        above: SpanContext | None,
    ) -> tuple[bool, TraceState | None]:
        if above is None:
            return trace_id % _IDS < self._edge and self._begun.gives(), None
        kept = above.trace_flags.sampled and (kind is not SpanKind.SERVER or self._brought.gives())
        return kept, above.trace_state


class _Bucket:
    """Gives *burst* at once, and *rate* a second after that."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._asked = clock()

    def gives(self) -> bool:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._asked) * self._rate)
        self._asked = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class SdkSampling:
    """Asks a *sampler* of the SDK, such as the one that `OTEL_TRACES_SAMPLER` names."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def keeps(
        self, trace_id: int, name: str, kind: SpanKind, above: SpanContext | None
    ) -> tuple[bool, TraceState | None]:
        context = EMPTY if above is None else around(above)
        found = self._sampler.should_sample(context, trace_id, name, kind)
        return found.decision is Decision.RECORD_AND_SAMPLE, found.trace_state
