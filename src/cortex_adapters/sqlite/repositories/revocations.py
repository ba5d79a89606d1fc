"""What was revoked, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cortex_adapters.sqlite.connections import Row
from cortex_adapters.sqlite.repositories.rows import changes, many, to_micros, to_time
from cortex_adapters.sqlite.transaction import Transaction
from cortex_core.domain.sessions import Revocation, RevocationKind


class SqliteRevocations:
    """What was revoked, by issuer, kind and value."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, revocation: Revocation) -> None:
        await self._transaction.write(
            changes(
                """
                INSERT INTO revocations (issuer, kind, value, before, revoked_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (issuer, kind, value) DO UPDATE
                SET before = max(before, excluded.before),
                    revoked_at = max(revoked_at, excluded.revoked_at),
                    expires_at = max(expires_at, excluded.expires_at)
                """,
                (
                    revocation.issuer,
                    revocation.kind.value,
                    revocation.value,
                    None if revocation.before is None else to_micros(revocation.before),
                    to_micros(revocation.revoked_at),
                    to_micros(revocation.expires_at),
                ),
            )
        )

    async def since(self, moment: datetime, *, now: datetime) -> Sequence[Revocation]:
        return await self._transaction.read(
            many(
                """
                SELECT issuer, kind, value, before, revoked_at, expires_at
                FROM revocations
                WHERE revoked_at >= ? AND expires_at > ?
                """,
                (to_micros(moment), to_micros(now)),
                _to_revocation,
            )
        )

    async def purge(self, *, now: datetime, limit: int) -> int:
        return await self._transaction.write(
            changes(
                """
                DELETE FROM revocations
                WHERE (issuer, kind, value) IN (
                    SELECT issuer, kind, value FROM revocations WHERE expires_at <= ? LIMIT ?
                )
                """,
                (to_micros(now), limit),
            )
        )


def _to_revocation(row: Row) -> Revocation:
    return Revocation(
        issuer=row[0],
        kind=RevocationKind(row[1]),
        value=row[2],
        before=None if row[3] is None else to_time(row[3]),
        revoked_at=to_time(row[4]),
        expires_at=to_time(row[5]),
    )
