"""What may happen once, in memory."""

from __future__ import annotations

from datetime import datetime

from cortex_adapters.memory.repositories.expiry import purge
from cortex_adapters.memory.transaction import Transaction


class MemoryReplays:
    """What may happen once, on all processes together."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def spend(self, key: str, *, now: datetime, until: datetime) -> bool:
        replays = self._transaction.writing().replays
        kept = replays.get(key)
        if kept is not None and kept > now:
            return False
        replays.put(key, until)
        return True

    async def purge(self, *, now: datetime, limit: int) -> int:
        replays = self._transaction.writing().replays
        return purge(replays, lambda until: until, now=now, limit=limit)
