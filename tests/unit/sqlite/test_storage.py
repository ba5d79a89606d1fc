"""A file that is full, read-only or damaged: a named error, and nothing half done."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from cortex_adapters.sqlite.connections import READER, WRITER, Lane, open_lane
from cortex_adapters.sqlite.lanes import Readers, Writer
from cortex_adapters.sqlite.schema import status, upgrade
from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.errors import (
    NotFoundError,
    StorageCorruptError,
    StorageFullError,
    UnavailableError,
)
from cortex_core.domain.models import Role
from tests.unit.sqlite import child


@asynccontextmanager
async def _store_with_writer(path: str) -> AsyncIterator[tuple[SqliteStore, Lane]]:
    async with (
        open_lane(path, WRITER, patience=1) as writer,
        open_lane(path, READER, patience=1) as reader,
    ):
        yield SqliteStore(Writer(writer, patience=1), Readers([reader], patience=1)), writer


def _damage(path: str, table: str) -> None:
    """Overwrite the first page of *table*."""
    with closing(sqlite3.connect(path)) as connection:
        [page] = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)
        ).fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
    with Path(path).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("single", [False, True])
async def test_fault_21_on_a_full_disk_nothing_is_written_reads_go_on_and_it_recovers(
    path: str, single: bool
) -> None:
    async with _store_with_writer(path) as (store, writer):
        scene = await stored_scene(store)
        await writer.run(lambda c: c.execute("PRAGMA max_page_count = 50").fetchall())
        placed = 0

        async def post(content: str) -> None:
            async with store.begin(single=single) as work:
                note = make.message(scene.conversation, scene.owner, content)
                await work.messages.post(note, turn=make.turn(note), roles=frozenset(Role))

        async def fill() -> None:
            nonlocal placed
            while True:
                await post("x" * 30_000)
                placed += 1

        with pytest.raises(StorageFullError) as caught:
            await fill()
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        for _ in range(3):
            with pytest.raises(StorageFullError):
                await post("x" * 30_000)
        async with store.begin(read_only=True) as work:
            log = await work.events.since(scene.conversation.id, seq=0, limit=999)
            assert (await work.conversations.get(scene.conversation.id)).last_seq == placed
        assert [recorded.seq for recorded in log] == list(range(1, placed + 1))
        await writer.run(lambda c: c.execute("PRAGMA max_page_count = 5000").fetchall())
        await post("x" * 30_000)
        async with store.begin() as work:
            leased = await work.turns.lease(worker="w", now=make.at(1), until=make.at(2), limit=999)
        assert len(leased) == placed + 1


async def test_a_unit_that_met_a_full_disk_is_undone_though_nobody_lets_the_error_through(
    path: str,
) -> None:
    """SQLite may have rolled back by itself: what follows would be committed alone."""
    async with _store_with_writer(path) as (store, writer):
        scene = await stored_scene(store)
        await writer.run(lambda c: c.execute("PRAGMA max_page_count = 1").fetchall())
        again: list[type[BaseException]] = []

        async def swallow() -> None:
            async with store.begin() as work:
                await work.registry.ensure("before", "1")
                note = make.message(scene.conversation, scene.owner, "x" * 32_000)
                with pytest.raises(StorageFullError):
                    await work.messages.add(note)
                with pytest.raises(UnavailableError) as caught:
                    await work.registry.ensure("after", "1")
                again.append(caught.type)

        with pytest.raises(StorageFullError):
            await swallow()
        assert again == [UnavailableError]
        async with store.begin(read_only=True) as work:
            assert await work.registry.get("before") is None
            assert await work.registry.get("after") is None
            assert (await work.conversations.get(scene.conversation.id)).last_seq == 0


async def test_a_call_that_was_refused_changed_nothing_and_the_unit_may_go_on(
    store: SqliteStore,
) -> None:
    scene = await stored_scene(store)
    async with store.begin() as work:
        placed = await work.messages.add(make.message(scene.conversation, scene.owner))
        for _ in range(3):
            with pytest.raises(NotFoundError):
                await work.workspaces.put_member(
                    make.membership(scene.workspace, make.user(), Role.EDITOR)
                )
            with pytest.raises(Exception, match="identity"):  # the message's id is taken
                await work.messages.add(placed)
    async with store.begin(read_only=True) as work:
        assert (await work.conversations.get(scene.conversation.id)).last_seq == 1
        log = await work.events.since(scene.conversation.id, seq=0, limit=9)
    assert [recorded.seq for recorded in log] == [1]


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that others than root may enter."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    yield place
    place.chmod(0o755)
    shutil.rmtree(place)


@pytest.mark.parametrize("which", ["file", "directory"])
def test_fault_25_a_file_that_cannot_be_written_stops_the_start(public: Path, which: str) -> None:
    file = public / "cortex.db"
    asyncio.run(upgrade(str(file)))
    file.chmod(0o444 if which == "file" else 0o666)
    public.chmod(0o777 if which == "file" else 0o555)
    told = " ".join(child.end(child.start("open", str(file))))
    named = file if which == "file" else public
    assert told == f"StorageReadOnlyError {named}: cannot be written."


def test_a_file_that_can_be_written_by_others_is_opened(public: Path) -> None:
    file = public / "cortex.db"
    asyncio.run(upgrade(str(file)))
    file.chmod(0o666)
    public.chmod(0o777)
    assert child.end(child.start("open", str(file))) == ["open"]


@pytest.mark.parametrize(
    "damage",
    [b"This is not a database. " * 400, b"\x00" * 4096, b"SQLite format 3\x00" + b"\xff" * 5000],
    ids=["text", "zeros", "header"],
)
async def test_fault_24_a_file_that_is_no_database_is_named_and_left_as_it_is(
    tmp_path: Path, damage: bytes
) -> None:
    file = tmp_path / "cortex.db"
    file.write_bytes(damage)
    for attempt in (status(str(file)), open_store(str(file)).__aenter__(), upgrade(str(file))):
        with pytest.raises(StorageCorruptError, match=str(file)) as caught:
            await attempt
        assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)
    assert file.read_bytes() == damage


async def test_damage_that_is_found_later_is_named_too(path: str) -> None:
    async with open_store(path) as store:
        scene = await stored_scene(store)
    _damage(path, "users")
    async with _store_with_writer(path) as (store, _):
        for read_only in (False, True):
            with pytest.raises(StorageCorruptError) as caught:
                async with store.begin(read_only=read_only) as work:
                    await work.users.get(scene.owner.id)
            assert path not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE users SET metadata = '[1]'",
        "UPDATE users SET name = CAST(x'ff' AS TEXT)",
        "UPDATE users SET name = 'a' || char(0)",
    ],
)
async def test_a_row_that_cannot_be_read_is_damage_and_no_fault_of_the_caller(
    store: SqliteStore, path: str, damage: str
) -> None:
    scene = await stored_scene(store)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(damage)
    connection.close()
    for read_only in (True, False):
        with pytest.raises(StorageCorruptError):
            async with store.begin(read_only=read_only) as work:
                await work.users.get(scene.owner.id)
