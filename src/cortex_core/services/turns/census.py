"""How many turns wait, and for how long: read from the queue once in a while."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from cortex_core.domain.errors import CortexError
from cortex_core.domain.models import TurnStatus
from cortex_core.ports import Ports
from cortex_core.services.operation import operation

STATES = (TurnStatus.QUEUED, TurnStatus.RUNNING)


async def keep_count(ports: Ports, *, period: float = 15.0) -> None:
    """Tell the backlog each *period* seconds, until cancelled; every process tells the same."""
    while True:
        with suppress(CortexError), operation(ports, "turns.count"):
            await count_backlog(ports)
        await asyncio.sleep(period)


async def count_backlog(ports: Ports) -> None:
    """Tell how many turns there are in each state, and how old the oldest is."""
    async with ports.store.begin(read_only=True, single=True) as work:
        found = {each.status: each for each in await work.turns.backlog()}
    now = ports.clock()
    for status in STATES:
        backlog = found.get(status)
        age = (now - backlog.oldest).total_seconds() if backlog else 0.0
        count = backlog.count if backlog else 0
        ports.telemetry.measure("cortex.turns", count, state=status.value)
        ports.telemetry.measure("cortex.turn.age", max(age, 0.0), state=status.value)
