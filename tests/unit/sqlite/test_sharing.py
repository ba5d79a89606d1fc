"""Several on one file: who waits, for how long, and who goes on meanwhile."""

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_adapters.sqlite.connections import READER, open_lane
from cortex_adapters.sqlite.lanes import Readers
from cortex_adapters.sqlite.lock import serving
from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_conversation, stored_scene, stored_user
from cortex_core.domain.errors import BusyError, OverloadedError
from tests.unit.sqlite import child


async def test_a_writer_waits_for_another_process_for_its_patience_and_reads_go_on(
    path: str,
) -> None:
    async with open_store(path, busy_timeout=0.4) as store:
        ada = await stored_user(store)
        process = child.start("hold", path)
        assert child.said(process) == "held"
        for single in (False, True):
            began = time.monotonic()
            waiting = asyncio.create_task(_write(store, single=single))
            reads = 0
            while not waiting.done():
                async with store.begin(read_only=True) as work:
                    assert await work.users.get(ada.id) == ada
                reads += 1
                await asyncio.sleep(0.005)
            assert 0.4 <= time.monotonic() - began < 2
            with pytest.raises(BusyError) as caught:
                await waiting
            assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
            assert "lock" not in str(caught.value)
            assert reads > 5
        child.end(process)
        await _write(store)


async def test_a_writer_that_waits_for_another_process_is_told_as_one_statement(path: str) -> None:
    telemetry = MemoryTelemetry()
    async with open_store(path, busy_timeout=0.4, telemetry=telemetry) as store:
        process = child.start("hold", path)
        assert child.said(process) == "held"
        telemetry.spans.clear()
        with pytest.raises(BusyError):
            await _write(store)
        begun = [
            span for span in telemetry.spans if span.attributes["db.operation.name"] == "BEGIN"
        ]
        assert len(begun) == 1
        assert isinstance(begun[0].error, sqlite3.OperationalError)
        child.end(process)


async def test_a_writer_goes_on_as_soon_as_the_other_process_is_done(
    store: SqliteStore, path: str
) -> None:
    process = child.start("hold", path)
    assert child.said(process) == "held"
    waiting = asyncio.create_task(_write(store))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    child.end(process)
    async with asyncio.timeout(1):
        await waiting


async def test_within_a_process_writers_take_turns_and_none_waits_for_ever(path: str) -> None:
    async with open_store(path, busy_timeout=0.2) as store:
        async with store.begin() as work:
            await work.registry.ensure("first", "1")
            waiting = [asyncio.create_task(_write(store, single=bool(n % 2))) for n in range(4)]
            done, _ = await asyncio.wait(waiting, timeout=2)
            assert len(done) == 4
            for task in done:
                with pytest.raises(BusyError):
                    await task
        await _write(store)


async def test_writers_are_served_in_the_order_of_asking(store: SqliteStore) -> None:
    served: list[int] = []

    async def write(n: int) -> None:
        async with store.begin() as work:
            await work.registry.ensure(f"{n}", "")
            served.append(n)

    await asyncio.gather(*(write(n) for n in range(50)))
    assert served == list(range(50))


async def test_readers_beyond_the_connections_wait_and_none_for_ever(path: str) -> None:
    async with open_lane(path, READER, patience=1) as lane:
        readers = Readers([lane], patience=0.1)
        gate = threading.Event()
        slow = asyncio.create_task(readers.run(lambda _: gate.wait(5)))
        await asyncio.sleep(0.01)
        with pytest.raises(OverloadedError):
            await readers.run(_one)
        gate.set()
        await slow
        assert await asyncio.gather(*(readers.run(_one) for _ in range(50))) == [1] * 50


async def test_a_slow_read_keeps_nobody_else_waiting(store: SqliteStore) -> None:
    gate = threading.Event()
    slow = [asyncio.create_task(store._readers.run(lambda _: gate.wait(5))) for _ in range(2)]
    await asyncio.sleep(0.01)
    await _write(store)
    async with store.begin(read_only=True) as work:
        assert await work.registry.get("nothing") is None
    gate.set()
    await asyncio.gather(*slow)


async def test_fault_26_a_second_server_on_the_file_is_refused(path: str, tmp_path: Path) -> None:
    alias = tmp_path / "alias.db"
    alias.symlink_to(path)
    with serving(path):
        for name in (path, str(alias)):
            told = " ".join(child.end(child.start("serve", name)))
            assert told == f"{name}: another server is using this file."
        with pytest.raises(BusyError), serving(str(alias)):
            pass
    process = child.start("serve", path)
    assert child.said(process) == "serving"
    with pytest.raises(BusyError), serving(path):
        pass
    process.kill()
    child.end(process)
    with serving(path):
        pass


def _one(connection: sqlite3.Connection) -> int:
    [number] = connection.execute("SELECT 1").fetchone()
    assert isinstance(number, int)
    return number


async def _write(store: SqliteStore, *, single: bool = False) -> None:
    async with store.begin(single=single) as work:
        await work.registry.ensure("written", "1")


async def test_fault_23_two_processes_that_read_and_then_write_never_meet_a_snapshot_too_old(
    path: str,
) -> None:
    """A writing unit has the lock from its begin: nothing it has read can change under it."""
    async with open_store(path) as store:
        scene = await stored_scene(store)
        talk = replace(make.conversation(scene.workspace), topic="0")
        await stored_conversation(store, scene.workspace, talk)
    children = [child.start("count", path, talk.id, module="poster") for _ in range(2)]
    assert [child.said(each) for each in children] == ["ready", "ready"]
    for each in children:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    for each in children:
        child.end(each)
    assert [each.returncode for each in children] == [0, 0]
    async with open_store(path) as store, store.begin(read_only=True) as work:
        assert (await work.conversations.get(talk.id)).topic == "200"
