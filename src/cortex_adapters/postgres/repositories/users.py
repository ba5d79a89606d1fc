"""Users in PostgreSQL."""

from __future__ import annotations

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import User

__all__ = ["PostgresUsers"]


class PostgresUsers:
    """Users by id and by identity."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ensure(self, user: User) -> User:
        # The update, which changes nothing, locks and returns the row of a rival who came first.
        [found] = await self._session.write(
            """
            WITH known AS (
                SELECT id, issuer, subject, name, email, email_verified, status, metadata,
                    created_at, updated_at
                FROM users WHERE issuer = $2 AND subject = $3
            ), added AS (
                INSERT INTO users (id, issuer, subject, name, email, email_verified, status,
                    metadata, created_at, updated_at)
                SELECT $1::uuid, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10
                WHERE NOT EXISTS (SELECT FROM known)
                ON CONFLICT (issuer, subject) DO UPDATE SET issuer = excluded.issuer
                RETURNING id, issuer, subject, name, email, email_verified, status, metadata,
                    created_at, updated_at
            )
            SELECT * FROM known UNION ALL SELECT * FROM added
            """,
            user.id,
            user.issuer,
            user.subject,
            user.name,
            user.email,
            user.email_verified,
            user.status.value,
            rows.encoded(user.metadata),
            user.created_at,
            user.updated_at,
        )
        return rows.user(found)

    async def get(self, user_id: UserId) -> User:
        found = await self._session.read(
            """
            SELECT id, issuer, subject, name, email, email_verified, status, metadata,
                created_at, updated_at
            FROM users WHERE id = $1
            """,
            user_id,
        )
        if not found:
            raise NotFoundError
        return rows.user(found[0])

    async def update(self, user: User) -> None:
        found = await self._session.write(
            """
            UPDATE users
            SET name = $2, email = $3, email_verified = $4, status = $5, metadata = $6,
                updated_at = $7
            WHERE id = $1
            RETURNING id
            """,
            user.id,
            user.name,
            user.email,
            user.email_verified,
            user.status.value,
            rows.encoded(user.metadata),
            user.updated_at,
        )
        if not found:
            raise NotFoundError
