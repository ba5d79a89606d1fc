"""Backups while a server writes, restored, served again, and rehearsed."""

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.eventually import eventually
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api
from tests.postgres import fresh_database as another_database
from tests.postgres import tools_of

ROOT = Path(__file__).parents[2]
TALKS = 3


async def cortex(server: ServerProcess, *arguments: str, **settings: str) -> list[dict[str, Any]]:
    """Run `cortex db ...` beside *server*, as it is set up; return the lines that it printed."""
    code, out, err = await run(server, "db", *arguments, **settings)
    assert code == 0, err
    return [json.loads(line) for line in out.splitlines()]


async def run(server: ServerProcess, *arguments: str, **settings: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortex_adapters.cli.main", *arguments),
        env=server.environment() | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def tools(postgres_server: str) -> tuple[str, str]:
    """Where pg_dump is, as an option."""
    return "--tools", str(tools_of(postgres_server))


@pytest.fixture
async def another(
    server: ServerProcess, postgres_server: str, tmp_path: Path
) -> AsyncIterator[ServerProcess]:
    """A server of the same kind, whose database is empty; not started."""
    if server.sqlite_path:
        process = ServerProcess(f"sqlite:///{tmp_path}/restored.db", tmp_path)
        try:
            yield process
        finally:
            await process.stop()
        return
    with another_database(postgres_server) as url:
        process = ServerProcess(url, tmp_path)
        try:
            yield process
        finally:
            await process.stop()


@asynccontextmanager
async def writing(ada: Api, talks: list[str]) -> AsyncIterator[list[str]]:
    """Post to all *talks* meanwhile, as fast as it goes; give what was acknowledged so far."""
    acknowledged: list[str] = []

    async def post(talk: str) -> None:
        for number in range(100_000):
            body = {"content": f"{number} Z̮̞̠͙͔ͅ\U0001f600", "respond": number % 20 == 0}
            answer = await ada.post(f"{talk}/messages", body)
            assert answer.status == 201, answer.body
            acknowledged.append(answer.json()["id"])

    posting = [asyncio.create_task(post(talk)) for talk in talks for _ in range(2)]
    try:
        await eventually(lambda: len(acknowledged) > 50)
        yield acknowledged
    finally:
        for task in posting:
            task.cancel()
        ended = await asyncio.gather(*posting, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended


async def test_a_backup_under_writes_is_of_one_moment(
    server: ServerProcess, another: ServerProcess, tmp_path: Path, tools: tuple[str, str]
):
    """Whoever was told of a message before has it afterwards; no message lacks its event."""
    ada = await Api(server.port).sign_in()
    workspace = await ada.workspace()
    talks = [await ada.conversation(workspace) for _ in range(TALKS)]
    async with writing(ada, talks) as acknowledged:
        before = list(acknowledged)
        *_, done = await cortex(server, "backup", str(tmp_path / "backups"), *tools)
        assert len(acknowledged) > len(before), "nobody wrote meanwhile"
        *_, proved = await cortex(server, "verify-backup", str(tmp_path / "backups"), *tools)
    assert proved["backup"] == done["backup"]
    ends = await _end_of(ada, talks[0])

    *_, restored = await cortex(another, "restore", done["backup"], *tools)
    assert restored["rows"] == done["rows"]
    code, out, err = await run(another, "db", "check")
    assert code == 0, f"the schema is another one: {out}{err}"
    await another.start()
    again = await Api(another.port).sign_in()
    stored: list[str] = []
    for talk in talks:
        messages = await again.pages(f"{talk}/messages")
        events = await again.pages(f"{talk}/events")
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        told = [event["data"]["message"] for event in events if event["type"] == "message.created"]
        assert told[: len(messages)] == messages, "some may have been answered since"
        stored += [message["id"] for message in messages]
    assert set(before) <= set(stored)

    stream = await again.follow(f"{talks[0]}/events", last_event_id=ends)
    async with asyncio.timeout(10):
        [reset] = await stream.until("reset")
    stream.close()
    assert reset.type == "reset"
    answer = await ada.at(another.port).get("/v1/me")
    assert answer.status == 401, "a token from before, which may have been revoked since"


async def test_an_old_place_is_reset_even_where_nothing_was_lost(
    server: ServerProcess, another: ServerProcess, tmp_path: Path, tools: tuple[str, str]
):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    await ada.post(f"{talk}/messages", {"content": "one", "respond": False})
    place = await _end_of(ada, talk)
    *_, done = await cortex(server, "backup", str(tmp_path / "backups"), *tools)
    await cortex(another, "restore", done["backup"], "--keep-tokens", *tools)
    await another.start()
    stream = await ada.at(another.port).follow(f"{talk}/events", last_event_id=place)
    async with asyncio.timeout(10):
        await stream.until("reset")
    stream.close()


async def _end_of(api: Api, talk: str) -> str:
    """Return the id of the last event of a conversation, as its stream has it."""
    count = len(await api.pages(f"{talk}/events"))
    stream = await api.follow(f"{talk}/events")
    async with asyncio.timeout(10):
        async for event in stream.events():
            if event.id and event.seq == count:
                stream.close()
                return event.id
    raise AssertionError("the stream ended before its last event")


async def test_a_server_does_not_start_on_half_a_restore(
    server: ServerProcess, another: ServerProcess, tmp_path: Path, tools: tuple[str, str]
):
    """Killed anywhere, a restore has ended, or there is nothing that a server starts on."""
    *_, done = await cortex(server, "backup", str(tmp_path / "backups"), *tools)
    killed = 0
    for pause in (0.0, 0.0, 0.15, 0.3):
        killed += await _killed(
            another, "restore", done["backup"], *tools, when=lambda: _is_marked(another), then=pause
        )
        code, _, err = await run(another, "db", "backup", str(tmp_path / "again"), *tools)
        if code == 0:
            assert _asked(another, "SELECT count(*) FROM registry WHERE name = 'epoch'") == 1
        else:
            assert "A restore into this database has not ended" in err or "nothing in it" in err
        await _emptied(another)
    assert killed


async def _killed(
    server: ServerProcess, *arguments: str, when: Callable[[], bool], then: float
) -> bool:
    """Kill a command *then* seconds after something can be seen; say whether it was in time."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortex_adapters.cli.main", "db", *arguments),
        env=server.environment(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    while process.returncode is None and not when():  # noqa: ASYNC110 - what another process does
        await asyncio.sleep(0.001)
    await asyncio.sleep(then)
    if process.returncode is None:
        process.kill()
    return await process.wait() < 0


def _is_marked(server: ServerProcess) -> bool:
    if server.sqlite_path:
        return Path(f"{server.sqlite_path}.restoring").exists()
    return bool(_asked(server, "SELECT count(*) FROM pg_tables WHERE tablename = 'move_state'"))


def _asked(server: ServerProcess, sql: str) -> int:
    if server.sqlite_path:
        with closing(sqlite3.connect(server.sqlite_path)) as connection:
            return int(connection.execute(sql).fetchone()[0])
    with psycopg.connect(server.database_url) as other:
        row = other.execute(sql.encode()).fetchone()
        assert row is not None
        return int(row[0])


async def _emptied(server: ServerProcess) -> None:
    if server.sqlite_path:
        for file in Path(server.sqlite_path).parent.glob("restored.db*"):
            file.unlink()
        return
    async with await psycopg.AsyncConnection.connect(server.database_url) as other:
        await other.execute("DROP SCHEMA public CASCADE")
        await other.execute("CREATE SCHEMA public")


async def test_the_rehearsal_makes_proves_and_keeps(
    server: ServerProcess, tmp_path: Path, tools: tuple[str, str]
):
    folder = tmp_path / "kept"
    for _ in range(3):
        code, out, err = await _rehearsed(server, folder, tools[1])
        assert code == 0, err
        assert json.loads(out.splitlines()[-1])["done"] == "verify-backup"
    backups = sorted(folder.glob("cortex-*"))
    assert len(backups) == 2
    damaged = next(backups[-1].glob("data.*"))
    _flip(damaged)
    code, out, err = await run(server, "db", "verify-backup", str(folder), *tools)
    assert (code, out) == (1, "")
    assert err.startswith("cortex: Backup damaged: ")
    assert damaged.name in err


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


async def _rehearsed(server: ServerProcess, folder: Path, tools: str) -> tuple[int, str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        str(ROOT / "deploy/backup/rehearse"),
        env={
            **server.environment(),
            "PATH": path,
            "BACKUP_FOLDER": str(folder),
            "BACKUP_KEEP": "2",
            "BACKUP_TOOLS": tools,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_backup_that_is_killed_leaves_none(
    server: ServerProcess, tmp_path: Path, tools: tuple[str, str]
):
    folder = tmp_path / "backups"
    killed = 0
    for pause in (0.0, 0.0, 0.02, 0.1):
        killed += await _killed(
            server, "backup", str(folder), *tools, when=lambda: _is_begun(folder), then=pause
        )
        for backup in folder.glob("cortex-*"):
            await cortex(server, "verify-backup", str(backup), *tools)
            shutil.rmtree(backup)
    assert killed
    *_, done = await cortex(server, "backup", str(folder), *tools)
    await cortex(server, "verify-backup", done["backup"], *tools)
    assert not list(folder.glob(".partial-*"))


def _is_begun(folder: Path) -> bool:
    return any(folder.glob(".partial-*/*"))
