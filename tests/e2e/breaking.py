"""A schema that breaks under a running server, so that what nobody planned for happens to it."""

import sqlite3

import psycopg

from tests.e2e.server import ServerProcess


async def take_away(server: ServerProcess, table: str) -> None:
    """Rename *table*, so that statements on it fail."""
    statement = f"ALTER TABLE {table} RENAME TO {table}_elsewhere"
    if server.sqlite_path:
        file = sqlite3.connect(server.sqlite_path)
        file.execute(statement)
        file.close()
    else:
        url = server.database_url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(statement)
