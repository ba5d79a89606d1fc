"""The adapters in memory keep every promise."""

import pytest

from cortex_adapters.memory.store import MemoryStore
from cortex_core.contract import PersistenceContract
from cortex_core.ports import Store


class TestMemoryStore(PersistenceContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()
