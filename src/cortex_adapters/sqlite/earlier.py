"""A file of the earlier system, taken over into one of ours that is empty."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from cortex_adapters.migrations import require_current
from cortex_adapters.moving.earlier import (
    TABLES,
    Earlier,
    Span,
    to_conversation,
    to_message,
    to_moment,
    to_user,
    to_workspace,
)
from cortex_adapters.moving.fitness import Finding
from cortex_adapters.sqlite import schema
from cortex_adapters.sqlite.connections import WRITER, open_lane, patiently
from cortex_adapters.sqlite.files import exists
from cortex_adapters.sqlite.repositories.posting import insert_message
from cortex_adapters.sqlite.repositories.rows import to_json, to_micros, to_time
from cortex_core.domain.errors import ConflictError, Fault, InvalidInputError, UnavailableError
from cortex_core.domain.text import name_key

_PATIENCE: Final = 30.0
_SHOWN: Final = 10_000


class TakenOver(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of each table were taken over: none, where anything was *refused*."""

    rows: Mapping[str, int]
    refused: tuple[Finding, ...] = ()


async def take_over(earlier: str, path: str, *, issuer: str, now: datetime) -> TakenOver:
    """Take all that is in the file *earlier* over into the one at *path*, or nothing.

    Its users are those of *issuer*, each with the former id as subject.

    Raises:
        ConflictError: There is something in *path* already.
        InvalidInputError: *earlier* does not have the tables of the earlier system.
        SchemaError: *path* has not the schema of this release.
        UnavailableError: There is no file *earlier*.
    """
    if not exists(earlier):
        raise UnavailableError(f"{earlier}: cannot be opened: there is no such file.")
    await schema.upgrade(path)
    require_current(await schema.status(path))
    async with open_lane(path, WRITER, patience=_PATIENCE) as lane:
        taking = _Taking(issuer, now)
        return await lane.run(partial(_whole, earlier, taking))


