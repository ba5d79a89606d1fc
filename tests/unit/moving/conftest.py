"""A file full of nasty rows, an empty PostgreSQL, and moves between any two."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from cortex_adapters.moving.move import Move
from cortex_adapters.moving.report import Step, Tell
from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.server import Hold, open_move
from cortex_adapters.settings import DatabaseUrl, database_url
from cortex_adapters.sqlite import schema as sqlite_schema
from tests.nasty import seed

Moving = Callable[..., AbstractAsyncContextManager[Move]]


def quiet(step: Step) -> None:
    """Take no notice."""


@pytest.fixture
async def file(tmp_path: Path) -> str:
    """A file with a few hundred nasty rows."""
    path = str(tmp_path / "cortex.db")
    await sqlite_schema.upgrade(path)
    seed(path, messages=300, large=6)
    return path


@pytest.fixture
async def postgres(fresh_database: str) -> str:
    """An empty database with its schema."""
    await postgres_schema.upgrade(fresh_database)
    return fresh_database


@pytest.fixture
def moving() -> Moving:
    def opened(
        source: str, target: str, tell: Tell = quiet, *, hold: Hold = "both"
    ) -> AbstractAsyncContextManager[Move]:
        return open_move(url(source), url(target), tell, hold=hold)

    return opened


def url(address: str) -> DatabaseUrl:
    """Return the address of a file or a database."""
    return database_url(address if ":" in address else f"sqlite:///{address}")
