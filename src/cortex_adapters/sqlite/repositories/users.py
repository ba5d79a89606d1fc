"""Users in SQLite."""

from __future__ import annotations

import sqlite3

from cortex_adapters.sqlite.repositories.rows import changes, one, to_json, to_micros, to_user
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import User


class SqliteUsers:
    """Users by id and by identity."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def ensure(self, user: User) -> User:
        find = one(
            """
            SELECT id, issuer, subject, name, email, email_verified, status, metadata, created_at,
                updated_at
            FROM users
            WHERE issuer = ? AND subject = ?
            """,
            (user.issuer, user.subject),
            to_user,
        )

        def work(connection: sqlite3.Connection) -> User:
            known = find(connection)
            if known is None:
                _insert(connection, user)
            return known or user

        return await self._transaction.write(work)

    async def get(self, user_id: UserId) -> User:
        user = await self._transaction.read(
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


def _insert(connection: sqlite3.Connection, user: User) -> None:
    connection.execute(
        """
        INSERT INTO users (
            id, issuer, subject, name, email, email_verified, status, metadata, created_at,
            updated_at
        )
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
        ),
    )
