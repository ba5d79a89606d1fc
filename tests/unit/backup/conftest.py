"""Databases of both kinds, full and empty, and the programs that PostgreSQL's need."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from cortex_adapters.backup.ends import BackupEnd
from cortex_adapters.moving.report import Step
from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.postgres.backup import PostgresBackup
from cortex_adapters.server import open_move
from cortex_adapters.settings import database_url
from cortex_adapters.sqlite import schema as sqlite_schema
from cortex_adapters.sqlite.backup import SqliteBackup
from tests.nasty import seed
from tests.postgres import fresh_database as another_database
from tests.postgres import tools_of


class Place:
    """A database: what backs it up, and a way to look into it."""

    def __init__(self, url: str, tools: Path) -> None:
        self.url = url
        self.end: BackupEnd = (
            SqliteBackup(url.removeprefix("sqlite:///"))
            if url.startswith("sqlite")
            else PostgresBackup(url, str(database_url(url)), tools)
        )

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        if self.end.kind == "sqlite":
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
                rows = connection.execute(sql).fetchall()
                connection.commit()
                return rows
        with psycopg.connect(self.url) as other:
            found = other.execute(sql.encode())
            return found.fetchall() if found.description else []


@pytest.fixture
def tools(postgres_server: str) -> Path:
    return tools_of(postgres_server)


@pytest.fixture(params=["sqlite", "postgres"])
async def full(request: pytest.FixtureRequest, tmp_path: Path, tools: Path) -> Place:
    """A database of each kind, with a few hundred nasty rows."""
    file = tmp_path / "full.db"
    await sqlite_schema.upgrade(str(file))
    seed(str(file), messages=60, large=1)
    if request.param == "sqlite":
        return Place(f"sqlite:///{file}", tools)
    url: str = request.getfixturevalue("fresh_database")
    await postgres_schema.upgrade(url)
    source, target = database_url(f"sqlite:///{file}"), database_url(url)
    async with open_move(source, target, quiet) as move:
        for phase in (move.copy, move.follow, move.verify, move.cutover):
            await phase()
    return Place(url, tools)


@pytest.fixture
def empty(full: Place, postgres_server: str, tmp_path: Path, tools: Path) -> Iterator[Place]:
    """An empty database of the same kind as *full*."""
    if full.end.kind == "sqlite":
        yield Place(f"sqlite:///{tmp_path}/empty.db", tools)
        return
    with another_database(postgres_server) as url:
        yield Place(url, tools)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk that has room for next to nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount a small disk")
    with tempfile.TemporaryDirectory(prefix="cortex-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "cortex-disk", folder]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk may not be mounted here: {done.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def quiet(step: Step) -> None:
    """Take no notice."""
