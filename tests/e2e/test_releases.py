"""Two releases side by side: a server on the schema of the next one, and on that of the last."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from cortex_adapters.postgres import schema
from tests.e2e.releases import BEYOND, NEXT, STEPS, take_back, upgrade
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api


async def _talk(server: ServerProcess, email: str) -> tuple[Api, str]:
    """Do what people do: sign in, write, ask, watch, and read it again."""
    ada = await Api(server.port).sign_in(email)
    talk = await ada.conversation()
    stream = await ada.follow(f"{talk}/events")
    await ada.post(f"{talk}/messages", {"content": "hello", "respond": True})
    async with asyncio.timeout(10):
        await stream.until("turn.completed")
    stream.close()
    answer = await ada.ask("PATCH", talk, {"topic": "Later"})
    assert answer.status == 200, answer.body
    assert [each["content"] for each in await ada.pages(f"{talk}/messages")] == ["hello"] * 2
    return ada, talk


async def test_fault_51_a_server_runs_on_the_schema_of_the_next_release(database_url, tmp_path):
    server = ServerProcess(database_url, tmp_path)
    await upgrade(server.database_url, NEXT)
    try:
        await server.start()
        ada, talk = await _talk(server, "ada@example.com")
        await server.kill()
        await server.start()
        assert len(await ada.pages(f"{talk}/messages")) == 2
        assert (await ada.get("/health/ready")).status == 200
        assert await server.terminate() == 0
    finally:
        await server.stop()


async def test_fault_51_an_upgrade_and_its_way_back_go_by_while_people_write(server):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    over = asyncio.Event()
    writer = asyncio.create_task(_write(ada, talk, over))
    try:
        for _ in range(3):
            await asyncio.sleep(0.3)
            await upgrade(server.database_url, NEXT)
            await asyncio.sleep(0.3)
            await take_back(server.database_url, NEXT)
    finally:
        over.set()
    answers = await writer
    assert set(answers) == {201}
    assert len(await ada.pages(f"{talk}/messages")) == len(answers)


async def _write(ada: Api, talk: str, over: asyncio.Event) -> list[int]:
    answers = []
    number = 0
    while not over.is_set():
        number += 1
        answer = await ada.post(f"{talk}/messages", {"content": f"{number}"})
        answers.append(answer.status)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 0.02)
    return answers


async def test_fault_51_a_server_refuses_a_schema_beyond_its_window(database_url, tmp_path):
    server = ServerProcess(database_url, tmp_path)
    await upgrade(server.database_url, BEYOND)
    said = await _refused(server)
    assert f"step {BEYOND.number} (beyond), which this release does not know" in said


async def test_fault_51_a_server_refuses_the_schema_of_the_last_release(
    fresh_database: str, tmp_path: Path
):
    server = ServerProcess(fresh_database, tmp_path)
    await schema.upgrade(fresh_database, steps=STEPS[:-1])
    try:
        assert "Run: cortex db upgrade" in await _refused(server)
        await upgrade(server.database_url)
        await server.start()
        await _talk(server, "ada@example.com")
    finally:
        await server.stop()


async def _refused(server: ServerProcess) -> str:
    """Return what a server says that does not start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortex_adapters.cli.main", "serve"),
        env=server.environment(),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        _, said = await process.communicate()
    assert process.returncode == 1
    return said.decode()
