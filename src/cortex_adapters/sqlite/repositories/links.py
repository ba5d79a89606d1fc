"""Links in SQLite: rows of users that point to another one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

from cortex_adapters.sqlite.connections import Row, Work
from cortex_adapters.sqlite.repositories.rows import many, one, to_micros, to_text, to_time
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import IN_USE, LINKED_ELSEWHERE, NOT_SOLE, Link, LinkKind


class SqliteLinks:
    """Identities that answer with the user of another one."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, link: Link, *, sole: bool = False) -> Link:
        def work(connection: sqlite3.Connection) -> Link:
            if one(_TARGET, (link.user_id,), to_text)(connection) is None:
                raise NotFoundError
            known = _of(link.issuer, link.subject)(connection)
            if known is not None:
                if known.user_id != link.user_id:
                    raise ConflictError(LINKED_ELSEWHERE)
                return known
            if sole and one(_LINKED, (link.user_id,), to_text)(connection) is not None:
                raise ConflictError(NOT_SOLE)
            _remove_own(connection, link)
            _insert(connection, link)
            return link

        return await self._transaction.write(work)

    async def remove(self, issuer: str, subject: str) -> Link | None:
        def work(connection: sqlite3.Connection) -> Link | None:
            known = _of(issuer, subject)(connection)
            if known is not None:
                connection.execute(
                    "DELETE FROM users WHERE issuer = ? AND subject = ?", (issuer, subject)
                )
            return known

        return await self._transaction.write(work)

    async def of_user(self, user_id: UserId) -> Sequence[Link]:
        return await self._transaction.read(
            many(
                """
                SELECT issuer, subject, linked_to, linked_how, linked_by, linked_at
                FROM users
                WHERE linked_to = ?
                ORDER BY issuer, subject
                """,
                (user_id,),
                _to_link,
            )
        )


_TARGET: Final = "SELECT id FROM users WHERE id = ? AND linked_to IS NULL"
_LINKED: Final = "SELECT id FROM users WHERE linked_to = ? LIMIT 1"


def _of(issuer: str, subject: str) -> Work[Link | None]:
    return one(
        """
        SELECT issuer, subject, linked_to, linked_how, linked_by, linked_at
        FROM users
        WHERE issuer = ? AND subject = ? AND linked_to IS NOT NULL
        """,
        (issuer, subject),
        _to_link,
    )


def _remove_own(connection: sqlite3.Connection, link: Link) -> None:
    """Remove the identity's own user, if it has one, which must own nothing."""
    own = one(
        "SELECT id FROM users WHERE issuer = ? AND subject = ?",
        (link.issuer, link.subject),
        to_text,
    )(connection)
    if own is None:
        return
    removed = connection.execute(
        """
        DELETE FROM users
        WHERE id = ? AND id <> ? AND status = 'active' AND metadata = '{}'
            AND NOT EXISTS (SELECT 1 FROM memberships WHERE user_id = users.id)
            AND NOT EXISTS (SELECT 1 FROM participants WHERE user_id = users.id)
            AND NOT EXISTS (SELECT 1 FROM users AS other WHERE other.linked_to = users.id)
        """,
        (own, link.user_id),
    )
    if not removed.rowcount:
        raise ConflictError(IN_USE)


def _insert(connection: sqlite3.Connection, link: Link) -> None:
    # The id is nobody's: a process that knows the id of a user that is gone must not find this.
    moment = to_micros(link.linked_at)
    connection.execute(
        """
        INSERT INTO users (
            id, issuer, subject, name, email_verified, status, metadata, created_at, updated_at,
            linked_to, linked_how, linked_by, linked_at
        )
        VALUES (?, ?, ?, '', 0, 'active', '{}', ?, ?, ?, ?, ?, ?)
        """,
        (
            str(uuid4()),
            link.issuer,
            link.subject,
            moment,
            moment,
            link.user_id,
            link.kind.value,
            link.linked_by,
            moment,
        ),
    )


def _to_link(row: Row) -> Link:
    return Link(
        issuer=row[0],
        subject=row[1],
        user_id=row[2],
        kind=LinkKind(row[3]),
        linked_by=row[4],
        linked_at=to_time(row[5]),
    )
