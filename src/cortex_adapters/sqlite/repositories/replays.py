"""What may happen once, in SQLite."""

from __future__ import annotations

from datetime import datetime

from cortex_adapters.sqlite.repositories.rows import changes, to_micros
from cortex_adapters.sqlite.transaction import Transaction


class SqliteReplays:
    """What may happen once, on all processes together."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def spend(self, key: str, *, now: datetime, until: datetime) -> bool:
        kept = await self._transaction.write(
            changes(
                """
                INSERT INTO replays (key, expires_at) VALUES (?, ?)
                ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at
                WHERE expires_at <= ?
                """,
                (key, to_micros(until), to_micros(now)),
            )
        )
        return bool(kept)

    async def purge(self, *, now: datetime, limit: int) -> int:
        return await self._transaction.write(
            changes(
                """
                DELETE FROM replays
                WHERE key IN (SELECT key FROM replays WHERE expires_at <= ? LIMIT ?)
                """,
                (to_micros(now), limit),
            )
        )
