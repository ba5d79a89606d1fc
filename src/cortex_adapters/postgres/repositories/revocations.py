"""What was revoked, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cortex_adapters.postgres.session import Session
from cortex_core.domain.sessions import Revocation, RevocationKind

__all__ = ["PostgresRevocations"]


class PostgresRevocations:
    """What was revoked, by issuer, kind and value."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, revocation: Revocation) -> None:
        await self._session.write(
            """
            INSERT INTO revocations AS known (issuer, kind, value, before, revoked_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (issuer, kind, value) DO UPDATE
            SET before = greatest(known.before, excluded.before),
                revoked_at = greatest(known.revoked_at, excluded.revoked_at),
                expires_at = greatest(known.expires_at, excluded.expires_at)
            """,
            revocation.issuer,
            revocation.kind.value,
            revocation.value,
            revocation.before,
            revocation.revoked_at,
            revocation.expires_at,
        )

    async def since(self, moment: datetime, *, now: datetime) -> Sequence[Revocation]:
        found = await self._session.read(
            """
            SELECT issuer, kind, value, before, revoked_at, expires_at
            FROM revocations WHERE revoked_at >= $1 AND expires_at > $2
            """,
            moment,
            now,
        )
        return [
            Revocation(
                issuer=row[0],
                kind=RevocationKind(row[1]),
                value=row[2],
                before=row[3],
                revoked_at=row[4],
                expires_at=row[5],
            )
            for row in found
        ]

    async def purge(self, *, now: datetime, limit: int) -> int:
        # By their places on disk, which stay while they are locked.
        found = await self._session.write(
            """
            DELETE FROM revocations WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM revocations WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
            ))
            RETURNING kind
            """,
            now,
            limit,
        )
        return len(found)
