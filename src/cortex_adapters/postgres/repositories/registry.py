"""Small named values in PostgreSQL."""

from __future__ import annotations

from cortex_adapters.postgres.session import Session

__all__ = ["PostgresRegistry"]


class PostgresRegistry:
    """Small named values that all processes on one database share."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def ensure(self, name: str, value: str) -> str:
        # The update, which changes nothing, locks and returns the row of a rival who came first.
        [(found,)] = await self._session.write(
            """
            WITH known AS (
                SELECT value FROM registry WHERE name = $1
            ), added AS (
                INSERT INTO registry (name, value)
                SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM known)
                ON CONFLICT (name) DO UPDATE SET name = excluded.name
                RETURNING value
            )
            SELECT value FROM known UNION ALL SELECT value FROM added
            """,
            name,
            value,
        )
        return str(found)

    async def get(self, name: str) -> str | None:
        found = await self._session.read("SELECT value FROM registry WHERE name = $1", name)
        return str(found[0][0]) if found else None
