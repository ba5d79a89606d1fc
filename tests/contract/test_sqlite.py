"""The adapters in SQLite keep every promise."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortex_adapters.sqlite.schema import upgrade
from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import PersistenceContract


class TestSqliteStore(PersistenceContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SqliteStore]:
        path = str(tmp_path / "cortex.db")
        await upgrade(path)
        async with open_store(path) as store:
            yield store
