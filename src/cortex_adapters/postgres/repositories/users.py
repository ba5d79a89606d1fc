"""Users in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain.errors import CollisionError, NotFoundError
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Profile
from cortex_core.domain.models import User

__all__ = ["PostgresUsers"]


class PostgresUsers:
    """Users by id and by identity."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ensure(self, user: User, *, said_at: datetime | None = None) -> User:
        # The update, which changes nothing, locks and returns the row of a rival who came first,
        # be it with a user or with a link.
        found = await self._session.write(
            """
            WITH known AS (
                SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status,
                    u.metadata, u.created_at, u.updated_at
                FROM users AS own JOIN users AS u ON u.id = coalesce(own.linked_to, own.id)
                WHERE own.issuer = $2 AND own.subject = $3
            ), added AS (
                INSERT INTO users (id, issuer, subject, name, email, email_verified, status,
                    metadata, created_at, updated_at, said_name, said_at)
                SELECT $1::uuid, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $4, $11
                WHERE NOT EXISTS (SELECT FROM known)
                ON CONFLICT (issuer, subject) DO UPDATE SET issuer = excluded.issuer
                RETURNING id, issuer, subject, name, email, email_verified, status, metadata,
                    created_at, updated_at, linked_to
            )
            SELECT * FROM known
            UNION ALL
            SELECT id, issuer, subject, name, email, email_verified, status, metadata,
                created_at, updated_at
            FROM added WHERE linked_to IS NULL
            UNION ALL
            SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status,
                u.metadata, u.created_at, u.updated_at
            FROM added JOIN users AS u ON u.id = added.linked_to
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
            said_at or user.created_at,
        )
        if not found:
            # a link, made meanwhile to a user whom this statement cannot see yet
            raise CollisionError
        return rows.user(found[0])

    async def get(self, user_id: UserId, *, lock: bool = False) -> User:
        if lock:
            found = await self._session.write(
                """
                SELECT id, issuer, subject, name, email, email_verified, status, metadata,
                    created_at, updated_at
                FROM users WHERE id = $1 FOR NO KEY UPDATE
                """,
                user_id,
            )
        else:
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

    async def find(self, issuer: str, subject: str) -> User | None:
        found = await self._session.read(
            """
            SELECT u.id, u.issuer, u.subject, u.name, u.email, u.email_verified, u.status,
                u.metadata, u.created_at, u.updated_at
            FROM users AS own JOIN users AS u ON u.id = coalesce(own.linked_to, own.id)
            WHERE own.issuer = $1 AND own.subject = $2
            """,
            issuer,
            subject,
        )
        return rows.user(found[0]) if found else None

    async def with_email(self, email: str, *, limit: int) -> Sequence[User]:
        found = await self._session.read(
            """
            SELECT id, issuer, subject, name, email, email_verified, status, metadata,
                created_at, updated_at
            FROM users WHERE email = $1 AND linked_to IS NULL ORDER BY id LIMIT $2
            """,
            email,
            limit,
        )
        return [rows.user(row) for row in found]

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

    async def refresh(self, user_id: UserId, profile: Profile, *, now: datetime) -> bool:
        found = await self._session.write(
            """
            UPDATE users
            SET name = CASE WHEN $2 <> '' AND name IN ('', said_name) THEN $2 ELSE name END,
                said_name = CASE WHEN $2 <> '' THEN $2 ELSE said_name END,
                email = coalesce($3::text, email),
                email_verified = CASE WHEN $3::text IS NULL THEN email_verified ELSE $4 END,
                said_at = $5,
                updated_at = $6
            WHERE id = $1 AND (said_at IS NULL OR said_at < $5) AND (
                $2 <> '' AND (name = '' OR said_name IS DISTINCT FROM $2)
                OR $3::text IS NOT NULL AND (email IS DISTINCT FROM $3 OR email_verified <> $4)
            )
            RETURNING id
            """,
            user_id,
            profile.name,
            profile.email,
            profile.email_verified,
            profile.said_at,
            now,
        )
        return bool(found)
