"""Ports with nothing outside this process but the store."""

from __future__ import annotations

from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.memory.errors import MemoryErrorReporter
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core.domain.ids import NewId, Uuid7
from cortex_core.ports import (
    Assistant,
    Clock,
    ErrorReporter,
    EventStream,
    IdentityProvider,
    Ports,
    Retry,
    SignOn,
    Store,
    Telemetry,
)
from cortex_core.ports.clock import system_clock
from cortex_core.ports.retry import once


def ports_around(
    store: Store,
    *,
    identity: IdentityProvider | None = None,
    events: EventStream | None = None,
    assistant: Assistant | None = None,
    errors: ErrorReporter | None = None,
    telemetry: Telemetry | None = None,
    sign_on: SignOn | None = None,
    retry: Retry = once,
    clock: Clock = system_clock,
    new_id: NewId | None = None,
) -> Ports:
    """Return ports around *store*; whatever is not given stays within this process.

    One process at a time: events reach the listeners of this one only.
    """
    return Ports(
        identity=identity or MemoryIdentityProvider(clock=clock),
        store=store,
        events=events or MemoryEventStream(),
        assistant=assistant or EchoAssistant(),
        errors=errors or MemoryErrorReporter(),
        telemetry=telemetry or MemoryTelemetry(),
        sign_on=sign_on,
        retry=retry,
        clock=clock,
        new_id=new_id or Uuid7(),
    )
