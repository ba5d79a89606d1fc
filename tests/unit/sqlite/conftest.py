"""A migrated file, and a store on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortex_adapters.sqlite.schema import upgrade
from cortex_adapters.sqlite.store import SqliteStore, open_store


@pytest.fixture
async def path(tmp_path: Path) -> str:
    file = str(tmp_path / "cortex.db")
    await upgrade(file)
    return file


@pytest.fixture
async def store(path: str) -> AsyncIterator[SqliteStore]:
    async with open_store(path) as store:
        yield store
