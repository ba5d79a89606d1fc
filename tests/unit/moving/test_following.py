"""What changes in the source meanwhile arrives, whatever it is and whenever the move is stopped."""

import random
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from cortex_adapters.moving.move import Move
from cortex_adapters.moving.report import Exit, Step, Switched, Tell, exit_of
from cortex_core.domain.errors import FrozenError, MovedError
from tests.unit.moving.changing import Changes, opened
from tests.unit.moving.conftest import Moving


class Stopped(BaseException):
    """What `kill -9` is to a process, as far as an exception can be that."""


def stopping(after: int) -> Tell:
    """Return what stops a move at its step number *after*."""
    left = after

    def tell(step: Step) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Stopped

    return tell


@pytest.fixture(params=["there", "back"])
async def ends(
    request: pytest.FixtureRequest,
    moving: Moving,
    file: str,
    postgres: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, str]:
    """A source and an empty target, of both directions."""
    if request.param == "there":
        return file, postgres
    async with moving(file, postgres) as move:
        await move.copy()
        assert isinstance(await move.cutover(), Switched)
    return postgres, str(tmp_path_factory.mktemp("back") / "back.db")


async def the_same(move: Move) -> None:
    verdict = await move.verify()
    assert verdict.ok, (verdict.differences, verdict.quarantined)
    assert isinstance(await move.cutover(), Switched)


async def test_what_is_written_after_the_copy_arrives(moving: Moving, ends: tuple[str, str]):
    source, target = ends
    async with opened(source) as store, moving(source, target) as move:
        changes = await Changes.of(store)
        await changes.make(30)
        await move.copy()
        await changes.make(60)
        assert (await move.follow()).changes > 60
        await changes.make(60)
        assert (await move.verify()).ok
        await changes.make(60)
        switched = await move.cutover()
        assert isinstance(switched, Switched)
        assert switched.frozen_seconds < 5
    async with opened(target) as store:
        again = await Changes.of(store)
        await again.make(10)


async def test_a_copy_that_is_stopped_anywhere_goes_on(moving: Moving, ends: tuple[str, str]):
    """Between the runs rows change on both sides of the place where each was stopped."""
    source, target = ends
    chance = random.Random(7)
    async with opened(source) as store:
        changes = await Changes.of(store)
        for _ in range(12):
            await changes.make(10)
            async with moving(source, target, stopping(chance.randrange(1, 8))) as move:
                try:
                    await move.copy()
                except Stopped:
                    pass
                else:
                    await move.follow()
        async with moving(source, target) as move:
            await move.copy()
            await changes.make(10)
            await the_same(move)


@pytest.mark.parametrize("step", ["follow", "frozen", "compared", "left the source", "switched"])
async def test_a_cutover_that_is_stopped_is_run_again(
    moving: Moving, ends: tuple[str, str], step: str
):
    def tell(told: Step) -> None:
        if step in {told.table, told.phase}:
            raise Stopped

    source, target = ends
    async with opened(source) as store:
        changes = await Changes.of(store)
        async with moving(source, target) as move:
            await move.copy()
            assert (await move.verify()).ok
        await changes.make(20)
        async with moving(source, target, tell) as move:
            with pytest.raises(Stopped):
                await move.cutover()
        if step in {"follow", "frozen", "compared"}:
            await changes.make(20)
    async with moving(source, target) as move:
        assert isinstance(await move.cutover(), Switched)
        assert isinstance(await move.cutover(), Switched)
    async with opened(target) as store:
        await (await Changes.of(store)).make(5)


@pytest.fixture
async def copied(
    moving: Moving, file: str, postgres: str
) -> AsyncIterator[tuple[Move, psycopg.Connection[tuple[object, ...]]]]:
    async with moving(file, postgres) as move:
        await move.copy()
        with psycopg.connect(postgres, autocommit=True) as connection:
            yield move, connection


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            """
            UPDATE messages
            SET content = overlay(content placing chr(ascii(content) # 1) from 1 for 1)
            WHERE id = %s
            """,
            "differs in content",
        ),
        ("UPDATE messages SET metadata = metadata || '{\"x\":1}' WHERE id = %s", "in metadata"),
        (
            "UPDATE messages SET created_at = created_at + interval '1 microsecond' WHERE id = %s",
            "differs in created_at",
        ),
        ("DELETE FROM messages WHERE id = %s", "is in the source only"),
        (
            """
            INSERT INTO messages (id, conversation_id, seq, author_kind, role, content, metadata,
                created_at)
            SELECT gen_random_uuid(), conversation_id, 987654, author_kind, role, content, metadata,
                created_at
            FROM messages WHERE id = %s
            """,
            "is in the target only",
        ),
    ],
)
async def test_one_bit_that_is_not_the_same_is_found_and_named(
    copied: tuple[Move, psycopg.Connection[tuple[object, ...]]], statement: str, what: str
):
    move, connection = copied
    [(row,)] = connection.execute("SELECT id FROM messages ORDER BY id OFFSET 101 LIMIT 1")
    connection.execute(statement.encode(), (row,))
    verdict = await move.verify()
    [difference] = verdict.differences
    assert difference.table == "messages"
    assert difference.key == f'["{row}"]' or what == "is in the target only"
    assert what in difference.what
    [span] = verdict.spans
    assert span.source != span.target
    [table] = [each for each in verdict.tables if each.source_hash != each.target_hash]
    assert table.table == "messages"