def _whole(earlier: str, taking: _Taking, connection: sqlite3.Connection) -> TakenOver:
    address = f"{Path(earlier).absolute().as_uri()}?mode=ro"
    connection.execute("ATTACH ? AS earlier", (address,))
    connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    connection.create_function("micros", 1, _micros, deterministic=True)
    patiently(connection, "BEGIN IMMEDIATE", _PATIENCE)
    try:
        if connection.execute("SELECT 1 FROM users UNION ALL SELECT 1 FROM workspaces").fetchone():
            raise ConflictError("There is something in that database already.")
        taken = taking.all(connection)
        connection.execute("ROLLBACK" if taken.refused else "COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return taken


class _Taking:
    """Takes over table by table; what cannot be here is named, and nothing is half."""

    def __init__(self, issuer: str, now: datetime) -> None:
        self._issuer = issuer
        self._now = now
        self._refused: list[Finding] = []
        self._spans: Mapping[str, Span] = {}

    def all(self, connection: sqlite3.Connection) -> TakenOver:
        for table, columns in TABLES.items():
            self._look(connection, table, columns)
        rows = {}
        if not self._refused:
            self._spans = _spans(connection)
            for table, put in (
                ("users", self._user),
                ("workspaces", self._workspace),
                ("conversations", self._conversation),
                ("messages", _in_places()),
            ):
                rows[table] = sum(
                    self._put(connection, table, row, put) for row in _rows(connection, table)
                )
        return TakenOver(rows=rows, refused=tuple(self._refused))

    def _look(self, connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> None:
        """Name each column that is not there, and each that nobody here knows."""
        found = connection.execute("SELECT name FROM pragma_table_info(?, 'earlier')", (table,))
        names = {name for (name,) in found}
        for name in sorted(names ^ set(columns)):
            reason = "is not known here" if name in names else "is missing"
            self._refused.append(Finding(table, "", name, reason))

    def _put(
        self,
        connection: sqlite3.Connection,
        table: str,
        row: dict[str, object],
        put: Callable[[sqlite3.Connection, Earlier], None],
    ) -> int:
        key = str(row[TABLES[table][0]]).encode(errors="backslashreplace").decode()
        texts = {name: "" if value is None else value for name, value in row.items()}
        if wrong := [name for name, value in texts.items() if not isinstance(value, str)]:
            self._refuse(Finding(table, key, ", ".join(wrong), "must be text"))
            return 0
        try:
            put(connection, {name: str(value) for name, value in texts.items()})
        except InvalidInputError as error:
            for fault in error.faults:
                self._refuse(Finding(table, key, fault.pointer.removeprefix("/"), fault.message))
        except sqlite3.IntegrityError as error:
            self._refuse(Finding(table, key, "", _broken(error)))
        else:
            return 1
        return 0

    def _refuse(self, finding: Finding) -> None:
        if len(self._refused) < _SHOWN:
            self._refused.append(finding)

    def _user(self, connection: sqlite3.Connection, row: Earlier) -> None:
        user = to_user(row, issuer=self._issuer, now=self._now)
        connection.execute(
            """
            INSERT INTO users (id, issuer, subject, name, email, email_verified, status, metadata,
                created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?)
            """,
            (
                *(user.id, user.issuer, user.subject, user.name, user.email),
                *(user.status.value, to_json(user.metadata)),
                *(to_micros(user.created_at), to_micros(user.updated_at)),
            ),
        )

    def _workspace(self, connection: sqlite3.Connection, row: Earlier) -> None:
        workspace, owner = to_workspace(row, now=self._now)
        connection.execute(
            """
            INSERT INTO workspaces (id, name, description, metadata, version, created_at,
                updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            (
                *(workspace.id, workspace.name, workspace.description),
                *(to_json(workspace.metadata), workspace.version),
                *(to_micros(workspace.created_at), to_micros(workspace.updated_at)),
            ),
        )
        connection.execute(
            """
            INSERT INTO memberships (workspace_id, user_id, role, name_key)
            VALUES (?, ?, 'owner', ?)
            """,
            (workspace.id, owner, name_key(workspace.name)),
        )

    def _conversation(self, connection: sqlite3.Connection, row: Earlier) -> None:
        span = self._spans.get(row["id"], Span(0, self._now, self._now))
        conversation, participants = to_conversation(row, span)
        connection.execute(
            """
            INSERT INTO conversations (id, workspace_id, topic, metadata, last_seq, version,
                created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                *(conversation.id, conversation.workspace_id, conversation.topic),
                *(to_json(conversation.metadata), conversation.last_seq, conversation.version),
                *(to_micros(conversation.created_at), to_micros(conversation.updated_at)),
            ),
        )
        connection.executemany(
            "INSERT INTO participants (conversation_id, user_id) VALUES (?, ?)",
            [(conversation.id, user) for user in participants],
        )


def _spans(connection: sqlite3.Connection) -> Mapping[str, Span]:
    grouped = connection.execute(
        """
        SELECT conversation_id, count(*), min(micros(timestamp)), max(micros(timestamp))
        FROM earlier.messages GROUP BY conversation_id HAVING max(micros(timestamp)) IS NOT NULL
        """
    )
    return {
        conversation: Span(count, to_time(first), to_time(last))
        for conversation, count, first, last in grouped
    }


def _in_places() -> Callable[[sqlite3.Connection, Earlier], None]:
    """Return what puts messages, which come in the order of their times, into their places."""
    places: Counter[str] = Counter()

    def put(connection: sqlite3.Connection, row: Earlier) -> None:
        places[row["conversation_id"]] += 1
        message = to_message(row, seq=places[row["conversation_id"]])
        known = connection.execute("SELECT 1 FROM users WHERE id = ?", (message.author.id,))
        if known.fetchone() is None:
            raise InvalidInputError(Fault("/sender_id", "earlier", "is no user"))
        insert_message(connection, message, message.seq, "")

    return put


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    names = TABLES[table]
    order = "micros(timestamp), id" if table == "messages" else names[0]
    sql = f"SELECT {', '.join(names)} FROM earlier.{table} ORDER BY {order}"  # noqa: S608 - names
    for row in connection.execute(sql):
        yield dict(zip(names, row, strict=True))


def _micros(text: object) -> int | None:
    try:
        return to_micros(to_moment(text)) if isinstance(text, str) else None
    except InvalidInputError:
        return None  # named when its row is taken


def _broken(error: sqlite3.IntegrityError) -> str:
    if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return "names somebody, or something, that is not there"
    return "is there already, or has the name of another one of its owner"
