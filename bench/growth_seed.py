"""Databases of a size: one long conversation with half of all messages, and many short ones."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

import msgspec
import psycopg

from cortex_core.domain.ids import ConversationId, UserId, Uuid7, WorkspaceId
from cortex_core.domain.search.words import findable

SHORT: Final = 50
"""Messages of a short conversation."""
BURST: Final = 10
"""Messages that are said in one go, and so stand together on the disk."""
_BATCH: Final = 10_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TALKS: Final = "id, workspace_id, topic, metadata, last_seq, version, created_at, updated_at"
_MESSAGES: Final = (
    "id, conversation_id, seq, author_kind, author_id, role, content, metadata, created_at, words"
)
_Row = tuple[object, ...]


class Scene(msgspec.Struct, frozen=True):
    """What a seeded database holds: *size* messages, of one user in one workspace."""

    user: UserId
    workspace: WorkspaceId
    size: int
    long: ConversationId
    short: tuple[ConversationId, ...]
    began: datetime


def scene(user: UserId, workspace: WorkspaceId, size: int) -> Scene:
    """Return what is to be seeded."""
    new_id = Uuid7()
    short = tuple(ConversationId(new_id()) for _ in range(size // 2 // SHORT))
    began = datetime.now(UTC) - timedelta(seconds=size)
    return Scene(user, workspace, size, ConversationId(new_id()), short, began)


def fill_postgres(conninfo: str, scene: Scene) -> None:
    """Copy the rows in, and leave the tables as autovacuum would."""
    with psycopg.connect(conninfo, autocommit=True) as connection, connection.cursor() as cursor:
        for table, names, rows in (
            ("conversations", _TALKS, _talks(scene)),
            ("messages", _MESSAGES, _messages(scene)),
        ):
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
                while some := list(islice(rows, _BATCH)):
                    copy.write("".join("\t".join(map(str, row)) + "\n" for row in some))
        connection.execute("VACUUM (ANALYZE) conversations, messages")
        connection.execute("CHECKPOINT")


def fill_sqlite(path: str, scene: Scene) -> None:
    """Insert the rows, and leave nothing in the log beside the file."""
    with closing(sqlite3.connect(path)) as connection:
        found = enumerate(_messages(scene), start=1)
        connection.executemany(
            "INSERT INTO message_words (rowid, words) VALUES (?, ?)",
            ((place, row[-1]) for place, row in found),
        )
        # Where a message has its words, there is their place here.
        placed = enumerate(_messages(scene), start=1)
        for table, names, rows in (
            ("conversations", _TALKS, _talks(scene)),
            ("messages", _MESSAGES, ((*row[:-1], place) for place, row in placed)),
        ):
            marks = ", ".join("?" * len(names.split(", ")))
            connection.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",
                (tuple(map(_stored, row)) for row in rows),
            )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _talks(scene: Scene) -> Iterator[_Row]:
    for place, talk in enumerate((scene.long, *scene.short)):
        last = SHORT if place else scene.size - len(scene.short) * SHORT
        at = scene.began + timedelta(seconds=place)
        yield talk, scene.workspace, "topic", "{}", last, 1, scene.began, at


def _messages(scene: Scene) -> Iterator[_Row]:
    """Yield bursts: one in the long conversation, then one in a short one, in turn."""
    new_id = Uuid7()
    chance = random.Random(0)
    vocabulary = [f"word{number}" for number in range(5_000)]
    number = 0
    for talk, first in _bursts(scene):
        for seq in range(first, first + BURST):
            number += 1
            at = scene.began + timedelta(seconds=number)
            content = " ".join(chance.choices(vocabulary, k=10))
            yield (
                new_id(),
                talk,
                seq,
                "user",
                scene.user,
                "user",
                content,
                "{}",
                at,
                findable(content),
            )


def _bursts(scene: Scene) -> Iterator[tuple[ConversationId, int]]:
    said = 0
    for first in range(1, SHORT + 1, BURST):
        for talk in scene.short:
            yield talk, first
            yield scene.long, said + 1
            said += BURST


def _stored(value: object) -> object:
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(microseconds=1)
    return value
