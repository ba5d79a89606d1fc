"""Users in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from cortex_adapters.sqlite.connections import Work
from cortex_adapters.sqlite.repositories.rows import (
    changes,
    many,
    one,
    to_json,
    to_micros,
    to_user,
)
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Profile
from cortex_core.domain.models import User


class SqliteUsers:
    """Users by id and by identity."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def ensure(self, user: User, *, said_at: datetime | None = None) -> User:
        find = _of(user.issuer, user.subject)

        def work(connection: sqlite3.Connection) -> User:
            known = find(connection)
            if known is None:
                _insert(connection, user, said_at or user.created_at)
            return known or user

        return await self._transaction.write(work)

    async def get(self, user_id: UserId, *, lock: bool = False) -> User:
        run = self._transaction.write if lock else self._transaction.read
        user = await run(
            one(
                """
                SELECT id, issuer, subject, name, email, email_verified, status, metadata,
                    created_at, updated_at
                FROM users
                WHERE id = ?
                """,
                (user_id,),
                to_user,
            )
        )
        if user is None:
            raise NotFoundError
        return user

    async def find(self, issuer: str, subject: str) -> User | None:
        return await self._transaction.read(_of(issuer, subject))

    async def with_email(self, email: str, *, limit: int) -> Sequence[User]:
        return await self._transaction.read(
            many(
                """
                SELECT id, issuer, subject, name, email, email_verified, status, metadata,
                    created_at, updated_at
                FROM users
                WHERE email = ? AND linked_to IS NULL
                ORDER BY id
                LIMIT ?
                """,
                (email, limit),
                to_user,
            )
        )

    async def update(self, user: User) -> None:
        changed = await self._transaction.write(
            changes(
                """
                UPDATE users
                SET name = ?, email = ?, email_verified = ?, status = ?, metadata = ?,
                    updated_at = ?
                WHERE id = ?
                """,
                (
                    user.name,
                    user.email,
                    user.email_verified,
                    user.status.value,
                    to_json(user.metadata),
                    to_micros(user.updated_at),
                    user.id,
                ),
            )
        )
        if not changed:
            raise NotFoundError

    async def refresh(self, user_id: UserId, profile: Profile, *, now: datetime) -> bool:
        said_at = to_micros(profile.said_at)
        changed = await self._transaction.write(
            changes(
                """
                UPDATE users
                SET name = iif(new.name <> '' AND users.name IN ('', said_name), new.name,
                        users.name),
                    said_name = iif(new.name <> '', new.name, said_name),
                    email = iif(new.email IS NULL, users.email, new.email),
                    email_verified = iif(new.email IS NULL, users.email_verified, new.verified),
                    said_at = new.at,
                    updated_at = ?
                FROM (SELECT ? AS name, ? AS email, ? AS verified, ? AS at) AS new
                WHERE users.id = ? AND (said_at IS NULL OR said_at < new.at) AND (
                    new.name <> '' AND (users.name = '' OR said_name IS NOT new.name)
                    OR new.email IS NOT NULL AND (
                        users.email IS NOT new.email OR users.email_verified <> new.verified
                    )
                )
                """,
                (
                    to_micros(now),
                    profile.name,
                    profile.email,
                    profile.email_verified,
                    said_at,
                    user_id,
                ),
            )
        )
        return bool(changed)


def _of(issuer: str, subject: str) -> Work[User | None]:
    """Return the user of an identity, or of what it links to."""
    return one(
        """
        SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status, u.metadata,
            u.created_at, u.updated_at
        FROM users AS own
        JOIN users AS u ON u.id = ifnull(own.linked_to, own.id)
        WHERE own.issuer = ? AND own.subject = ?
        """,
        (issuer, subject),
        to_user,
    )


def _insert(connection: sqlite3.Connection, user: User, said_at: datetime) -> None:
    connection.execute(
        """
        INSERT INTO users (
            id, issuer, subject, name, email, email_verified, status, metadata, created_at,
            updated_at, said_name, said_at
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            user.id,
            user.issuer,
            user.subject,
            user.name,
            user.email,
            user.email_verified,
            user.status.value,
            to_json(user.metadata),
            to_micros(user.created_at),
            to_micros(user.updated_at),
            user.name,
            to_micros(said_at),
        ),
    )
