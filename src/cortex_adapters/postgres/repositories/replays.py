"""What may happen once, in PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from cortex_adapters.postgres.session import Session

__all__ = ["PostgresReplays"]


class PostgresReplays:
    """What may happen once, on all processes together."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def spend(self, key: str, *, now: datetime, until: datetime) -> bool:
        # Whoever waited for a rival sees its row: the condition is checked on that.
        found = await self._session.write(
            """
            INSERT INTO replays AS known (key, expires_at) VALUES ($1, $3)
            ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at
            WHERE known.expires_at <= $2
            RETURNING key
            """,
            key,
            now,
            until,
        )
        return bool(found)

    async def purge(self, *, now: datetime, limit: int) -> int:
        # By their places on disk, which stay while they are locked.
        found = await self._session.write(
            """
            DELETE FROM replays WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM replays WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
            ))
            RETURNING key
            """,
            now,
            limit,
        )
        return len(found)
