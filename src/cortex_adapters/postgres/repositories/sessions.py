"""Sessions of browsers in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from cortex_adapters.postgres.connection import Row
from cortex_adapters.postgres.repositories import rows
from cortex_adapters.postgres.session import Session
from cortex_core.domain import sessions
from cortex_core.domain.errors import StaleVersionError

__all__ = ["PostgresSessions"]


class PostgresSessions:
    """Sessions of browsers, by the digest of what the browser holds."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, session: sessions.Session) -> None:
        await self._session.write(
            """
            INSERT INTO sessions (digest, issuer, subject, session_id, sealed, version,
                created_at, updated_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            session.digest,
            session.issuer,
            session.subject,
            session.session_id,
            session.sealed,
            session.version,
            session.created_at,
            session.updated_at,
            session.expires_at,
        )

    async def get(self, digest: str, *, now: datetime) -> sessions.Session | None:
        found = await self._session.read(
            """
            SELECT digest, issuer, subject, session_id, sealed, version, created_at, updated_at,
                expires_at
            FROM sessions WHERE digest = $1 AND expires_at > $2
            """,
            digest,
            now,
        )
        return _session(found[0]) if found else None

    async def update(self, session: sessions.Session, *, version: int) -> None:
        found = await self._session.write(
            """
            UPDATE sessions SET sealed = $3, version = $4, updated_at = $5
            WHERE digest = $1 AND version = $2
            RETURNING digest
            """,
            session.digest,
            rows.bounded(version),
            session.sealed,
            session.version,
            session.updated_at,
        )
        if not found:
            raise StaleVersionError

    async def delete(self, digest: str) -> sessions.Session | None:
        found = await self._session.write(
            """
            DELETE FROM sessions WHERE digest = $1
            RETURNING digest, issuer, subject, session_id, sealed, version, created_at, updated_at,
                expires_at
            """,
            digest,
        )
        return _session(found[0]) if found else None

    async def delete_by_session_id(self, issuer: str, session_id: str) -> int:
        found = await self._session.write(
            "DELETE FROM sessions WHERE issuer = $1 AND session_id = $2 RETURNING digest",
            issuer,
            session_id,
        )
        return len(found)

    async def delete_by_subject(self, issuer: str, subject: str) -> int:
        found = await self._session.write(
            "DELETE FROM sessions WHERE issuer = $1 AND subject = $2 RETURNING digest",
            issuer,
            subject,
        )
        return len(found)

    async def present(self, digests: Sequence[str], *, now: datetime) -> AbstractSet[str]:
        found = await self._session.read(
            "SELECT digest FROM sessions WHERE digest = ANY($1::text[]) AND expires_at > $2",
            list(digests),
            now,
        )
        return {row[0] for row in found}

    async def purge(self, *, now: datetime, limit: int) -> int:
        # By their places on disk, which stay while they are locked.
        found = await self._session.write(
            """
            DELETE FROM sessions WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM sessions WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
            ))
            RETURNING digest
            """,
            now,
            limit,
        )
        return len(found)


def _session(row: Row) -> sessions.Session:
    return sessions.Session(
        digest=row[0],
        issuer=row[1],
        subject=row[2],
        session_id=row[3],
        sealed=row[4],
        version=row[5],
        created_at=row[6],
        updated_at=row[7],
        expires_at=row[8],
    )
