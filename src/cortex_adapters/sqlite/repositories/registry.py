"""Named values in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Final

from cortex_adapters.sqlite.repositories.rows import one, to_text
from cortex_adapters.sqlite.transaction import Transaction

_GET: Final = "SELECT value FROM registry WHERE name = ?"


class SqliteRegistry:
    """Small named values that all processes on one file share."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def ensure(self, name: str, value: str) -> str:
        def work(connection: sqlite3.Connection) -> str:
            known = one(_GET, (name,), to_text)(connection)
            if known is not None:
                return known
            connection.execute("INSERT INTO registry (name, value) VALUES (?, ?)", (name, value))
            return value

        return await self._transaction.write(work)

    async def get(self, name: str) -> str | None:
        return await self._transaction.read(one(_GET, (name,), to_text))
