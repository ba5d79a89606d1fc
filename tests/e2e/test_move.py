"""A database goes to one of the other kind while people write, and is killed on the way."""

import asyncio
import json
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cortex_adapters.moving import verifying
from cortex_adapters.moving.tables import agreed
from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.postgres.moving.end import PostgresEnd
from cortex_adapters.sqlite import schema as sqlite_schema
from cortex_adapters.sqlite.moving.end import SqliteEnd
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api, GoneError
from tests.nasty import seed

MESSAGES = 4_000
KILLS = 6
WRITERS = 3
WHOLE = 120


@dataclass
class Writers:
    """People who post, rename and delete, and remember what they were told."""

    ada: Api
    workspace: str
    talk: str
    posted: set[str] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    unread: int = 0

    async def run(self) -> None:
        while True:
            await self._one()
            await asyncio.sleep(0.005)

    async def _one(self) -> None:
        roll = random.random()
        if roll < 0.8:
            answer = await self.ada.post(f"{self.talk}/messages", {"content": "\U0001f600 é"})
            if answer.status == 201:
                self.posted.add(answer.json()["id"])
        elif roll < 0.9:
            answer = await self.ada.ask("PATCH", self.talk, {"topic": f"{roll}"})
        else:
            answer = await self.ada.post(
                f"/v1/workspaces/{self.workspace}/conversations", {"topic": "to be deleted"}
            )
            if answer.status == 201:
                gone = f"/v1/conversations/{answer.json()['id']}"
                answer = await self.ada.ask("DELETE", gone)
                if answer.status == 204:
                    self.deleted.append(gone)
        if answer.status >= 400:
            assert answer.status == 503, answer.body
            assert int(answer.headers["retry-after"]) >= 1
            self.refused[answer.json()["code"]] += 1
            read = await self.ada.get(f"{self.talk}/messages?limit=1")
            assert read.status == 200, read.body


@asynccontextmanager
async def writing(server: ServerProcess) -> AsyncIterator[Writers]:
    ada = await Api(server.port).sign_in()
    workspace = await ada.workspace()
    writers = Writers(ada, workspace, await ada.conversation(workspace))
    tasks = [asyncio.create_task(writers.run()) for _ in range(WRITERS)]
    try:
        yield writers
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def run_move(
    server: ServerProcess, *asked: str, kill_at: int | str | None = None
) -> tuple[int | None, list[dict[str, Any]]]:
    """Run the command; kill it at its line number *kill_at*, or at that one of the cutover."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortex_adapters.cli.main", "db", "move", "--json", *asked),
        env=server.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 24,
    )
    assert process.stdout is not None
    lines: list[dict[str, Any]] = []
    async with asyncio.timeout(WHOLE):
        async for text in process.stdout:
            assert text.startswith(b"{"), text + await process.stdout.read()
            lines.append(json.loads(text))
            if kill_at is not None and kill_at in {len(lines), lines[-1].get("table")}:
                process.kill()
                await process.wait()
                return None, lines
        return await process.wait(), lines


@pytest.fixture(params=["there", "back"])
async def addresses(
    request: pytest.FixtureRequest, fresh_database: str, tmp_path: Path
) -> tuple[str, str]:
    """A source full of nasty rows, and a target that is empty."""
    file = str(tmp_path / "cortex.db")
    await sqlite_schema.upgrade(file)
    seed(file, messages=MESSAGES, large=5)
    forget_epoch(file)
    await postgres_schema.upgrade(fresh_database)
    there = f"sqlite:///{file}", fresh_database
    if request.param == "there":
        return there
    code, _ = await run_move(ServerProcess(there[0], tmp_path), *there)
    assert code == 0
    return fresh_database, f"sqlite:///{tmp_path}/back.db"


def forget_epoch(file: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM registry")
        connection.commit()


async def hashes(one: str, other: str) -> list[tuple[str, int, str]]:
    """Return tables, counts and hashes, which are the same on both sides."""
    ends = [
        SqliteEnd(each.removeprefix("sqlite:///"))
        if each.startswith("sqlite")
        else PostgresEnd(each, "postgresql://x")
        for each in sorted((one, other))  # PostgreSQL first
    ]
    tables = agreed(await ends[0].tables(), await ends[1].tables())
    async with ends[0].snapshot() as left, ends[1].snapshot() as right:
        verdict = await verifying.verify(
            left, right, tables, lambda _step: None, lambda _table, _page: None
        )
    assert verdict.ok, verdict.differences
    assert all(each.source_hash == each.target_hash for each in verdict.tables)
    return [(each.table, each.source_rows, each.source_hash) for each in verdict.tables]


async def test_fault_53_a_move_that_is_killed_again_and_again_arrives_whole(
    addresses: tuple[str, str], tmp_path: Path
):
    source, target = addresses
    server = ServerProcess(source, tmp_path)
    await server.start()
    try:
        async with writing(server) as writers:
            for _ in range(KILLS):
                await run_move(server, source, target, kill_at=random.randrange(8, 26))
            await run_move(server, source, target, kill_at="frozen")
            refused = writers.refused["frozen"]
            await asyncio.sleep(0.5)
            assert writers.refused["frozen"] > refused, "it was killed while writes were frozen"
            await run_move(server, source, target, kill_at="left the source")
            code, lines = await run_move(server, source, target)
            assert code == 0, lines[-1]
            assert [line["phase"] for line in lines] == ["cutover"]
            posted = set(writers.posted)
            await asyncio.sleep(0.3)
            assert posted == writers.posted, "the source takes no writes any more"
        assert set(writers.refused) == {"frozen"}
        assert len(writers.posted) > 20
        assert writers.deleted
        counted = await hashes(source, target)
        assert {name for name, rows, _ in counted if rows >= MESSAGES} == {"messages"}

        await server.kill()
        with pytest.raises((AssertionError, GoneError), match="did not start"):
            await server.start()
        assert "moved to" in server.said()

        after = ServerProcess(target, tmp_path)
        await after.start()
        try:
            ada = writers.ada.at(after.port)
            messages = [each["id"] for each in await ada.pages(f"{writers.talk}/messages")]
            assert len(set(messages)) == len(messages)
            assert writers.posted <= set(messages)
            events = [each["seq"] for each in await ada.pages(f"{writers.talk}/events")]
            assert events == list(range(1, len(events) + 1))
            for gone in writers.deleted[:5]:
                assert (await ada.get(gone)).status == 404
            answer = await ada.post(f"{writers.talk}/messages", {"content": "here"})
            assert answer.status == 201
        finally:
            await after.stop()
    finally:
        await server.stop()


async def test_writes_are_frozen_for_a_moment_only(addresses: tuple[str, str], tmp_path: Path):
    source, target = addresses
    server = ServerProcess(source, tmp_path)
    await server.start()
    try:
        async with writing(server) as writers:
            await asyncio.sleep(1)
            code, lines = await run_move(server, source, target)
        assert code == 0
        ends = {line["phase"]: line["outcome"] for line in lines if "outcome" in line}
        assert list(ends) == ["plan", "copy", "follow", "verify", "cutover"]
        assert ends["verify"]["sampled"] > 5
        assert 0 < ends["cutover"]["frozen_seconds"] < 5
        assert set(writers.refused) <= {"frozen"}
        await hashes(source, target)
    finally:
        await server.stop()
