"""Writers at a server whose database is moved, the command that moves it, and what came of it."""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cortex_adapters.moving import verifying
from cortex_adapters.moving.tables import agreed
from cortex_adapters.postgres.moving.end import PostgresEnd
from cortex_adapters.sqlite.moving.end import SqliteEnd
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

WRITERS = 3


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
    workspace = await ada.workspace(f"Lab {random.random()}")
    writers = Writers(ada, workspace, await ada.conversation(workspace))
    tasks = [asyncio.create_task(writers.run()) for _ in range(WRITERS)]
    try:
        yield writers
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


@dataclass
class Run:
    """How one run of the command ended; *peak* is its memory in KiB."""

    code: int | None
    lines: list[dict[str, Any]]
    peak: int

    @property
    def outcomes(self) -> dict[str, Any]:
        return {line["phase"]: line["outcome"] for line in self.lines if "outcome" in line}


async def run_move(
    server: ServerProcess,
    *asked: str,
    kill_at: int | str | None = None,
    kill_after: float | None = None,
    patience: float = 120,
) -> Run:
    """Run the command; kill it at its line number *kill_at*, at that one of the cutover, or later.

    *kill_after* is in seconds after its first line.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortex_adapters.cli.main", "db", "move", "--json", *asked),
        env=server.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 24,
    )
    assert process.stdout is not None
    lines: list[dict[str, Any]] = []
    peak = 0
    killing: asyncio.TimerHandle | None = None
    async with asyncio.timeout(patience):
        async for text in process.stdout:
            assert text.startswith(b"{"), text + await process.stdout.read()
            lines.append(json.loads(text))
            peak = max(peak, _peak(process.pid))
            if kill_after is not None and killing is None:
                killing = asyncio.get_running_loop().call_later(kill_after, _kill, process)
            if kill_at is not None and kill_at in {len(lines), lines[-1].get("table")}:
                _kill(process)
        code = await process.wait()
    if killing is not None:
        killing.cancel()
    return Run(None if code < 0 else code, lines, peak)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) if found else 0


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
