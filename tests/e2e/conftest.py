"""Servers for the end-to-end tests, on both databases."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.e2e.releases import NEXT, upgrade
from tests.e2e.server import ServerProcess
from tests.postgres import role_of_server

# With it, every server of these tests runs on the schema of the next release.
MORE = [NEXT] if os.environ.get("CORTEX_TEST_NEXT_SCHEMA") else []


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cortex.db"
    url: str = request.getfixturevalue("fresh_database")
    return url


def as_server(url: str, *, row_security: bool = False) -> AbstractContextManager[str]:
    """Give the address for a role that may do what a server may, and no more."""
    if url.startswith("postgres"):
        return role_of_server(url, row_security=row_security)
    return nullcontext(url)


@pytest.fixture
async def server(database_url: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A running server, once on each kind of database."""
    if database_url.startswith("postgres") or MORE:
        await upgrade(database_url, *MORE)
    with as_server(database_url, row_security=True) as url:
        process = ServerProcess(database_url, tmp_path, as_server=url)
        try:
            yield await process.start()
        finally:
            await process.stop()


@pytest.fixture
async def two_servers(fresh_database: str, tmp_path: Path) -> AsyncIterator[list[ServerProcess]]:
    """Two running servers on one PostgreSQL."""
    await upgrade(fresh_database, *MORE)
    with as_server(fresh_database) as url:
        processes = [ServerProcess(fresh_database, tmp_path, as_server=url) for _ in range(2)]
        try:
            yield [await process.start() for process in processes]
        finally:
            for process in processes:
                await process.stop()
