"""A database goes to one of the other kind while people write, and is killed on the way."""

import asyncio
import random
from pathlib import Path

import pytest

from cortex_adapters.postgres import schema as postgres_schema
from cortex_adapters.sqlite import schema as sqlite_schema
from tests.e2e.moving import hashes, run_move, writing
from tests.e2e.server import ServerProcess
from tests.e2e.wire import GoneError
from tests.nasty import forget_registry, seed

MESSAGES = 4_000
KILLS = 6


@pytest.fixture(params=["there", "back"])
async def addresses(
    request: pytest.FixtureRequest, fresh_database: str, tmp_path: Path
) -> tuple[str, str]:
    """A source full of nasty rows, and a target that is empty."""
    file = str(tmp_path / "cortex.db")
    await sqlite_schema.upgrade(file)
    seed(file, messages=MESSAGES, large=5)
    forget_registry(file)
    await postgres_schema.upgrade(fresh_database)
    there = f"sqlite:///{file}", fresh_database
    if request.param == "there":
        return there
    assert (await run_move(ServerProcess(there[0], tmp_path), *there)).code == 0
    return fresh_database, f"sqlite:///{tmp_path}/back.db"


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
            last = await run_move(server, source, target)
            assert last.code == 0, last.lines[-1]
            assert list(last.outcomes) == ["cutover"]
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
            run = await run_move(server, source, target)
        assert run.code == 0
        ends = run.outcomes
        assert run.peak < 150 << 10
        assert list(ends) == ["plan", "copy", "follow", "verify", "cutover"]
        assert ends["verify"]["sampled"] > 5
        assert 0 < ends["cutover"]["frozen_seconds"] < 5
        assert set(writers.refused) <= {"frozen"}
        await hashes(source, target)
    finally:
        await server.stop()