async def test_a_difference_found_while_frozen_lets_writes_in_again(
    moving: Moving, file: str, postgres: str
):
    async with opened(file) as store:
        changes = await Changes.of(store)
        async with moving(file, postgres) as move:
            await move.copy()
            assert (await move.verify()).ok
            with psycopg.connect(postgres) as connection:
                connection.execute("DELETE FROM registry WHERE name = 'epoch'")
            found = await move.cutover()
            assert not isinstance(found, Switched)
            assert [each.what for each in found.differences] == [
                "has 2 rows in the source and 1 in the target"
            ]
            await changes.make(5)


async def test_what_is_brought_after_the_verification_is_compared_too(
    moving: Moving, file: str, postgres: str
):
    async with opened(file) as store:
        changes = await Changes.of(store)
        async with moving(file, postgres) as move:
            await move.copy()
            assert (await move.verify()).ok
            with psycopg.connect(postgres, autocommit=True) as connection:
                connection.execute(
                    "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN NEW.name = 'spoilt'; RETURN NEW; END $$"
                )
                connection.execute(
                    "CREATE TRIGGER spoil BEFORE INSERT ON workspaces "
                    "FOR EACH ROW EXECUTE FUNCTION spoil()"
                )
                await changes.make(1)
                followed = await move.follow()
                assert exit_of(followed) is Exit.MISMATCH
                assert [each.what for each in followed.differences] == ["differs in name"]
                assert not isinstance(await move.cutover(), Switched)
                connection.execute("DROP FUNCTION spoil CASCADE")
                connection.execute("UPDATE workspaces SET name = 'Lab' WHERE name = 'spoilt'")


async def test_a_role_that_owns_nothing_writes_while_changes_are_captured(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    """And is told, as everybody, that writes are frozen, and that the data has moved."""
    async with moving(file, postgres) as move:
        await move.copy()
        assert isinstance(await move.cutover(), Switched)
    with writer_of(postgres) as address:
        async with opened(address) as store:
            async with moving(postgres, str(tmp_path / "back.db")) as move:
                await move.copy()
                changes = await Changes.of(store)
                await changes.make(30)
                assert (await move.follow()).changes > 30
                assert isinstance(await move.cutover(), Switched)
            with pytest.raises(FrozenError):
                await changes.make(30)
        with pytest.raises(MovedError):
            async with opened(address):
                pass


@contextmanager
def writer_of(database: str) -> Iterator[str]:
    """A role that may read and write, and no more; its address of *database*."""
    name = f"writer_{uuid4().hex}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{name}" LOGIN'.encode())
        connection.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public "
            f'TO "{name}"'.encode()
        )
        try:
            yield urlsplit(database)._replace(netloc=f"{name}@").geturl()
        finally:
            connection.execute(f'DROP OWNED BY "{name}"'.encode())
            connection.execute(f'DROP ROLE "{name}"'.encode())


async def test_who_reads_for_long_keeps_nobody_from_the_switch(
    moving: Moving, file: str, postgres: str, tmp_path: Path
):
    """Such as a backup: it holds its locks on all tables to its end."""
    async with moving(file, postgres) as move:
        await move.copy()
        assert isinstance(await move.cutover(), Switched)
    back = str(tmp_path / "back.db")
    async with opened(postgres) as store, moving(postgres, back) as move:
        await move.copy()
        changes = await Changes.of(store)
        with psycopg.connect(postgres) as reader:
            for (table,) in reader.execute(
                "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall():
                reader.execute(f"SELECT count(*) FROM {table}".encode())
            await move.follow()
            with sqlite3.connect(back) as connection:
                connection.execute("DELETE FROM replays")
            connection.close()
            assert not isinstance(await move.cutover(), Switched)
            await changes.make(5)
            with sqlite3.connect(back) as connection:
                connection.execute("DELETE FROM move_checkpoints WHERE tbl = 'replays'")
            connection.close()
            await move.copy()
            switched = await move.cutover()
            assert isinstance(switched, Switched)
            assert switched.frozen_seconds < 5
    with pytest.raises(MovedError):
        async with opened(postgres):
            pass
