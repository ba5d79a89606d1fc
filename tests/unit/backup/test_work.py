"""Backups of both databases: made, restored, proved; and everything that stands in the way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cortex_adapters.backup import work
from cortex_adapters.backup.manifest import MANIFEST, Manifest, read_manifest, write_manifest
from cortex_adapters.backup.work import Made
from cortex_adapters.moving.report import Step
from cortex_adapters.postgres import schema as postgres_schema
from cortex_core.domain.errors import (
    BackupDamagedError,
    ConflictError,
    CortexError,
    MovedError,
    SchemaError,
    StorageFullError,
    UnavailableError,
)
from tests.unit.backup.conftest import Place, quiet

MOMENT = datetime(2026, 11, 23, 13, 15, tzinfo=UTC)
DAY = timedelta(days=1)


async def backed_up(place: Place, folder: Path, *, days: int = 0, keep: int | None = None) -> Made:
    moment = MOMENT + days * DAY
    return await work.make(place.end, folder, moment=moment, made_by="tests", tell=quiet, keep=keep)


async def test_what_was_backed_up_is_there_again(full: Place, empty: Place, tmp_path: Path):
    made = await backed_up(full, tmp_path / "backups")
    manifest = await work.restore(empty.end, made.backup, void_for=None, tell=quiet)
    assert manifest.rows > 100
    for table in ("messages", "users", "conversations", "turns"):
        assert empty.run(f"SELECT count(*) FROM {table}") == full.run(
            f"SELECT count(*) FROM {table}"
        )
    columns = "id, content, metadata, created_at"
    same = f"SELECT {columns} FROM messages ORDER BY id"
    assert empty.run(same) == full.run(same)
    assert empty.run("SELECT count(*) FROM registry WHERE name = 'epoch'") == [(1,)]


async def test_the_restored_database_is_a_good_one(full: Place, empty: Place, tmp_path: Path):
    """It can be backed up, and that backup holds the same rows but for what was renewed."""
    made = await backed_up(full, tmp_path / "backups")
    await work.restore(empty.end, made.backup, void_for=None, tell=quiet)
    again = await backed_up(empty, tmp_path / "again")
    renewed = {"registry", "sessions"}
    assert [each for each in again.manifest.tables if each.table not in renewed] == [
        each for each in made.manifest.tables if each.table not in renewed
    ]
    assert again.manifest.steps == made.manifest.steps


async def test_a_backup_is_proved_and_leaves_nothing_behind(full: Place, tmp_path: Path):
    made = await backed_up(full, tmp_path / "backups")
    before = _files(tmp_path)
    steps: list[Step] = []
    assert await work.verify(full.end, made.backup, tell=steps.append) == read_manifest(made.backup)
    assert {step.phase for step in steps} == {"verify"}
    assert _files(tmp_path) == before


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def test_nobody_is_signed_on_after_a_restore(full: Place, empty: Place, tmp_path: Path):
    """Who signed off after the backup would be back, and what was revoked then would be good."""
    [users] = full.run("SELECT count(DISTINCT (issuer || ' ' || subject)) FROM users")
    assert full.run("SELECT count(*) FROM sessions") != [(0,)]
    full.run("DELETE FROM registry WHERE name = 'epoch'")
    full.run("INSERT INTO registry (name, value) VALUES ('epoch', 'before')")
    made = await backed_up(full, tmp_path / "backups")
    await work.restore(empty.end, made.backup, void_for=DAY, tell=quiet)
    assert empty.run("SELECT count(*) FROM sessions") == [(0,)]
    assert empty.run("SELECT count(*) FROM registry WHERE value = 'before'") == [(0,)]
    now = "unixepoch() * 1000000" if full.end.kind == "sqlite" else "now()"
    void = empty.run(
        "SELECT count(*) FROM revocations JOIN users "
        "ON users.issuer = revocations.issuer AND subject = value "
        f"WHERE kind = 'subject' AND expires_at > {now}"
    )
    assert void == [users]


@pytest.mark.parametrize("part", ["data", MANIFEST])
async def test_a_flipped_bit_is_found(full: Place, empty: Place, tmp_path: Path, part: str):
    made = await backed_up(full, tmp_path / "backups")
    file = made.backup / (full.end.file if part == "data" else part)
    size = file.stat().st_size
    for place in (size // 7, size // 2, size - 3):
        _flip(file, place)
        with pytest.raises(BackupDamagedError):
            await work.verify(full.end, made.backup, tell=quiet)
        with pytest.raises(BackupDamagedError):
            await work.restore(empty.end, made.backup, void_for=None, tell=quiet)
        _flip(file, place)
    await work.restore(empty.end, made.backup, void_for=None, tell=quiet)


def _flip(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 4
    file.write_bytes(data)


async def test_a_database_that_is_not_empty_takes_no_backup(full: Place, tmp_path: Path):
    made = await backed_up(full, tmp_path / "backups")
    before = full.run("SELECT count(*) FROM messages")
    with pytest.raises(ConflictError, match="empty"):
        await work.restore(full.end, made.backup, void_for=None, tell=quiet)
    assert full.run("SELECT count(*) FROM messages") == before


async def test_a_database_without_a_schema_has_no_backup(full: Place, empty: Place, tmp_path: Path):
    with pytest.raises(SchemaError):
        await backed_up(empty, tmp_path / "backups")
    assert [each.name for each in (tmp_path / "backups").iterdir()] == [".lock"]


async def test_a_database_in_a_move_has_no_backup(full: Place, tmp_path: Path):
    await _note(full, role="source", phase="capturing")
    with pytest.raises(MovedError):
        await backed_up(full, tmp_path / "backups")


async def _note(place: Place, **state: str) -> None:
    place.run("CREATE TABLE move_state (name text PRIMARY KEY, value text NOT NULL)")
    for name, value in state.items():
        place.run(f"INSERT INTO move_state (name, value) VALUES ('{name}', '{value}')")


async def test_rows_that_are_not_those_that_were_counted_are_found(
    full: Place, empty: Place, tmp_path: Path
):
    """Hashes are of the rows and not of the file: a copy that went wrong does not pass."""
    made = await backed_up(full, tmp_path / "backups")
    write_manifest(made.backup, _with_another_hash(made.manifest, "messages"))
    with pytest.raises(BackupDamagedError, match="messages has"):
        await work.verify(full.end, made.backup, tell=quiet)
    with pytest.raises(BackupDamagedError, match="messages has"):
        await work.restore(empty.end, made.backup, void_for=None, tell=quiet)
    with pytest.raises((MovedError, SchemaError)):
        await backed_up(empty, tmp_path / "again")


def _with_another_hash(manifest: Manifest, table: str) -> Manifest:
    tables = [
        msgspec.structs.replace(each, hash=f"{int(each.hash, 16) ^ 1:016x}")
        if each.table == table
        else each
        for each in manifest.tables
    ]
    return msgspec.structs.replace(manifest, tables=tables)


async def test_older_backups_go_and_others_stay(full: Place, empty: Place, tmp_path: Path):
    folder = tmp_path / "backups"
    first = await backed_up(full, folder)
    await work.restore(empty.end, first.backup, void_for=None, tell=quiet)
    others = await backed_up(empty, folder, days=1)
    (folder / "cortex-mine").mkdir()
    (folder / "notes.txt").write_text("mine")
    second = await backed_up(full, folder, days=2)
    third = await backed_up(full, folder, days=3, keep=2)
    assert third.deleted == [first.backup]
    (second.backup / full.end.file).write_bytes(b"half")
    fourth = await backed_up(full, folder, days=4, keep=1)
    assert fourth.deleted == [third.backup], "what is not whole does not count, and stays"
    left = {each.name for each in folder.iterdir()}
    kept = {fourth.backup.name, second.backup.name, others.backup.name}
    assert left == {"cortex-mine", "notes.txt", ".lock", *kept}


async def test_what_was_left_half_is_no_backup(full: Place, empty: Place, tmp_path: Path):
    folder = tmp_path / "backups"
    left = folder / ".partial-cortex-20261123T131500000000Z"
    left.mkdir(parents=True)
    (left / full.end.file).write_bytes(b"half")
    with pytest.raises(BackupDamagedError):
        await work.restore(empty.end, left, void_for=None, tell=quiet)
    await backed_up(full, folder)
    assert not left.exists()


async def test_a_restore_that_was_killed_can_begin_anew(full: Place, empty: Place, tmp_path: Path):
    made = await backed_up(full, tmp_path / "backups")
    if full.end.kind == "sqlite":
        (tmp_path / "empty.db.restoring").write_bytes(b"half")
    else:
        await _note(empty, role="target", phase="restoring")
    with pytest.raises(CortexError):
        await backed_up(empty, tmp_path / "again")
    await work.restore(empty.end, made.backup, void_for=None, tell=quiet)
    await backed_up(empty, tmp_path / "again")


async def test_on_a_full_disk_there_is_no_backup(full: Place, tmp_path: Path, small_disk: Path):
    with pytest.raises(StorageFullError):
        await backed_up(full, small_disk)
    assert [each.name for each in _files(small_disk)] == [".lock"]
    if full.end.kind == "sqlite":
        made = await backed_up(full, tmp_path / "backups")
        new = Place(f"sqlite:///{small_disk}/new.db", tmp_path)
        with pytest.raises(StorageFullError):
            await work.restore(new.end, made.backup, void_for=None, tell=quiet)
        assert not (small_disk / "new.db").exists()


async def test_a_restore_that_failed_keeps_servers_out_and_can_begin_anew(
    full: Place, empty: Place, tmp_path: Path
):
    """What pg_restore left, or still does after its master was killed, nobody takes for whole."""
    if full.end.kind != "postgres":
        pytest.skip("a file has its name once all of it is there")
    made = await backed_up(full, tmp_path / "backups")
    program = tmp_path / "pg_restore"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "pg_restore (PostgreSQL) 99.1" && exit\nexit 3\n'
    )
    program.chmod(0o700)
    failing = Place(empty.url, tmp_path)
    with pytest.raises(UnavailableError, match="pg_restore failed"):
        await work.restore(failing.end, made.backup, void_for=None, tell=quiet)
    with pytest.raises(MovedError, match="restore"):
        await postgres_schema.status(empty.url)
    await work.restore(empty.end, made.backup, void_for=None, tell=quiet)
    assert (await postgres_schema.status(empty.url)).pending == []
