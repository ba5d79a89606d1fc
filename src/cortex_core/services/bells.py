"""Ringing the doorbell, after the commit, for whoever listens."""

from __future__ import annotations

from typing import Final

from cortex_core.domain.events import Bell
from cortex_core.domain.ids import ConversationId
from cortex_core.ports import Ports

TRACE: Final = "traceparent"
"""What carries a trace on (W3C Trace Context section 3.2)."""


async def ring(ports: Ports, *places: tuple[ConversationId, int]) -> None:
    """Tell listeners that logs have grown, each to its *place*, and which trace that was in."""
    if not places:
        return
    with ports.telemetry.span("cortex.event.publish", signals=len(places)):
        trace = ports.telemetry.carrier().get(TRACE, "")
        await ports.events.publish(
            *(Bell(conversation_id=talk, seq=seq, traceparent=trace) for talk, seq in places)
        )
