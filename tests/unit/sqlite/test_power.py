"""The power fails: what reached the disk is a beginning of what was done, and needs no repair."""

import asyncio
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cortex_adapters.sqlite.store import SqliteStore, open_store
from cortex_core.contract import make
from cortex_core.contract.store import Scene, stored_scene
from cortex_core.domain.policy import WRITERS


async def _post(store: SqliteStore, scene: Scene) -> str:
    note = make.message(scene.conversation, scene.owner)
    async with store.begin(single=True) as work:
        placed = await work.messages.post(note, turn=make.turn(note), roles=WRITERS)
    assert placed is not None
    return placed.id


def _copy(path: str, there: Path, share: float | None) -> None:
    """Copy a file in use with its write-ahead log, or a random beginning of that."""
    wal = Path(f"{path}-wal")
    assert wal.stat().st_size < 1_000 * 4_120, "a checkpoint could run between the two"
    shutil.copy(path, there)
    log = wal.read_bytes()
    kept = int(len(log) * (random.random() if share is None else share))
    Path(f"{there}-wal").write_bytes(log[:kept])


async def _whole(path: Path, scene: Scene) -> list[str]:
    """Return the messages in the file, after all that must go together was found together."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        turns = connection.execute("SELECT count(*) FROM turns").fetchone()
    async with open_store(str(path)) as store, store.begin(read_only=True) as work:
        inside = scene.conversation.id
        talk = await work.conversations.get(inside)
        log = await work.events.since(inside, seq=0, limit=999)
        stored = await work.messages.in_conversation(inside, after=None, limit=999)
    assert [event.seq for event in log] == list(range(1, talk.last_seq + 1))
    assert [message.seq for message in stored] == list(range(1, talk.last_seq + 1))
    assert turns == (talk.last_seq,)
    return [message.id for message in stored]


@pytest.mark.parametrize("share", [1.0, None], ids=["all", "some"])
async def test_fault_3_after_a_power_failure_there_is_a_beginning_of_what_was_done(
    path: str, tmp_path: Path, share: float | None
) -> None:
    """With the whole write-ahead log, which is synced before an answer, all that was answered."""
    async with open_store(path) as store:
        scene = await stored_scene(store)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        answered: list[str] = []
        for n in range(15):
            answered += [await _post(store, scene) for _ in range(random.randrange(4))]
            on_its_way = asyncio.create_task(_post(store, scene))
            await asyncio.sleep(random.uniform(0, 0.004))
            there = tmp_path / f"after-{n}.db"
            done = len(answered)
            _copy(path, there, share)
            answered.append(await on_its_way)
            found = await _whole(there, scene)
            assert found == answered[: len(found)]
            if share is not None:
                assert len(found) >= done
