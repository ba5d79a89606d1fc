"""Named values in memory."""

from __future__ import annotations

from cortex_adapters.memory.transaction import Transaction


class MemoryRegistry:
    """Small named values that everyone on one store shares."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def ensure(self, name: str, value: str) -> str:
        registry = self._transaction.writing().registry
        known = registry.get(name)
        if known is None:
            registry.put(name, value)
            return value
        return known

    async def get(self, name: str) -> str | None:
        return self._transaction.reading().registry.get(name)
