"""Upgrades by the command, many at once, with `kill -9` among them."""

import asyncio
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests import postgres
from tests.postgres import tools_of

AT_ONCE = 8
KILLED = 3
ROUNDS = int(os.environ.get("CORTEX_TEST_UPGRADE_ROUNDS", "2"))


async def test_fault_50_eight_upgrades_at_once_with_kills_make_the_schema_of_one(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path
):
    await _all_of_them_end_well(database_url)
    fresh = _dump(database_url)
    assert "CREATE TABLE" in fresh
    chance = random.Random(50)
    for number in range(ROUNDS):
        if database_url.startswith("sqlite"):
            await _round(f"sqlite:///{tmp_path}/{number}.db", fresh, chance)
        else:
            with postgres.fresh_database(request.getfixturevalue("postgres_server")) as url:
                await _round(url, fresh, chance)


async def _round(url: str, fresh: str, chance: random.Random) -> None:
    processes = [await _upgrading(url) for _ in range(AT_ONCE)]
    for process in chance.sample(processes, KILLED):
        await asyncio.sleep(chance.uniform(0, 1.5))
        if process.returncode is None:
            process.kill()
    async with asyncio.timeout(60):
        codes = [await process.wait() for process in processes]
    assert set(codes) <= {0, -signal.SIGKILL}
    assert codes.count(0) >= AT_ONCE - KILLED
    await _all_of_them_end_well(url)
    assert _dump(url) == fresh


async def _all_of_them_end_well(url: str) -> None:
    for command in ("upgrade", "check"):
        assert await (await _upgrading(url, command)).wait() == 0


async def _upgrading(url: str, command: str = "upgrade") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortex_adapters.cli.main", "db", command),
        env={**os.environ, "CORTEX_DATABASE_URL": url},
        stdout=asyncio.subprocess.DEVNULL,
    )


def _dump(url: str) -> str:
    """Return the schema as the tools of the database itself write it."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            rows = connection.execute("SELECT sql FROM sqlite_schema ORDER BY type, name")
            return "\n".join(str(sql) for (sql,) in rows)
    program = tools_of(url) / "pg_dump"
    told = subprocess.run(
        [program, "--schema-only", url], stdout=subprocess.PIPE, text=True, check=True
    )
    return re.sub(r"^\\(un)?restrict .*$", "", told.stdout, flags=re.MULTILINE)
