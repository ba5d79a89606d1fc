"""Sessions of browsers in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from cortex_adapters.sqlite.connections import Row
from cortex_adapters.sqlite.repositories.rows import (
    bounded,
    changes,
    many,
    one,
    to_json,
    to_micros,
    to_text,
    to_time,
)
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.errors import StaleVersionError
from cortex_core.domain.sessions import Session


class SqliteSessions:
    """Sessions of browsers, by the digest of what the browser holds."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, session: Session) -> None:
        await self._transaction.write(
            changes(
                """
                INSERT INTO sessions (
                    digest, issuer, subject, session_id, sealed, version, created_at, updated_at,
                    expires_at
                )
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    session.digest,
                    session.issuer,
                    session.subject,
                    session.session_id,
                    session.sealed,
                    session.version,
                    to_micros(session.created_at),
                    to_micros(session.updated_at),
                    to_micros(session.expires_at),
                ),
            )
        )

    async def get(self, digest: str, *, now: datetime) -> Session | None:
        return await self._transaction.read(
            one(
                """
                SELECT digest, issuer, subject, session_id, sealed, version, created_at, updated_at,
                    expires_at
                FROM sessions
                WHERE digest = ? AND expires_at > ?
                """,
                (digest, to_micros(now)),
                _to_session,
            )
        )

    async def update(self, session: Session, *, version: int) -> None:
        changed = await self._transaction.write(
            changes(
                """
                UPDATE sessions
                SET sealed = ?, version = ?, updated_at = ?
                WHERE digest = ? AND version = ?
                """,
                (
                    session.sealed,
                    session.version,
                    to_micros(session.updated_at),
                    session.digest,
                    bounded(version),
                ),
            )
        )
        if not changed:
            raise StaleVersionError

    async def delete(self, digest: str) -> Session | None:
        return await self._transaction.write(
            one(
                """
                DELETE FROM sessions
                WHERE digest = ?
                RETURNING digest, issuer, subject, session_id, sealed, version, created_at,
                    updated_at, expires_at
                """,
                (digest,),
                _to_session,
            )
        )

    async def delete_by_session_id(self, issuer: str, session_id: str) -> int:
        return await self._transaction.write(
            changes(
                "DELETE FROM sessions WHERE issuer = ? AND session_id = ?", (issuer, session_id)
            )
        )

    async def delete_by_subject(self, issuer: str, subject: str) -> int:
        return await self._transaction.write(
            changes("DELETE FROM sessions WHERE issuer = ? AND subject = ?", (issuer, subject))
        )

    async def present(self, digests: Sequence[str], *, now: datetime) -> AbstractSet[str]:
        # CROSS JOIN: in this order.
        return set(
            await self._transaction.read(
                many(
                    """
                    SELECT s.digest
                    FROM json_each(?) AS wanted
                    CROSS JOIN sessions AS s ON s.digest = wanted.value
                    WHERE s.expires_at > ?
                    """,
                    (to_json(digests), to_micros(now)),
                    to_text,
                )
            )
        )

    async def purge(self, *, now: datetime, limit: int) -> int:
        return await self._transaction.write(
            changes(
                """
                DELETE FROM sessions
                WHERE digest IN (SELECT digest FROM sessions WHERE expires_at <= ? LIMIT ?)
                """,
                (to_micros(now), limit),
            )
        )


def _to_session(row: Row) -> Session:
    return Session(
        digest=row[0],
        issuer=row[1],
        subject=row[2],
        session_id=row[3],
        sealed=row[4],
        version=row[5],
        created_at=to_time(row[6]),
        updated_at=to_time(row[7]),
        expires_at=to_time(row[8]),
    )
